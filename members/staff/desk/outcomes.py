"""What exactly would happen, in words: days, amounts and letters, before anything is pressed."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from django.utils import timezone

from billing import refunds, wishes
from billing.models import Suppression
from billing.models.comp import CompReason
from billing.money import format_amount
from billing.wording import long_date, price
from members.models.desk import Act, Phrase
from members.staff.desk import deeds
from members.staff.desk.cases import Case

Choice = dict[str, Any]
_WRITES: Final = frozenset({Act.RESEND, Act.REFUND, Act.CANCEL, Act.END, Act.PAUSE, Act.ERASE})


def of(case: Case, choice: Choice) -> list[str]:
    """A sentence for each thing that happens."""
    told = list(_SAYS[case.act](case, choice))
    if case.act in _WRITES and _gets_no_letters(case):
        told.append("Their address gets no letters at present, so none of ours arrives.")
    return told


def _gets_no_letters(case: Case) -> bool:
    known = Suppression.objects.filter(address_hash=case.supporter.email_hash, lifted_at=None)
    return known.exists()


def _resend(case: Case, _choice: Choice) -> Iterator[str]:
    document = case.document
    amount = format_amount(document.amount_cents, document.currency)
    yield f"The letter with {document.label} of {amount} goes out again, to the address on record."
    yield "It is the same document with the same number: no second receipt is issued."


def _refund(case: Case, choice: Choice) -> Iterator[str]:
    payment, cents = case.paid, choice["cents"]
    left = refunds.left_of(payment) - cents
    means = payment.method_label or "the way it was paid"
    yield f"{format_amount(cents, payment.currency)} goes back to {means}, in five to ten days."
    if left:
        yield f"{format_amount(left, payment.currency)} of this payment stays with us."
    yield "A credit note is issued once Stripe has sent the money, and goes to them by letter."
    if payment.membership is not None and payment.membership.live:
        yield "Their membership goes on, and the next payment is taken. End it separately."


def _cancel(case: Case, _choice: Choice) -> Iterator[str]:
    ends = case.ground.membership.period_end
    yield f"It ends on {long_date(ends)}." if ends else "It ends with the paid period."
    yield "Nothing more is taken, and nothing goes back. Until then it can be taken back."
    yield "They get a letter that confirms it."


def _keep(case: Case, _choice: Choice) -> Iterator[str]:
    yield "It goes on as it was."
    if (due := case.ground.membership.period_end) is not None:
        yield f"The next payment, {_price(case)}, is taken on {long_date(due)}."


def _end(case: Case, _choice: Choice) -> Iterator[str]:
    membership = case.ground.membership
    yield "It ends at once. Nothing more is taken, now or later."
    if membership.period_end is not None:
        yield f"It is paid until {long_date(membership.period_end)}: that time is lost to them."
    yield "Nothing goes back by itself. What is to go back is refunded payment by payment."
    yield "It cannot be taken back. They get a letter that says that it has ended."


def _pause(case: Case, choice: Choice) -> Iterator[str]:
    found = case.ground
    breaks = wishes.breaks(found.membership, now=found.now)
    chosen = next((each for each in breaks if len(each.left_out) == choice["payments"]), None)
    if chosen is None:
        return
    days = ", ".join(long_date(each) for each in chosen.left_out)
    yield f"Left out, and never owed: {days}."
    yield f"The next payment, {_price(case)}, is taken on {long_date(chosen.then)}."
    yield "They get a letter that confirms it."


def _resume(case: Case, _choice: Choice) -> Iterator[str]:
    yield "The pause ends now. What was left out is not owed."
    due = next(iter(case.ground.dues(1)), None)
    if due is not None and not case.ground.charged_on_resuming:
        yield f"The next payment, {_price(case)}, is taken on {long_date(due)}."
    elif case.ground.charged_on_resuming:
        yield f"A new period begins today, and {_price(case)} is taken today."


def _comp(_case: Case, choice: Choice) -> Iterator[str]:
    ends = deeds.until(choice["months"], now=timezone.now())
    yield f"They are a member without paying until {long_date(ends)}."
    yield f"What it is given for is kept as: {CompReason(choice['kind']).label.lower()}."
    yield "Nothing that they pay themselves changes, and no letter goes out."


def _uncomp(case: Case, _choice: Choice) -> Iterator[str]:
    yield f"The free membership, which was to last until {long_date(case.given.ends_on)}, ends now."
    yield "Nothing that they pay themselves changes, and no letter goes out."


def _address(_case: Case, choice: Choice) -> Iterator[str]:
    yield f"A letter with a link goes to {choice['email']}. The link opens for a short time."
    yield "Once it is pressed there, the address is theirs. The old one is told of it."
    yield "Until then nothing changes. If nobody presses it, nothing ever does."


def _sign_out(_case: Case, _choice: Choice) -> Iterator[str]:
    yield "Every browser in which they are signed in is signed out."
    yield "Links to sign in that were sent already open no more. They can ask for a new one."


def _erase(case: Case, _choice: Choice) -> Iterator[str]:
    live = [each for each in case.supporter.memberships.all() if each.live]
    if live:
        plural = "s" if len(live) > 1 else ""
        yield f"{len(live)} running membership{plural} end{'' if plural else 's'} at once."
    yield "Stripe deletes what it knows of them. They get one last letter, which says so."
    yield "Then their name and address are wiped here, and the account closes."
    yield "Books and receipts stay for six years, as the law wants. They name nobody."
    yield "It cannot be taken back, by anybody."


def _note(_case: Case, choice: Choice) -> Iterator[str]:
    yield f"Noted in the timeline: {Phrase(choice['phrase']).label}."
    yield "They can read it in their account. Nothing else changes."


def _price(case: Case) -> str:
    found = case.ground
    return price(found.next_price.cents, found.membership.currency, found.next_price.interval)


_SAYS: Final[dict[Act, Callable[[Case, Choice], Iterator[str]]]] = {
    Act.RESEND: _resend,
    Act.REFUND: _refund,
    Act.CANCEL: _cancel,
    Act.KEEP: _keep,
    Act.END: _end,
    Act.PAUSE: _pause,
    Act.RESUME: _resume,
    Act.COMP: _comp,
    Act.UNCOMP: _uncomp,
    Act.ADDRESS: _address,
    Act.SIGN_OUT: _sign_out,
    Act.ERASE: _erase,
    Act.NOTE: _note,
}
