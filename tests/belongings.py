"""Alice's things, one of each: what a stranger would have to name to look at them."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils import timezone

from billing import letters, receipts
from billing.cause import Cause
from billing.dates import dublin_date
from billing.letters import links
from billing.letters.links import Purpose
from billing.models import Alarm, Campaign, Letter, Membership, Receipt, StripeEvent, Suppression
from billing.models.letter import SuppressionReason
from billing.models.stripe import EventState
from members import press, sessions, signin, vault
from members.models import StaffList
from members.models.access import Purpose as Why
from members.models.listing import ListState, Subject
from members.models.staff import Role
from members.privacy import copies
from members.staff.enrolment import enrol
from tests import rows


class Belongings:
    """A running membership that is paid, and all that hangs on it; made once for a test."""

    def __init__(self) -> None:
        self.alice = rows.alice()
        self.membership = running()
        self.receipt = receipt_of(self.membership)
        self.export = copies.ask(self.alice, press=uuid4().hex)
        self.signin = signin.ask(email=self.alice.email)
        self.letter = Letter.objects.filter(kind="receipt").get()
        self.suppression = Suppression.objects.create(
            address_hash=vault.lookup_hash("gone@example.org"),
            reason=SuppressionReason.BOUNCED,
            since=timezone.now(),
        )
        self.event = _event()
        self.browser = sessions.begin(self.alice, user_agent="")
        self.alarm = Alarm.objects.create(what="letters-due", since=timezone.now())
        self.colleague = enrol(email="gone@newsroom.example", role=Role.VIEWER, password="unused")
        self.factor = Authenticator.objects.create(
            user=self.colleague, type=Authenticator.Type.TOTP, data={}
        )
        self.list = StaffList.objects.create(
            by=self.colleague,
            role=Role.FINANCE,
            subject=Subject.MEMBERSHIPS,
            columns=["state"],
            purpose=Why.BOOKS,
            state=ListState.MAKING,
            press=uuid4().hex,
        )
        self.stall = Campaign.objects.create(slug="stall", name="A stall")

    @property
    def ids(self) -> dict[str, object]:
        """What stands in a route under each name."""
        cancel = links.url(Purpose.CANCEL, self.membership.pk, holder=self.alice.email_hash)
        return {
            "membership_id": self.membership.pk,
            "receipt_id": self.receipt.pk,
            "export_id": self.export.pk,
            "letter_id": self.letter.pk,
            "suppression_id": self.suppression.pk,
            "event_id": self.event.pk,
            "browser_id": self.browser.pk,
            "year": dublin_date(self.receipt.issued_at).year,
            "month": f"{dublin_date(self.receipt.issued_at):%Y-%m}",
            "layout": "xero",
            "alarm_id": self.alarm.pk,
            "supporter_id": self.alice.pk,
            "list_id": self.list.pk,
            "staff_id": self.colleague.pk,
            "member_id": self.colleague.pk,
            "factor_id": self.factor.pk,
            "act": "note",
            "about": self.alice.pk,
            "slug": self.stall.slug,
            "which": "growth",
            "kind": "welcome",
            "service": "postmark",
            "subject": self.membership.pk,
            "purpose": Purpose.CANCEL,
            "signin_id": self.signin.pk,
            "token": urlsplit(cancel).path.split("/")[-2],
        }

    def to_stop(self) -> dict[str, object]:
        """What stands in a link that stops the statement, which is about the supporter."""
        link = links.url(Purpose.STOP, self.alice.pk, holder=self.alice.email_hash)
        return {"subject": self.alice.pk, "token": urlsplit(link).path.split("/")[-2]}

    def press_for(self, route: str) -> str:
        """A good press of Alice's for the button of a page, as if it had been stolen from her."""
        button = route.rstrip("/").rpartition("/")[2]
        subject = self.membership.pk if "membership" in route else self.alice.pk
        return press.make_for(button=button, subject=subject)


def running(**more: Any) -> Membership:
    """Alice's monthly membership, in the middle of a paid month, agreed a few days ago."""
    began = timezone.now() - timedelta(days=3)
    customer, _ = rows.alice().customers.get_or_create(stripe_customer_id="cus_test")
    fields: dict[str, Any] = {"started_at": began, "created_at": began, "period_start": began}
    fields |= {"period_end": began + timedelta(days=30), "customer": customer}
    return rows.membership(rows.alice(), **fields | more)


def receipt_of(of: Membership) -> Receipt:
    """The receipt of a payment for it, whose letter waits."""
    with transaction.atomic():
        row = receipts.issue(rows.payment(of, paid_at=of.period_start), cause=Cause.clock())
    assert row is not None
    letters.queue(
        kind="receipt", key=str(row.pk), supporter_id=of.supporter_id, cause=Cause.clock()
    )
    return row


def _event() -> StripeEvent:
    now = timezone.now()
    return StripeEvent.objects.create(
        id="evt_alice",
        type="customer.subscription.updated",
        object_id="sub_alice",
        livemode=False,
        created=now,
        received_at=now,
        state=EventState.DONE,
        attempts=1,
        done_at=now,
    )
