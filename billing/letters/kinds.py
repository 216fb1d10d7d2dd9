"""Billing's own letters: what each needs, read from the rows as they are when it is sent.

None trusts that the cause it was queued for still holds; a Skip says why it does not.
"""

from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from billing import receipt_pdf, stripe_api, withdrawal
from billing.dates import dublin_date
from billing.letters.draft import Attachment, Draft, Postpone, Skip, composes
from billing.models import Intent, Letter, Membership, Payment, Receipt
from billing.models.plan import BenefitClass, Interval
from billing.models.stripe import IntentKind
from billing.money import format_amount
from billing.snapshots import SubscriptionSnapshot
from billing.states import EndReason, MembershipState, PaymentState, state_of
from billing.wording import long_date, moment_words, price


@composes("welcome")
def welcome(letter: Letter) -> Draft | Skip | Postpone:
    """The confirmation of the contract, complete in itself (DOMAIN 2.5)."""
    membership = Membership.objects.select_related("plan").get(pk=letter.key)
    if membership.state in {MembershipState.ENDED, MembershipState.EXPIRED}:
        return Skip("ended before it was confirmed")
    if membership.state == MembershipState.PENDING or membership.period_end is None:
        return Postpone("Stripe has not said yet that it began")
    agreed = membership.started_at or membership.created_at
    plan = membership.plan
    donation = plan.benefit_class == BenefitClass.NONE
    facts = [
        ("You pay", _price(membership)),
        ("Paid with", _paid_with(membership)),
        ("Began on", long_date(agreed)),
        ("Next payment", "" if membership.ends_on else long_date(membership.period_end)),
        ("In return", "Nothing: it is a donation" if donation else plan.benefits or plan.name),
        ("Reference", str(membership.pk)),
    ]
    return Draft(
        _facts(facts)
        | {
            "membership": membership,
            "price": _price(membership),
            "amount": format_amount(membership.amount_cents, membership.currency),
            "agreed": long_date(agreed),
            "donation": donation,
            "interval_words": membership.get_interval_display(),
            "yearly": membership.interval == Interval.YEAR,
            "notice_weeks": settings.REMINDER_DAYS // 7,
            "withdraw_by": long_date(withdrawal.deadline(dublin_date(agreed))),
            "others": [(_price(each), long_date(each.created_at)) for each in _others(membership)],
        }
    )


@composes("receipt")
def receipt(letter: Letter) -> Draft:
    return _document(Receipt.objects.select_related("payment").get(pk=letter.key), letter)


@composes("credit-note")
def credit_note(letter: Letter) -> Draft:
    rows = Receipt.objects.select_related("payment", "refers_to")
    return _document(rows.get(pk=letter.key), letter)


@composes("debit-note")
def debit_note(letter: Letter) -> Draft:
    """A refund did not arrive: the bank sent it back, and we say so rather than keep it."""
    rows = Receipt.objects.select_related("payment", "refers_to")
    return _document(rows.get(pk=letter.key), letter)


@composes("reminder")
def reminder(letter: Letter) -> Draft | Skip | Postpone:
    """The notice before a yearly renewal; Stripe is asked whether it really comes (DESIGN 6)."""
    membership_id, _, day = letter.key.partition(":")
    membership = Membership.objects.get(pk=membership_id)
    if not membership.stripe_subscription_id:
        return Skip("it never began")
    try:
        snapshot = stripe_api.get_subscription(membership.stripe_subscription_id)
    except stripe_api.NotFound:
        return Skip("there is no such subscription any more")
    except stripe_api.Unavailable:
        return Postpone("Stripe did not answer")
    doubt = _doubt(snapshot, date.fromisoformat(day))
    if doubt:
        return Skip(doubt)
    renews = long_date(snapshot.period_end)
    amount = format_amount(snapshot.amount_cents, snapshot.currency)
    facts = [
        ("Amount", amount),
        ("On", renews),
        ("Paid with", _paid_with(membership)),
        ("Renews", f"every {snapshot.interval}, until you end it"),
        ("Reference", str(membership.pk)),
    ]
    return Draft(_facts(facts) | {"renews": renews, "amount": amount})


@composes("payment-failed")
def payment_failed(letter: Letter) -> Draft | Skip | Postpone:
    payment = Payment.objects.select_related("membership").get(pk=letter.key)
    membership = payment.membership
    if payment.state == PaymentState.SUCCEEDED:
        return Skip("paid meanwhile")
    if membership is None:
        return Skip("a gift: the page said so at once")
    if membership.state == MembershipState.PENDING:
        # While joining by card, the payer sees the refusal on Stripe's page and takes another; a
        # first direct debit comes back days later, and nobody is there to see it.
        return Postpone("it has not begun yet")
    if membership.state not in {MembershipState.ACTIVE, MembershipState.PAST_DUE}:
        return Skip(f"the membership is {membership.state}")
    since = payment.first_failed_at or payment.created_at
    if membership.payments.filter(state=PaymentState.SUCCEEDED, paid_at__gt=since).exists():
        return Skip("paid meanwhile")
    until = (membership.past_due_since or since) + timedelta(days=settings.GRACE_DAYS)
    facts = [
        ("Amount", format_amount(payment.amount_cents, payment.currency)),
        ("Tried on", long_date(since)),
        ("From", payment.method_label or _paid_with(membership)),
        ("Your support", _price(membership)),
    ]
    return Draft(
        _facts(facts)
        | {
            "until": long_date(until),
            "amount": format_amount(payment.amount_cents, payment.currency),
        }
    )


@composes("ended")
def ended(letter: Letter) -> Draft | Skip:
    membership = Membership.objects.get(pk=letter.key)
    if membership.state != MembershipState.ENDED or membership.ended_at is None:
        return Skip(f"the membership is {membership.state}")
    withdrawn_at = _withdrawn_at(membership)
    facts = [
        ("Your support", _price(membership)),
        ("Began on", long_date(membership.started_at or membership.created_at)),
        ("Withdrawn on", moment_words(withdrawn_at) if withdrawn_at else ""),
        ("Ended on", long_date(membership.ended_at)),
        ("Reference", str(membership.pk)),
    ]
    return Draft(
        _facts(facts) | {"ended": long_date(membership.ended_at), "reason": membership.end_reason}
    )


def _withdrawn_at(membership: Membership) -> datetime | None:
    """When its supporter withdrew: the moment of the press, whenever Stripe heard of it."""
    if membership.end_reason != EndReason.WITHDRAWN:
        return None
    ends = Intent.objects.filter(subject=membership.pk, kind=IntentKind.END_NOW)
    pressed = ends.filter(params__reason=EndReason.WITHDRAWN).order_by("created_at").first()
    return pressed.created_at if pressed else None


def _document(row: Receipt, letter: Letter) -> Draft:
    name = letter.supporter.name if letter.supporter else ""
    file = Attachment(row.file_name, receipt_pdf.render(row, name=name), "application/pdf")
    return Draft(
        _facts(receipt_pdf.facts(row))
        | {
            "amount": format_amount(row.amount_cents, row.currency),
            "day": long_date(row.paid_at),
            "statement": receipt_pdf.statement(row),
            "recurring": row.payment.membership_id is not None,
        },
        (file,),
    )


def _doubt(snapshot: SubscriptionSnapshot, day: date) -> str:
    """Why a subscription will not renew on this day, or ""."""
    if state_of(snapshot) != MembershipState.ACTIVE:
        return f"the membership is {state_of(snapshot)}"
    if snapshot.ends_on is not None:
        return "it ends with this period"
    if dublin_date(snapshot.period_end) != day:
        return "it renews on another day"
    return "the day has passed" if snapshot.period_end <= timezone.now() else ""


def _others(membership: Membership) -> list[Membership]:
    """The supporter's other memberships that still stand: two may be one too many (DESIGN 15)."""
    rows = Membership.objects.filter(supporter_id=membership.supporter_id).exclude(pk=membership.pk)
    return [each for each in rows.order_by("created_at") if each.live]


def _paid_with(membership: Membership) -> str:
    paid = membership.payments.filter(state=PaymentState.SUCCEEDED).order_by("-paid_at").first()
    return paid.method_label if paid else ""


def _price(membership: Membership) -> str:
    return price(membership.amount_cents, membership.currency, membership.interval)


def _facts(rows: list[tuple[str, str]]) -> dict[str, Any]:
    return {"facts": [(label, text) for label, text in rows if text]}
