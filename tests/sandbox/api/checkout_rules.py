"""What a Checkout Session may be asked for: in which mode, how long, and what is refused.

Names and limits: stripe.params.checkout.SessionCreateParams of the installed SDK.
"""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from ..engine import charges
from ..engine.payers import address
from ..store import Obj
from ..wire.errors import invalid, unmodelled
from ..wire.params import choice, flag, known, metadata, needed, rows, table, text, whole
from ..world import World

NAMES = """adaptive_pricing after_expiration allow_promotion_codes allowed_payment_method_types
automatic_tax billing_address_collection cancel_url client_reference_id consent_collection currency
custom_text customer customer_creation customer_email customer_update
excluded_payment_method_types expires_at integration_identifier invoice_creation line_items locale
managed_payments metadata mode name_collection origin_context payment_intent_data
payment_method_collection payment_method_data phone_number_collection redirect_on_completion
return_url saved_payment_method_options setup_intent_data submit_type subscription_data success_url
tax_id_collection ui_mode wallet_options"""
_SWITCHES = """adaptive_pricing automatic_tax invoice_creation managed_payments
phone_number_collection tax_id_collection"""
_EMBEDDED = ("redirect_on_completion", "return_url")
_ONLY_IN = {
    "customer_creation": ("payment", "setup"),
    "invoice_creation": ("payment",),
    "payment_intent_data": ("payment",),
    "payment_method_collection": ("subscription",),
    "saved_payment_method_options": ("payment", "subscription"),
    "setup_intent_data": ("setup",),
    "subscription_data": ("subscription",),
    "submit_type": ("payment", "subscription"),
    "line_items": ("payment", "subscription"),
}
_SUBMIT = {
    "payment": ("auto", "book", "donate", "pay"),
    "subscription": ("auto", "subscribe"),
    "setup": (),
}
LONGEST = 86_400
SHORTEST = 1800
SLACK = 60
LONGEST_TRIAL = 730
USABLE = ["card", "sepa_debit"]


def check(params: Obj, mode: str) -> None:
    """Refuse what Stripe refuses in this mode, and loudly what is not modelled."""
    _refuse(params)
    for name, modes in _ONLY_IN.items():
        if name in params and mode not in modes:
            raise invalid(f"You can not pass `{name}` in `{mode}` mode.", name)
    submit = text(params, "submit_type")
    if submit and submit not in _SUBMIT[mode]:
        message = f"You can not pass `submit_type` {submit} in `{mode}` mode."
        raise invalid(message, "submit_type")
    if text(params, "ui_mode") not in (None, "hosted_page"):
        raise unmodelled("ui_mode other than hosted_page")
    for name in _EMBEDDED:
        if name in params:
            raise invalid(f"`{name}` is not allowed with `ui_mode: hosted_page`.", name)
    web_address(needed(params, "success_url"), "success_url")
    web_address(text(params, "cancel_url"), "cancel_url")
    if mode == "setup" and not (params.get("allowed_payment_method_types") or _currency(params)):
        message = "`currency` is required in `setup` mode without allowed_payment_method_types."
        raise invalid(message, "currency", "parameter_missing")
    if len(text(params, "client_reference_id") or "") > 200:
        raise invalid("Invalid string: must be at most 200 characters", "client_reference_id")


def _currency(params: Obj) -> str | None:
    return text(params, "currency")


def _refuse(params: Obj) -> None:
    for name in _SWITCHES.split():
        if flag(table(params, name), "enabled"):
            raise unmodelled(f"`{name}` in Checkout")
    if flag(params, "allow_promotion_codes"):
        raise unmodelled("promotion codes in Checkout")
    if text(params, "billing_address_collection") == "required":
        raise unmodelled("billing addresses in Checkout")
    recovery = table(table(params, "after_expiration"), "recovery")
    if flag(recovery, "enabled"):
        raise unmodelled("recovery of expired Checkout Sessions")


def web_address(url: str | None, param: str) -> None:
    """Refuse anything a browser would not fetch, `javascript:` above all."""
    if url is None:
        return
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        message = "Invalid URL: An explicit scheme (such as https) must be provided."
        raise invalid(message, param, "url_invalid")


def email(params: Obj) -> str | None:
    """Return the e-mail to lock on the page; raises 400 for one that cannot be written to."""
    asked = text(params, "customer_email")
    return address(asked) if asked else None


def expiry(world: World, params: Obj) -> tuple[int, int]:
    """Return `expires_at` as told and the global clock time at which it happens.

    The caller may count by the real clock while the stand-in's has been moved: a time that is
    right by either of them is taken, so that a demo can go on after an advance.
    """
    now, real = world.now(), int(time.time())
    asked = whole(params, "expires_at")
    if asked is None:
        return now + LONGEST, now + LONGEST
    for clock in (now, real):
        if SHORTEST - SLACK <= asked - clock <= LONGEST + SLACK:
            return asked, asked - clock + now
    message = (
        "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout "
        "Session creation."
    )
    raise invalid(message, "expires_at")


def types(params: Obj, currency: str) -> list[str]:
    """Return what can be paid with: cards, debits for euros, less what the filters take away."""
    usable = USABLE if currency == "eur" else ["card"]
    allowed = rows(params, "allowed_payment_method_types") or usable
    excluded = rows(params, "excluded_payment_method_types")
    kept = [kind for kind in usable if kind in allowed and kind not in excluded]
    if not kept:
        raise invalid("No valid payment method types for this Checkout Session.")
    return kept


_INTENT_DATA = """application_fee_amount capture_method description metadata on_behalf_of
receipt_email setup_future_usage shipping statement_descriptor statement_descriptor_suffix
transfer_data transfer_group"""
_KEPT_INTENT_DATA = """capture_method description metadata receipt_email setup_future_usage
statement_descriptor statement_descriptor_suffix"""
_SUBSCRIPTION_DATA = """application_fee_percent billing_cycle_anchor billing_cycle_anchor_config
billing_mode default_tax_rates description invoice_settings metadata on_behalf_of
pending_invoice_item_interval proration_behavior transfer_data trial_end trial_period_days
trial_settings"""
_KEPT_SUBSCRIPTION_DATA = """billing_cycle_anchor billing_mode description metadata
proration_behavior trial_end trial_period_days trial_settings"""


def _taken(data: Obj, names: str, kept: str, where: str) -> None:
    known(data, names, where)
    for name in data:
        if name not in kept.split():
            raise unmodelled(f"{where}[{name}]")


def intent_data(params: Obj, kinds: list[str]) -> Obj:
    """Return the fields of the payment intent to come.

    On a card statement stands the account's prefix, `* ` and the suffix, 22 characters in all
    (https://docs.stripe.com/get-started/account/statement-descriptors).
    """
    where = "payment_intent_data"
    data = table(params, where)
    _taken(data, _INTENT_DATA, _KEPT_INTENT_DATA, where)
    if text(data, "capture_method") == "manual":
        raise unmodelled("manual capture in Checkout")
    if text(data, "setup_future_usage"):
        choice(data, "setup_future_usage", ("off_session", "on_session"))
    _statement(data, kinds, where)
    return {**data, "metadata": metadata(data)}


def _statement(data: Obj, kinds: list[str], where: str) -> None:
    suffix, whole_text = (
        text(data, "statement_descriptor_suffix"),
        text(data, "statement_descriptor"),
    )
    if whole_text and "card" in kinds:
        message = (
            "The `statement_descriptor` parameter is not supported for card payments: use "
            "`statement_descriptor_suffix`."
        )
        raise invalid(message, f"{where}[statement_descriptor]")
    for words, name, longest in (
        (suffix, "statement_descriptor_suffix", 22 - len(charges.DESCRIPTOR[:10]) - 2),
        (whole_text, "statement_descriptor", 22),
    ):
        if words is None:
            continue
        if len(words) > longest:
            message = f"The statement descriptor is too long: {longest} characters are left."
            raise invalid(message, f"{where}[{name}]")
        if set(words) & set("<>\\'\"*") or not any(c.isalpha() for c in words):
            message = "The statement descriptor needs a letter, and none of < > \\ ' \" *."
            raise invalid(message, f"{where}[{name}]")


def _trial(world: World, data: Obj, where: str) -> None:
    ends, days = whole(data, "trial_end"), whole(data, "trial_period_days")
    if ends and days:
        message = "You may only specify one of these parameters: trial_end, trial_period_days."
        raise invalid(message, f"{where}[trial_end]")
    if days is not None and not 1 <= days <= LONGEST_TRIAL:
        message = f"Trial periods last from 1 to {LONGEST_TRIAL} days."
        raise invalid(message, f"{where}[trial_period_days]")
    if ends is not None and ends < world.now() + 2 * LONGEST - SLACK:
        message = "The `trial_end` date has to be at least 2 days in the future."
        raise invalid(message, f"{where}[trial_end]")
    if whole(data, "billing_cycle_anchor"):
        if ends or days:
            raise unmodelled(f"{where}[billing_cycle_anchor] together with a trial")
        if text(data, "proration_behavior") != "none":
            raise unmodelled(f"{where}[billing_cycle_anchor] with a prorated first payment")


def free_today(data: Obj) -> bool:
    """Whether the first period costs nothing: a trial, or the time up to an anchor."""
    names = ("trial_end", "trial_period_days", "billing_cycle_anchor")
    return any(text(data, name) for name in names)


def subscription_data(world: World, params: Obj) -> Obj:
    """Return the fields of the subscription to come."""
    where = "subscription_data"
    data = table(params, where)
    _taken(data, _SUBSCRIPTION_DATA, _KEPT_SUBSCRIPTION_DATA, where)
    _trial(world, data, where)
    mode = table(data, "billing_mode")
    known(mode, ("flexible", "type"), f"{where}[billing_mode]")
    if mode:
        choice(mode, "type", ("classic", "flexible"))
    return {**data, "metadata": metadata(data)}


def setup_data(params: Obj) -> Obj:
    """Return the fields of the setup intent."""
    data = table(params, "setup_intent_data")
    known(data, "description metadata on_behalf_of", "setup_intent_data")
    if data.get("on_behalf_of"):
        raise unmodelled("setup_intent_data[on_behalf_of]")
    return {"description": text(data, "description"), "metadata": metadata(data)}
