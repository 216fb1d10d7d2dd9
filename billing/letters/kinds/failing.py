"""Letters about payments that did not come, and about those that came after all."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from billing import stripe_api
from billing.dates import dublin_date
from billing.letters.draft import Draft, Outcome, Postpone, Skip, composes
from billing.letters.kinds.facts import (
    action,
    actions,
    ending,
    facts,
    paid_with,
    price_of,
    silence,
)
from billing.letters.links import Purpose
from billing.models import Letter, Membership, Payment
from billing.models.letter import LetterState
from billing.money import format_amount
from billing.snapshots import PaymentSnapshot
from billing.states import MembershipState, PaymentState, Refusal, payment_state_of, refusal_of
from billing.wording import long_date, means

# The first letter has no step in its key; the others are planned ahead, with the day they are of.
FIRST: Final = ""
LAST: Final = "last"
# What no other try will mend.
_HOPELESS: Final = frozenset({Refusal.EXPIRED, Refusal.MANDATE, Refusal.ACCOUNT})
_OLD_NEWS: Final = timedelta(days=1)
_DAYS: Final = (3, 7)
# So many days before the grace ends its supporter hears of it for the last time.
_LAST_DAYS: Final = 2
_GOES_OUT: Final = (LetterState.QUEUED, LetterState.SENDING, LetterState.SENT)


def steps() -> list[tuple[str, int]]:
    """The letters of a grace, with their days since it began; at the end that on which it ends."""
    last = settings.GRACE_DAYS - _LAST_DAYS
    between = [(str(day), day) for day in _DAYS if day < last]
    return [*between, *([(LAST, last)] if last > 0 else []), ("", settings.GRACE_DAYS)]


@dataclass(frozen=True, slots=True)
class _Open:
    """A payment that is not there yet, and the membership that waits for it."""

    payment: Payment
    membership: Membership
    seen: PaymentSnapshot | None

    @property
    def since(self) -> datetime:
        return self.payment.first_failed_at or self.payment.created_at

    @property
    def until(self) -> datetime:
        """When its grace is over."""
        since = self.membership.past_due_since or self.since
        return since + timedelta(days=settings.GRACE_DAYS)

    @property
    def amount(self) -> str:
        return format_amount(self.payment.amount_cents, self.payment.currency)


@composes("payment-failed")
def payment_failed(letter: Letter) -> Outcome:
    """At the first failure, then on two days of the grace, and before its last."""
    payment_id, _colon, step = letter.key.partition(":")
    found = _open(payment_id)
    if not isinstance(found, _Open):
        return found
    if found.seen is not None and found.seen.needs_confirmation and step == FIRST:
        return Skip("the bank asks to confirm it: another letter says so")
    if step != FIRST and found.membership.state != MembershipState.PAST_DUE:
        return Skip(f"the membership is {found.membership.state}")
    if step != FIRST and found.until <= timezone.now():
        return Skip("its last day has passed")
    if step != FIRST and found.seen is not None and found.seen.status == "processing":
        return Skip("a direct debit is on its way")
    if _overtaken(found, step):
        return Skip("a later letter tells of it")
    return _draft(letter, found, step=step)


@composes("authenticate")
def authenticate(letter: Letter) -> Outcome:
    """The bank wants to hear from the payer, who is not on any page just now."""
    found = _open(letter.key)
    if not isinstance(found, _Open):
        return found
    if found.seen is not None and not found.seen.needs_confirmation:
        return Skip("the bank does not ask any more")
    return _draft(letter, found)


@composes("recovered")
def recovered(letter: Letter) -> Outcome:
    """All is well again, for who was told that it was not."""
    payment = Payment.objects.select_related("membership").get(pk=letter.key)
    membership = payment.membership
    if membership is None:
        return Skip("a gift: the page said so at once")
    if payment.state != PaymentState.SUCCEEDED:
        return Skip("it is not paid")
    bad_news = _bad_news(payment)
    if bad_news is None:
        return Postpone("a letter about its failure is being sent")
    if not bad_news:
        return Skip("nobody was told that it had failed")
    if membership.state == MembershipState.PAST_DUE:
        fresh = timezone.now() - letter.created_at < _OLD_NEWS
        return Postpone("it is overdue by our rows") if fresh else Skip("another one is overdue")
    reason = silence(membership)
    if reason:
        return Skip(reason)
    amount = format_amount(payment.amount_cents, payment.currency)
    rows = [
        (_("Amount"), amount),
        (_("Paid with"), means(payment.method_label)),
        (_("Your support"), price_of(membership)),
    ]
    return Draft({**facts(*rows), **actions(ending(letter, membership)), "amount": amount})


def _overtaken(found: _Open, step: str) -> bool:
    """Whether the day of a later letter about it has come: of what had to wait, the latest goes."""
    if found.membership.past_due_since is None:
        return False
    passed = (dublin_date(timezone.now()) - dublin_date(found.membership.past_due_since)).days
    after = 0 if step == FIRST else dict(steps()).get(step, 0)
    later = [f"{found.payment.pk}:{name}" for name, day in steps()[:-1] if after < day <= passed]
    return Letter.objects.filter(kind="payment-failed", key__in=later, state__in=_GOES_OUT).exists()


def _open(payment_id: str) -> _Open | Skip | Postpone:
    """What waits to be paid, as Stripe has it now; or why its payer is not to be bothered."""
    payment = Payment.objects.select_related("membership").get(pk=payment_id)
    membership = payment.membership
    if payment.state == PaymentState.SUCCEEDED:
        return Skip("paid meanwhile")
    if membership is None:
        return Skip("a gift: the page said so at once")
    if membership.state == MembershipState.PENDING:
        # While joining by card, the payer sees the refusal on Stripe's page and takes another; a
        # first direct debit comes back days later, and nobody is there to see it.
        return Postpone("it has not begun yet")
    if membership.state == MembershipState.PAUSED or silence(membership):
        return Skip(silence(membership) or f"the membership is {membership.state}")
    if payment.state == PaymentState.EXPIRED:
        return Skip("nothing is asked for any more")
    since = payment.first_failed_at or payment.created_at
    if membership.payments.filter(state=PaymentState.SUCCEEDED, paid_at__gt=since).exists():
        return Skip("paid meanwhile")
    try:
        seen = _seen(payment)
    except stripe_api.Unavailable:
        # It may have been paid a moment ago; whoever paid is not to hear that they did not.
        return Postpone("Stripe did not answer")
    if seen is not None and payment_state_of(seen.status) == PaymentState.SUCCEEDED:
        return Skip("paid meanwhile")
    return _Open(payment, membership, seen)


def _seen(payment: Payment) -> PaymentSnapshot | None:
    """The payment as Stripe has it; None where it is not to be had. Raises Unavailable."""
    try:
        return stripe_api.get_payment(payment.stripe_payment_intent_id or "")
    except stripe_api.Refused:
        return None


def _draft(letter: Letter, found: _Open, *, step: str = FIRST) -> Draft:
    payment, membership = found.payment, found.membership
    reason = refusal_of(found.seen.failure if found.seen else "")
    asks = found.seen is not None and found.seen.needs_confirmation
    rows = [
        (_("Amount"), found.amount),
        (_("Tried on"), long_date(found.since)),
        (_("From"), means(payment.method_label) or paid_with(membership)),
        (_("Your support"), price_of(membership)),
    ]
    pay = action(_("Pay now"), Purpose.PAY, letter, membership.pk)
    card = action(_("Change how you pay"), Purpose.CARD, letter, membership.pk)
    return Draft(
        {
            **facts(*rows),
            **actions(pay, card, ending(letter, membership)),
            "step": step,
            "reason": "confirm" if asks else str(reason),
            "hopeless": reason in _HOPELESS,
            "until": long_date(found.until),
            "amount": found.amount,
        }
    )


def _bad_news(payment: Payment) -> bool | None:
    """Whether its payer was told of the failure; None while it is being told."""
    letters = Letter.objects.filter(
        Q(kind="payment-failed", key=str(payment.pk))
        | Q(kind="payment-failed", key__startswith=f"{payment.pk}:")
        | Q(kind="authenticate", key=str(payment.pk))
    )
    if letters.filter(state=LetterState.SENT).exists():
        return True
    return None if letters.filter(state=LetterState.SENDING).exists() else False
