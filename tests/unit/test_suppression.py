"""Addresses that get no letters: how they come onto the list, and how they leave it."""

import hashlib
import hmac
import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from django.core import mail
from django.core.checks import run_checks
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from billing import letters
from billing.cause import Cause
from billing.letters import suppression
from billing.models import Letter, Suppression, Tally
from billing.models.letter import LetterState, SuppressionReason
from billing.states import EndReason
from members import signin, vault
from members.models import StaffMember
from tests import rows

pytestmark = pytest.mark.django_db

SECRET: Final = "mail:0123456789abcdef0123456789abcdef"
SIGNING_KEY: Final = "made-up-signing-key"
BOUNCED, COMPLAINED = SuppressionReason.BOUNCED, SuppressionReason.COMPLAINED
LONG_AGO: Final = datetime(2026, 4, 27, 20, 28, 50, tzinfo=UTC)


def _letter() -> Letter:
    membership = rows.membership(state="ended", ended_at=rows.NEXT_MONTH)
    letters.queue(
        kind="ended",
        key=str(membership.pk),
        supporter_id=membership.supporter_id,
        cause=Cause.clock(),
    )
    return Letter.objects.get(key=str(membership.pk))


def _staff() -> StaffMember:
    return StaffMember.objects.create(email="staff@newsroom.example")


def _alice_hash() -> str:
    return rows.alice().email_hash


# The list
def test_a_suppressed_address_gets_no_letter_and_the_letter_says_why() -> None:
    letter = _letter()
    assert suppression.suppress(_alice_hash(), reason=BOUNCED)
    assert letters.deliver(letter.pk) == LetterState.SKIPPED
    letter.refresh_from_db()
    assert letter.reason == "Letters came back"
    assert not mail.outbox


@pytest.mark.parametrize(
    ("reason", "state"), [(COMPLAINED, LetterState.SENT), (BOUNCED, LetterState.SKIPPED)]
)
def test_who_called_a_letter_unwanted_can_still_sign_in_and_a_dead_address_cannot(
    reason: SuppressionReason, state: LetterState
) -> None:
    rows.payment(rows.membership())
    suppression.suppress(_alice_hash(), reason=reason)
    signin.ask(email="alice@example.org")
    assert letters.deliver(Letter.objects.get(kind="sign-in").pk) == state


def test_an_ending_is_told_where_its_withdrawal_was_not_acknowledged() -> None:
    membership = rows.membership(
        state="ended", ended_at=rows.NEXT_MONTH, end_reason=EndReason.WITHDRAWN
    )
    key = str(membership.pk)
    for kind in ("withdrawal", "ended"):
        letters.queue(kind=kind, key=key, supporter_id=membership.supporter_id, cause=Cause.clock())
    Letter.objects.filter(kind="withdrawal").update(state=LetterState.FAILED)
    assert letters.deliver(Letter.objects.get(kind="ended").pk) == LetterState.SENT


def test_a_letter_follows_its_supporter_to_an_address_that_works() -> None:
    letter, alice = _letter(), rows.alice()
    suppression.suppress(alice.email_hash, reason=BOUNCED)
    alice.email = "alice.new@example.org"
    alice.save()
    assert letters.deliver(letter.pk) == LetterState.SENT


def test_an_address_is_on_the_list_once_and_a_complaint_weighs_most() -> None:
    assert suppression.suppress(_alice_hash(), reason=BOUNCED)
    assert not suppression.suppress(_alice_hash(), reason=COMPLAINED)
    assert not suppression.suppress(_alice_hash(), reason=BOUNCED)
    assert Suppression.objects.get().reason == COMPLAINED
    with pytest.raises(ValueError):
        suppression.suppress("", reason=BOUNCED)
    with pytest.raises(IntegrityError), transaction.atomic():
        Suppression.objects.create(address_hash=_alice_hash(), reason=BOUNCED)


def test_staff_lift_it_and_what_was_skipped_for_it_goes_out(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    skipped, old, unneeded = _letter(), _letter(), _letter()
    suppression.suppress(_alice_hash(), reason=BOUNCED)
    for each in (skipped, old):
        letters.deliver(each.pk)
    Letter.objects.filter(pk=old.pk).update(due_at=timezone.now() - timedelta(days=31))
    Letter.objects.filter(pk=unneeded.pk).update(state=LetterState.SKIPPED, reason="paid meanwhile")
    staff = _staff()
    with django_capture_on_commit_callbacks() as rings:
        assert suppression.lift(_alice_hash(), by=staff) == 1
    assert len(rings) == 1
    assert letters.deliver_waiting() == 1
    assert mail.outbox[0].to == ["alice@example.org"]
    states = Letter.objects.in_bulk([skipped.pk, old.pk, unneeded.pk])
    assert [states[each.pk].state for each in (skipped, old, unneeded)] == [
        LetterState.SENT,
        LetterState.SKIPPED,
        LetterState.SKIPPED,
    ]
    assert Suppression.objects.get().lifted_by == staff
    assert suppression.lift(_alice_hash(), by=staff) == 0


def test_what_happened_before_it_was_lifted_counts_no_more() -> None:
    suppression.suppress(_alice_hash(), reason=BOUNCED)
    suppression.lift(_alice_hash(), by=_staff())
    yesterday = timezone.now() - timedelta(days=1)
    assert not suppression.suppress(_alice_hash(), reason=BOUNCED, at=yesterday)
    assert suppression.in_force(_alice_hash()) is None
    assert suppression.suppress(_alice_hash(), reason=BOUNCED)


# The door: what three services post (the shapes of anymail's own tests)
def _mailgun(event: str, **more: Any) -> dict[str, Any]:
    token, moment = "0123456789abcdef" * 3, "1777321730"
    signed = hmac.new(SIGNING_KEY.encode(), f"{moment}{token}".encode(), hashlib.sha256)
    return {
        "signature": {"timestamp": moment, "token": token, "signature": signed.hexdigest()},
        "event-data": {
            "event": event,
            "timestamp": LONG_AGO.timestamp(),
            "recipient": "Alice@Example.org",
            "message": {"headers": {"to": "alice@example.org", "message-id": "1@example.org"}},
            "delivery-status": {"code": 550, "message": "5.1.1 alice@example.org does not exist"},
            **more,
        },
    }


def _postmark(record: str, kind: str) -> dict[str, Any]:
    return {
        "RecordType": record,
        "ID": 901542550,
        "Type": kind,
        "MessageID": "2706ee8a-737c-4285-b032-ccd317af53ed",
        "Description": "The server was unable to deliver your message",
        "Details": "smtp;550 5.1.1 alice@example.org does not exist.",
        "Email": "alice@example.org",
        "BouncedAt": "2026-04-27T16:28:50.3963933-04:00",
    }


def _brevo(event: str) -> dict[str, Any]:
    return {
        "event": event,
        "email": "alice@example.org",
        "ts_epoch": int(LONG_AGO.timestamp() * 1000),
        "message-id": "<201803011158.9876543210@smtp-relay.example>",
        "reason": " RecipientError: 550 5.5.0 mailbox unavailable.",
    }


@pytest.fixture
def _open_door(settings: Settings) -> None:
    settings.MAIL_EVENTS_FROM = ["mailgun", "postmark", "brevo"]
    settings.ANYMAIL = {
        "WEBHOOK_SECRET": ["old:fedcba9876543210fedcba9876543210", SECRET],
        "MAILGUN_WEBHOOK_SIGNING_KEY": SIGNING_KEY,
    }


def _post(service: str, event: dict[str, Any], *, secret: str | None = SECRET) -> int:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    headers = {"Authorization": "Basic " + b64encode(secret.encode()).decode()} if secret else {}
    answer = client.post(
        f"/mail/events/{service}/",
        json.dumps(event),
        content_type="application/json",
        headers=headers,
    )
    return answer.status_code


@pytest.mark.usefixtures("_open_door")
@pytest.mark.parametrize(
    ("service", "event", "reason"),
    [
        ("mailgun", _mailgun("failed", severity="permanent", reason="bounce"), BOUNCED),
        ("mailgun", _mailgun("failed", severity="permanent", reason="suppress-bounce"), BOUNCED),
        ("mailgun", _mailgun("failed", severity="temporary", reason="generic"), None),
        ("mailgun", _mailgun("complained"), COMPLAINED),
        ("mailgun", _mailgun("delivered"), None),
        ("postmark", _postmark("Bounce", "HardBounce"), BOUNCED),
        ("postmark", _postmark("Bounce", "BadEmailAddress"), BOUNCED),
        ("postmark", _postmark("Bounce", "SoftBounce"), None),
        ("postmark", _postmark("Bounce", "DMARCPolicy"), None),
        ("postmark", _postmark("SpamComplaint", "SpamComplaint"), COMPLAINED),
        ("brevo", _brevo("hard_bounce"), BOUNCED),
        ("brevo", _brevo("invalid_email"), BOUNCED),
        ("brevo", _brevo("soft_bounce"), None),
        ("brevo", _brevo("spam"), COMPLAINED),
        ("brevo", _brevo("deferred"), None),
    ],
)
def test_what_a_service_tells_of_an_address_is_heard_once_and_written_down_as_a_hash(
    service: str,
    event: dict[str, Any],
    reason: SuppressionReason | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for _ in range(3):
        assert _post(service, event) == 200
    found = list(Suppression.objects.values_list("address_hash", "reason"))
    assert found == ([(_alice_hash(), reason)] if reason else [])
    assert "example.org" not in caplog.text.lower()


@pytest.mark.usefixtures("_open_door")
def test_a_soft_bounce_is_counted_and_nothing_else() -> None:
    letter = _letter()
    for service, event in (
        ("postmark", _postmark("Bounce", "SoftBounce")),
        ("brevo", _brevo("soft_bounce")),
        ("mailgun", _mailgun("failed", severity="temporary", reason="generic")),
    ):
        assert _post(service, event) == 200
    assert Tally.objects.get().count == 3
    assert letters.deliver(letter.pk) == LetterState.SENT


@pytest.mark.usefixtures("_open_door")
def test_a_domain_with_signs_of_its_own_is_known_by_its_name_on_the_wire() -> None:
    alice = rows.alice()
    alice.email = "alice@súil.example"
    alice.save()
    on_the_wire = "súil.example".encode("idna").decode()
    event = _brevo("hard_bounce") | {"email": f"alice@{on_the_wire}"}
    assert _post("brevo", event) == 200
    assert suppression.in_force(alice.email_hash) == BOUNCED


@pytest.mark.usefixtures("_open_door")
@pytest.mark.parametrize("secret", [None, "mail:wrong", "", SECRET.upper()])
@pytest.mark.parametrize(
    ("service", "event"),
    [
        ("mailgun", _mailgun("complained")),
        ("postmark", _postmark("SpamComplaint", "SpamComplaint")),
        ("brevo", _brevo("spam")),
    ],
)
def test_without_the_secret_nothing_is_heard(
    service: str, event: dict[str, Any], secret: str | None
) -> None:
    assert _post(service, event, secret=secret) == 400
    assert not Suppression.objects.exists()
    assert not Tally.objects.exists()


@pytest.mark.usefixtures("_open_door")
def test_a_wrong_signature_is_refused_although_the_secret_is_right() -> None:
    event = _mailgun("complained")
    event["signature"]["signature"] = "0" * 64
    assert _post("mailgun", event) == 400
    assert not Suppression.objects.exists()


@pytest.mark.usefixtures("_open_door")
def test_there_is_no_door_but_for_the_services_that_are_named(settings: Settings) -> None:
    assert _post("mailjet", {}) == 404
    assert _post("sendgrid", {}) == 404
    settings.MAIL_EVENTS_FROM = []
    assert _post("brevo", _brevo("spam")) == 404
    settings.MAIL_EVENTS_FROM, settings.ANYMAIL = ["brevo"], {"WEBHOOK_SECRET": []}
    assert _post("brevo", _brevo("spam"), secret=None) == 404
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(
    ("code", "named", "told"),
    [
        ("meitheal.E015", ["sendgrid"], {"WEBHOOK_SECRET": [SECRET]}),
        ("meitheal.E016", ["brevo"], {"WEBHOOK_SECRET": []}),
        ("meitheal.E017", ["brevo"], {"WEBHOOK_SECRET": ["mail:short"]}),
        ("meitheal.E018", ["mailgun"], {"WEBHOOK_SECRET": [SECRET]}),
    ],
)
def test_a_door_that_is_badly_guarded_is_named_at_the_start(
    code: str, named: list[str], told: dict[str, Any], settings: Settings
) -> None:
    settings.MAIL_EVENTS_FROM, settings.ANYMAIL = ["brevo"], {"WEBHOOK_SECRET": [SECRET]}
    assert not {f"meitheal.E01{digit}" for digit in "5678"} & {each.id for each in run_checks()}
    settings.MAIL_EVENTS_FROM, settings.ANYMAIL = named, told
    assert code in {each.id for each in run_checks()}


def test_the_hash_is_the_one_that_the_vault_finds_an_address_by() -> None:
    assert _alice_hash() == vault.lookup_hash(" ALICE@example.org")
