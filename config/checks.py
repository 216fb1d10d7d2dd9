"""System checks: what a charity must not go live with, each with an id and a hint."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.core.exceptions import ImproperlyConfigured

from billing.accounts import chart
from billing.figures import names
from members import bounces, vault

_LOOPBACK: Final = {"127.0.0.1", "localhost", "::1"}
_SECRET_SIGNS: Final = 24
_SIGNED_BY: Final = {
    "mailgun": "MAILGUN_WEBHOOK_SIGNING_KEY",
    "mailersend": "MAILERSEND_SIGNING_SECRET",
}


@register(Tags.security)
def stripe_is_safe(**_kwargs: Any) -> Sequence[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.STRIPE_LIVEMODE and settings.DEBUG:
        found.append(Error("A live Stripe key with DEBUG on.", "Unset DEBUG.", id="meitheal.E001"))
    if settings.DEBUG and urlsplit(settings.SITE_URL).hostname not in _LOOPBACK:
        hint = "Unset DEBUG: it shows every letter at /dev/mailbox and lets the demo's staff in."
        found.append(Error("DEBUG on a public address.", hint, id="meitheal.E013"))
    if settings.STRIPE_LIVEMODE and settings.STRIPE_API_BASE:
        found.append(
            Error(
                "STRIPE_API_BASE with a live key: real money would go to a stand-in.",
                "Unset STRIPE_API_BASE.",
                id="meitheal.E002",
            )
        )
    if settings.STRIPE_LIVEMODE and not settings.SITE_URL.startswith("https://"):
        found.append(
            Error(
                "A live Stripe key, but SITE_URL is not https.",
                "Set SITE_URL to the public https address.",
                id="meitheal.E003",
            )
        )
    return found


@register(Tags.security, deploy=True)
def stripe_is_set(**_kwargs: Any) -> Sequence[CheckMessage]:
    found: list[CheckMessage] = []
    if not settings.STRIPE_API_KEY:
        found.append(
            Error(
                "No STRIPE_API_KEY.",
                "Set a restricted key; the README lists the rights it needs.",
                id="meitheal.E004",
            )
        )
    if not settings.STRIPE_WEBHOOK_SECRETS:
        found.append(
            Error(
                "No STRIPE_WEBHOOK_SECRETS: every webhook will be refused.",
                "Run `manage.py stripe_setup --env-file FILE`.",
                id="meitheal.E005",
            )
        )
    return found


@register(Tags.security, deploy=True)
def letters_leave(**_kwargs: Any) -> Sequence[CheckMessage]:
    if settings.EMAIL_BACKEND.startswith("anymail."):
        return []  # over HTTPS
    if settings.EMAIL_HOST == "localhost" or not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL):
        hint = "Set EMAIL_URL to smtp+tls://user:password@host:587: letters hold sign-in links."
        return [
            Warning("Mail is sent without encryption, or not at all.", hint, id="meitheal.W005")
        ]
    return []


@register(Tags.security)
def mail_events_are_guarded(**_kwargs: Any) -> Sequence[CheckMessage]:
    found: list[CheckMessage] = []
    for service in settings.MAIL_EVENTS_FROM:
        if service not in bounces.SERVICES:
            hint = f"Known are: {', '.join(bounces.SERVICES)}."
            said = f"MAIL_EVENTS_FROM names {service!r}."
            found.append(Error(said, hint, id="meitheal.E015"))
        wanted = _SIGNED_BY.get(service)
        if wanted and not settings.ANYMAIL.get(wanted):
            hint = f"Set ANYMAIL_{wanted} to the key that {service} signs its events with."
            said = f"{service}'s events cannot be verified: each would be answered 500."
            found.append(Error(said, hint, id="meitheal.E018"))
    secrets = settings.ANYMAIL.get("WEBHOOK_SECRET") or []
    if settings.MAIL_EVENTS_FROM and not secrets:
        hint = "Set it to name:password and write it into the address at the mail service."
        said = "MAIL_EVENTS_FROM without ANYMAIL_WEBHOOK_SECRET: its door stays shut."
        found.append(Error(said, hint, id="meitheal.E016"))
    if any(len(each.partition(":")[2]) < _SECRET_SIGNS for each in secrets):
        hint = "name:password, the password of 24 signs or more: `openssl rand -hex 24`."
        said = "ANYMAIL_WEBHOOK_SECRET can be guessed."
        found.append(Error(said, hint, id="meitheal.E017"))
    return found


@register(Tags.security)
def shield_rises(**_kwargs: Any) -> Sequence[CheckMessage]:
    return [
        Error(
            f"SHIELD_{name.upper()} is not two rising numbers.",
            "The first is from where a form asks for a sum, the second, higher one for a letter.",
            id="meitheal.E031",
        )
        for name, numbers in settings.SHIELD_THRESHOLDS.items()
        if len(numbers) != 2 or not 0 < numbers[0] < numbers[1]
    ]


@register(Tags.security)
def vault_keys_open(**_kwargs: Any) -> Sequence[CheckMessage]:
    try:
        for key in (*settings.VAULT_KEYS, settings.VAULT_LOOKUP_KEY):
            vault.decode_key(key)
    except ValueError:
        hint = "Each is base64 of 32 random bytes: `openssl rand -base64 32`."
        return [Error("A vault key cannot be read.", hint, id="meitheal.E006")]
    if settings.VAULT_LOOKUP_KEY in settings.VAULT_KEYS:
        return [
            Error(
                "VAULT_LOOKUP_KEY is one of VAULT_KEYS.",
                "Make a key of its own: it is not rotated with them.",
                id="meitheal.E007",
            )
        ]
    return []


@register(Tags.security)
def charity_is_named(**_kwargs: Any) -> Sequence[CheckMessage]:
    return [
        Error(
            f"CHARITY_{field.upper()} is empty.",
            "The law wants it on every receipt and public document.",
            id=f"meitheal.{code}",
        )
        for field, code in (("legal_name", "E008"), ("rcn", "E009"))
        if not settings.CHARITY[field]
    ]


@register(Tags.security, deploy=True)
def charity_can_be_reached(**_kwargs: Any) -> Sequence[CheckMessage]:
    return [
        Warning(
            f"CHARITY_{field.upper()} is empty.",
            "Supporters need it; set it before going live.",
            id=f"meitheal.{code}",
        )
        for field, code in (("support_email", "W001"), ("office", "W002"))
        if not settings.CHARITY[field]
    ]


@register(Tags.security, deploy=True)
def passkeys_can_be_made(**_kwargs: Any) -> Sequence[CheckMessage]:
    origin = urlsplit(settings.PASSKEY_ORIGIN)
    # A number ends in digits or, in IPv6, has no dot; and no browser names the port that https has.
    named = "." in (host := origin.hostname or "") and not host.rpartition(".")[2].isdigit()
    if origin.scheme == "https" and origin.port != 443 and named:
        return []
    hint = "Set SITE_URL to the public address: https, a name with a dot in it, no port 443."
    said = "SITE_URL is not where a browser makes passkeys: staff cannot sign in with one."
    return [Warning(said, hint, id="meitheal.W006")]


@register(Tags.database, deploy=True)
def parts_are_real(**_kwargs: Any) -> Sequence[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.CELERY_BROKER_URL == "memory://":
        found.append(
            Warning(
                "The embedded broker serves one process only.",
                "Set REDIS_URL and run worker and beat as processes of their own.",
                id="meitheal.W003",
            )
        )
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        found.append(
            Warning(
                "SQLite keeps the data in one file of this machine.",
                "Set DATABASE_URL to a PostgreSQL database.",
                id="meitheal.W004",
            )
        )
    return found


@register(Tags.security)
def sender_is_discreet(**_kwargs: Any) -> Sequence[CheckMessage]:
    sender = settings.DEFAULT_FROM_EMAIL.lower()
    if not any(word in sender for word in settings.INDISCREET_WORDS):
        return []
    hint = "Name and address of the sender show in every list of mails."
    return [Error("DEFAULT_FROM_EMAIL is not discreet.", hint, id="meitheal.E012")]


@register(Tags.compatibility)
def checkout_stays_open_long_enough(**_kwargs: Any) -> Sequence[CheckMessage]:
    if 31 <= settings.CHECKOUT_MINUTES <= 1440:
        return []
    hint = "Stripe takes 30 minutes to 24 hours: set 31 to 1440."
    return [Error("CHECKOUT_MINUTES is out of bounds.", hint, id="meitheal.E014")]


@register(Tags.compatibility)
def notices_come_in_time(**_kwargs: Any) -> Sequence[CheckMessage]:
    found: list[CheckMessage] = []
    if not 15 <= settings.REMINDER_DAYS <= 30:
        hint = "Seven working days before, over Christmas too, and at most 30 days: set 15 to 30."
        found.append(Error("REMINDER_DAYS is out of bounds.", hint, id="meitheal.E019"))
    if not 2 <= settings.SEPA_NOTICE_DAYS <= 28:
        hint = "The mandate agrees to two days at least: set 2 to 28."
        found.append(Error("SEPA_NOTICE_DAYS is out of bounds.", hint, id="meitheal.E020"))
    return found


@register(Tags.security)
def bank_line_is_discreet(**_kwargs: Any) -> Sequence[CheckMessage]:
    lines = (
        settings.STRIPE_STATEMENT_DESCRIPTOR,
        settings.STRIPE_STATEMENT_PREFIX,
        settings.STRIPE_STATEMENT_SUFFIX,
    )
    words = [word for word in settings.INDISCREET_WORDS if any(word in x.lower() for x in lines)]
    if words:
        hint = "It stands on bank statements that others may read."
        return [Error("The statement text is not discreet.", hint, id="meitheal.E010")]
    if not 5 <= len(settings.STRIPE_STATEMENT_DESCRIPTOR) <= 22:
        hint = "https://docs.stripe.com/get-started/account/statement-descriptors"
        return [Error("STRIPE_STATEMENT_DESCRIPTOR needs 5 to 22 signs.", hint, id="meitheal.E011")]
    return []


@register
def pauses_are_no_leaving(**_kwargs: Any) -> Sequence[CheckMessage]:
    if settings.PAUSE_DAYS >= names.OFFERED_PAUSE_DAYS:
        said = f"PAUSE_DAYS is {settings.PAUSE_DAYS}: the figures count such a pause as leaving."
        hint = f"{names.OFFERED_PAUSE_DAYS - 1} at most, which are three monthly payments."
        return [Error(said, hint, id="meitheal.E033")]
    return []


@register
def books_can_be_posted(**_kwargs: Any) -> Sequence[CheckMessage]:
    try:
        chart.current()
    except ImproperlyConfigured as problem:
        hint = "docs/accounting.md says what stands in it."
        return [Error(str(problem), hint, id="meitheal.E032")]
    return []
