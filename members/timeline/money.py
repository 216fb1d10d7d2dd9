"""Money that came, went back, or was questioned, in kind words."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import Dispute, Payment, Receipt, Refund
from billing.models.receipt import Series
from billing.money import format_amount
from billing.states import DisputeState, PaymentState, RefundState
from billing.wording import long_date, means
from members.models import Supporter
from members.timeline.entry import Entry, Topic

_Words = dict[str, Promise | str]


def lines(supporter: Supporter) -> Iterator[Entry]:
    """Payments, what was given back of them, and what a bank asked about them."""
    payments = supporter.payments.exclude(state=PaymentState.EXPIRED)
    for payment in payments.prefetch_related("receipts", "refunds", "disputes"):
        papers = list(payment.receipts.all())
        yield from _payment(payment, papers)
        yield from _returned(papers)
        for refund in payment.refunds.all():
            yield _refund(refund, papers)
        for dispute in payment.disputes.all():
            yield _dispute(dispute, papers)


def _payment(payment: Payment, papers: list[Receipt]) -> Iterator[Entry]:
    amount = format_amount(payment.amount_cents, payment.currency)
    if payment.first_failed_at is not None:
        yield _refused(payment, amount, payment.first_failed_at)
    if payment.state == PaymentState.PENDING:
        yield Entry(
            payment.created_at,
            Topic.MONEY,
            _("A payment of %(amount)s is on its way.") % {"amount": amount},
            _(
                "A direct debit takes a few days, and a card sometimes waits for a word of your "
                "bank. It counts, and gets its receipt, once it has arrived."
            ),
            mood="warn",
            mark=_("Waiting"),
        )
    elif payment.state == PaymentState.SUCCEEDED and payment.paid_at is not None:
        yield Entry(
            payment.paid_at,
            Topic.MONEY,
            _paid_words(payment, amount),
            _rule_of(payment),
            detail=_period(payment),
            mood="good",
            papers=tuple(each for each in papers if each.series == Series.RECEIPT),
        )


def _paid_words(payment: Payment, amount: str) -> str:
    if not payment.method:
        words = _("You gave %(amount)s.") if payment.is_gift else _("You paid %(amount)s.")
        return words % {"amount": amount}
    words = (
        _("You gave %(amount)s: %(means)s.")
        if payment.is_gift
        else _("You paid %(amount)s: %(means)s.")
    )
    return words % {"amount": amount, "means": means(payment.method_label)}


def _period(payment: Payment) -> str:
    if payment.is_gift or payment.period_start is None or payment.period_end is None:
        return ""
    return _("For the time from %(first)s to %(last)s.") % {
        "first": long_date(payment.period_start),
        "last": long_date(payment.period_end),
    }


def _rule_of(payment: Payment) -> str:
    if payment.is_gift:
        return _("A gift is taken once. Nothing follows it by itself.")
    return _(
        "Your support renews by itself until you end it, and each payment has a receipt of its "
        "own. The amount is the one you chose: it never rises by itself."
    )


def _refused(payment: Payment, amount: str, at: datetime) -> Entry:
    if payment.state == PaymentState.SUCCEEDED and payment.paid_at is not None:
        words = _("Your bank refused %(amount)s at first. It went through on %(day)s.")
        return Entry(
            at,
            Topic.MONEY,
            words % {"amount": amount, "day": long_date(payment.paid_at)},
            _refused_rule(payment),
            mood="warn",
        )
    return Entry(
        at,
        Topic.MONEY,
        _("Your bank refused a payment of %(amount)s.") % {"amount": amount},
        _refused_rule(payment),
        mood="bad",
        mark=_("Not paid"),
    )


def _refused_rule(payment: Payment) -> str:
    if payment.is_gift:
        return _("Nothing was taken. You can give again whenever you like.")
    return _(
        "Why is between you and your bank; often it is a limit or an old card. We try again, and "
        "for %(days)s days all stays as it is. If it ends then, nothing is owed."
    ) % {"days": settings.GRACE_DAYS}


_REFUNDED: Final[_Words] = {
    RefundState.PENDING: gettext_lazy("%(amount)s is on its way back to you."),
    RefundState.SUCCEEDED: gettext_lazy("%(amount)s was given back to you."),
    RefundState.FAILED: gettext_lazy("%(amount)s could not be given back: it returned to us."),
    RefundState.CANCELED: gettext_lazy("A refund of %(amount)s was called off."),
}


def _refund(refund: Refund, papers: list[Receipt]) -> Entry:
    amount = format_amount(refund.amount_cents, refund.currency)
    failed = refund.state == RefundState.FAILED
    rule = (
        _("Most often an account was closed. Write to us, and we find another way.")
        if failed
        else _(
            "Money goes back the way it came. Banks need five to ten days to show it. A credit "
            "note says so for your papers."
        )
    )
    return Entry(
        refund.refunded_at,
        Topic.MONEY,
        str(_REFUNDED[refund.state]) % {"amount": amount},
        rule,
        mood="bad" if failed else "",
        papers=tuple(each for each in papers if each.refund_id == refund.pk),
    )


def _returned(papers: list[Receipt]) -> Iterator[Entry]:
    """A debit that the bank took back of itself: of each time, its own paper."""
    for paper in papers:
        if paper.returned_id is None:
            continue
        amount = format_amount(paper.amount_cents, paper.currency)
        again = paper.series == Series.DEBIT_NOTE
        words = (
            _("You paid the %(amount)s that your bank had taken back.")
            if again
            else _("Your bank took %(amount)s back, weeks after it had paid us.")
        )
        yield Entry(
            paper.paid_at,
            Topic.MONEY,
            words % {"amount": amount},
            _(
                "A bank returns a direct debit where there was too little money in the account, or "
                "where it is closed. You owe us nothing for it."
            ),
            mood="good" if again else "bad",
            papers=(paper,),
        )


_DISPUTED: Final[_Words] = {
    DisputeState.INQUIRY: gettext_lazy("Your bank asked us about a payment of %(amount)s."),
    DisputeState.OPEN: gettext_lazy("Your bank took back %(amount)s and is looking into it."),
    DisputeState.WON: gettext_lazy("Your bank looked into %(amount)s, and it stays paid."),
    DisputeState.LOST: gettext_lazy("Your bank gave %(amount)s back to you."),
    DisputeState.CLOSED: gettext_lazy("Your bank asked about %(amount)s. That is settled."),
}


def _dispute(dispute: Dispute, papers: list[Receipt]) -> Entry:
    amount = format_amount(dispute.amount_cents, dispute.currency)
    return Entry(
        dispute.opened_at,
        Topic.MONEY,
        str(_DISPUTED[dispute.state]) % {"amount": amount},
        _(
            "A bank asks when somebody did not know a payment. That is your good right, and we do "
            "not hold it against anybody. Its answer decides; we follow it."
        ),
        papers=tuple(each for each in papers if each.dispute_id == dispute.pk),
    )
