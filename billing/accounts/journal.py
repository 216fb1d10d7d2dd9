"""The journal of a month: its pack as debits and credits, in groups that each come to nothing.

It names accounts, kinds of income and payouts; never a person, nor the id of one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final

from billing.accounts.chart import Chart, Layout
from billing.accounts.months import BookMonth
from billing.accounts.movements import (
    DISPUTES,
    INCOME,
    LABELS,
    MATERIAL,
    REFUNDS,
    TOKEN,
    UNMATCHED,
)
from billing.accounts.pack import Pack
from billing.models.ledger import LineKind
from billing.money import decimal_amount

# Fields that are numbers: a sign before them is no formula.
NUMBERS: Final = frozenset({"amount", "size", "debit", "credit", "no_tax"})
_LOSSES: Final = {"refunds": REFUNDS, "disputes": DISPUTES}
_FEES: Final = (
    ("fees_processing", "Fees of payments and payouts"),
    ("fees_disputes", "Fees of disputes and returned debits"),
    ("fees_stripe", "Stripe's own fees"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a journal. Cents, a debit is positive."""

    narration: str
    day: date
    description: str
    account: str
    cents: int
    of: str = ""


class Unbalanced(Exception):
    """A group of the journal does not come to nothing; it names itself."""


def entries(pack: Pack, chart: Chart) -> list[Entry]:
    """The month's journal, group by group. Raises Unbalanced, which would be a defect of ours."""
    day, name = BookMonth(pack.month).last_day, f"{pack.month:%B %Y}"
    groups = [
        (f"Income through Stripe, {name}", day, _income(pack, chart)),
        *((f"{word.capitalize()}, {name}", day, _losses(pack, chart, word)) for word in _LOSSES),
        (f"Stripe fees, {name}", day, _fees(pack, chart)),
        (f"Adjustments by Stripe, {name}", day, _adjusted(pack, chart)),
        *_payouts(pack, chart),
        (f"Paid to us directly, {name}", day, _outside(pack, chart)),
        (f"Deferred memberships, {name}", day, _deferred(pack, chart)),
    ]
    told = [
        Entry(narration, on, description, account, cents, of)
        for narration, on, group in groups
        for description, account, cents, of in group
        if cents
    ]
    for narration, group in groupby(told, key=_group):
        if sum(each.cents for each in group):
            raise Unbalanced(narration)
    return told


def files(told: list[Entry], *, layout: Layout) -> list[list[Entry]]:
    """The entries in parts of at most the layout's lines; no group is torn apart."""
    parts: list[list[Entry]] = [[]]
    for narration, found in groupby(told, key=_group):
        group = list(found)
        if len(group) > layout.lines:
            raise Unbalanced(f"{narration} has more lines than a file of {layout.title} takes")
        if len(parts[-1]) + len(group) > layout.lines:
            parts.append([])
        parts[-1].extend(group)
    return parts


def cells(entry: Entry, *, layout: Layout, chart: Chart) -> list[str]:
    """One line as the program wants it. Amounts have a decimal point and no thousands mark."""
    label = chart.tracking.get(entry.of, "")
    told = {
        "narration": entry.narration,
        "reference": f"{entry.day:%Y-%m}",
        "date": entry.day.strftime(layout.date),
        "description": entry.description,
        "account": entry.account,
        "tax": layout.tax,
        "no_tax": decimal_amount(0),
        "nothing": "",
        "amount": decimal_amount(entry.cents),
        "size": decimal_amount(abs(entry.cents)),
        "debit": decimal_amount(max(entry.cents, 0)) if entry.cents > 0 else "",
        "credit": decimal_amount(-entry.cents) if entry.cents < 0 else "",
        "debit_or_credit": "JD" if entry.cents > 0 else "JC",
        "tracking_name": chart.tracking_name if label else "",
        "tracking_option": label,
    }
    return [told[field] for _, field in layout.columns]


_Line = tuple[str, str, int, str]


def _group(entry: Entry) -> tuple[str, date]:
    return entry.narration, entry.day


def _income(pack: Pack, chart: Chart) -> Iterator[_Line]:
    """Gross: what was kept of it is a cost, in a group of its own."""
    yield "Charged through Stripe", chart.accounts["clearing"], pack.charges, ""
    for of in (*INCOME, UNMATCHED):
        yield LABELS[of], _income_account(chart, of), -pack.cents(LineKind.PAYMENT, of=of), of


def _losses(pack: Pack, chart: Chart, word: str) -> Iterator[_Line]:
    """What went back, off the income that it had come as."""
    own = chart.accounts[word]
    kinds = _LOSSES[word]
    for of in (*INCOME, UNMATCHED):
        account = own if own and of != UNMATCHED else _income_account(chart, of)
        yield f"{word.capitalize()}: {LABELS[of]}", account, -pack.cents(*kinds, of=of), of
    what = f"{word.capitalize()} through Stripe"
    yield what, chart.accounts["clearing"], pack.cents(*kinds), ""


def _fees(pack: Pack, chart: Chart) -> Iterator[_Line]:
    disputes = pack.fees_of(*DISPUTES)
    own = -pack.cents(LineKind.FEE) + pack.fees_of(LineKind.FEE)
    amounts = (pack.fees - disputes - own, disputes, own)
    for (key, words), cents in zip(_FEES, amounts, strict=True):
        yield words, chart.accounts[key], cents, ""
    yield "Kept by Stripe", chart.accounts["clearing"], -pack.fees, ""


def _adjusted(pack: Pack, chart: Chart) -> Iterator[_Line]:
    yield "Adjusted by Stripe", chart.accounts["clearing"], pack.adjustments, ""
    yield "Adjusted by Stripe", chart.accounts["adjustments"], -pack.adjustments, ""


def _payouts(pack: Pack, chart: Chart) -> Iterator[tuple[str, date, list[_Line]]]:
    """A group for each day that money went to the bank, so that it meets the bank's own line.

    One that came late is dated in this month: its own is closed, in the other program too.
    """
    for each in pack.payouts:
        cents = each.paid_cents - each.returned_cents
        yield (
            f"Payout {each.id}",
            max(date.fromisoformat(each.day), pack.month),
            [
                ("Paid out by Stripe", chart.accounts["bank"], cents, ""),
                ("Paid out by Stripe", chart.accounts["clearing"], -cents, ""),
            ],
        )


def _outside(pack: Pack, chart: Chart) -> Iterator[_Line]:
    yield "Cash and transfers", chart.accounts["outside"], pack.gross_outside, ""
    for each in pack.outside:
        yield LABELS[each.of], _income_account(chart, each.of), -each.cents, each.of


def _deferred(pack: Pack, chart: Chart) -> Iterator[_Line]:
    for of in (TOKEN, MATERIAL):
        cents = pack.deferral_of(of)
        yield f"Of later months: {LABELS[of]}", _income_account(chart, of), cents, of
    yield "Of later months", chart.accounts["deferred"], -pack.newly_deferred, ""


def _income_account(chart: Chart, of: str) -> str:
    return chart.accounts["suspense"] if of == UNMATCHED else chart.accounts[f"income_{of}"]
