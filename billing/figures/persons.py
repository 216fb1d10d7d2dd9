"""What a person stands for in the figures: a pure function of their memberships and payments."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

from billing.dates import dublin_date
from billing.figures import names
from billing.figures.lives import Movement, Paid, Stay, movements, way_out
from billing.figures.names import CHURN, Move
from billing.figures.sums import Cell, Sums, month_of

# A twelfth of the mean Gregorian year.
_MONTH: Final = timedelta(seconds=31_556_952 // 12)


class Given(NamedTuple):
    """One payment that arrived, of whatever kind. Cents."""

    at: datetime
    cents: int
    gift: bool


@dataclass(frozen=True, slots=True)
class Person:
    """The facts of one supporter."""

    stays: tuple[Stay, ...] = ()
    given: tuple[Given, ...] = ()

    @property
    def memberships(self) -> int:
        """How many of theirs have not ended."""
        return sum(each.ended is None for each in self.stays)


NOBODY: Final = Person()


def sums_of(person: Person) -> Sums:
    """What this person stands for in every figure of persons."""
    sums = Sums()
    life = movements(person.stays)
    _count_life(sums, life)
    _count_tenure(sums, life)
    for stay in person.stays:
        _count_stay(sums, stay)
        _count_renewals(sums, stay)
        _count_ahead(sums, stay)
    _count_years(sums, person.given)
    return sums


def _count_life(sums: Sums, life: list[Movement]) -> None:
    cohort = next((month_of(each.at) for each in life if each.kind is Move.NEW), None)
    joined: date | None = None
    for each in life:
        month = month_of(each.at)
        if each.lapsed:
            sums.add(Cell(names.LAPSED, dublin_date(each.at)), 1)
            continue
        if each.resting:
            sums.add(Cell(names.LEFT_PAUSED, month, each.kind), 1)
            continue
        if each.kind in {Move.NEW, Move.REACTIVATION}:
            joined = month
        if each.kind in CHURN and joined == month:
            sums.add(Cell(names.BRIEF, month), 1)
        change = bool(each.after) - bool(each.before), each.after - each.before
        sums.add(Cell(names.MOVEMENT, month, each.kind), 1, change[1])
        sums.add(Cell(names.STANDING, month), *change)
        if cohort is not None:
            sums.add(Cell(names.COHORT, cohort, f"{month:%Y-%m}"), *change)
        for worth, one in ((each.before, -1), (each.after, 1)):
            if worth:
                sums.add(Cell(names.WORTH, month, f"{worth:012d}"), one)


def _count_tenure(sums: Sums, life: list[Movement]) -> None:
    """How long they were a member, pauses and gaps left out: so far, or until they left."""
    since: datetime | None = None
    stayed, left = timedelta(), None
    for each in life:
        if each.after and not each.before:
            since, left = each.at, None
        elif each.before and not each.after and since is not None:
            stayed += each.at - since
            since = None
        if each.kind in {*CHURN, Move.WITHDRAWN}:
            left = each.at
    if since is not None:
        sums.add(Cell(names.TENURE_NOW, month_of(since - stayed)), 1)
    elif left is not None:
        sums.add(
            Cell(names.TENURE_LEFT, month_of(left), f"{(stayed + _MONTH / 2) // _MONTH:04d}"), 1
        )


class _Step(NamedTuple):
    """What a membership is worth from a moment on, and on top of it: twelfths of a cent a month."""

    at: datetime
    worth: int
    yearly: bool
    on_top: int

    @property
    def rhythm(self) -> str:
        return names.YEARLY if self.yearly else names.MONTHLY


def _steps(stay: Stay) -> Iterator[_Step]:
    """From nothing on, a step at each of its moments; worth nothing while it is paused."""
    yield _Step(stay.began, 0, stay.price(stay.began)[1], 0)
    for at in sorted(set(stay.moments())):
        worth, yearly = stay.price(at)
        gives = stay.stands(at) and not stay.rests(at)
        yield _Step(at, worth if gives else 0, yearly, stay.on_top(at) if gives else 0)


def _count_stay(sums: Sums, stay: Stay) -> None:
    """The MRR of one membership by rhythm and campaign, on top, its joining and its end."""
    if stay.ended is not None and stay.ended <= stay.began:
        return
    campaign = str(stay.campaign) if stay.campaign else names.NO_CAMPAIGN
    worth, yearly = stay.price(stay.began)
    first_paid = worth if yearly else worth // 12
    sums.add(Cell(names.CAMPAIGN_JOIN, month_of(stay.began), campaign), 1, first_paid)
    for old, new in pairwise(_steps(stay)):
        month = month_of(new.at)
        for step, sign in ((old, -1), (new, 1)):
            if step.worth:
                sums.add(Cell(names.RHYTHM, month, step.rhythm), sign, sign * step.worth)
                sums.add(Cell(names.CAMPAIGN_MRR, month, campaign), sign, sign * step.worth)
            if step.on_top:
                sums.add(Cell(names.ON_TOP, month), sign, sign * step.on_top)
        if old.worth and new.at == stay.ended and way_out([stay.reason]) in CHURN:
            sums.add(Cell(names.RHYTHM_LEFT, month, old.rhythm), 1, old.worth)


def _count_renewals(sums: Sums, stay: Stay) -> None:
    """Yearly periods that ran out, or will, and those that were paid again."""
    for number, each in enumerate(stay.paid):
        if not each.yearly or each.ends is None or not each.price:
            continue
        if stay.ended is not None and stay.ended < each.ends:
            continue
        month = month_of(each.ends)
        sums.add(Cell(names.RENEWAL_DUE, month), 1, each.price)
        again = _renewal(each.ends, stay.paid[number + 1 :])
        if again is not None:
            sums.add(Cell(names.RENEWED, month), 1, again.price)


def _count_ahead(sums: Sums, stay: Stay) -> None:
    """What is known of the months to come: what is set to end, and which paid years run out."""
    if stay.leaves is not None:
        key = names.YEARLY if stay.yearly else names.MONTHLY
        sums.add(Cell(names.LEAVING, month_of(stay.leaves), key), 1, stay.at_stake)
    if stay.renews is not None:
        sums.add(Cell(names.RENEWING, dublin_date(stay.renews)), 1, stay.cents)


def _renewal(due: datetime, later: Iterable[Paid]) -> Paid | None:
    """The payment of the period that begins where another ends."""
    again = (each for each in later if each.price and (each.begins or each.at) >= due)
    return next(again, None)


def _count_years(sums: Sums, given: tuple[Given, ...]) -> None:
    """In which calendar years they gave: anything at all, and one-off gifts alone."""
    kinds = ((names.ANY, given), (names.GIFT, [each for each in given if each.gift]))
    for key, chosen in kinds:
        years: Counter[int] = Counter()
        for each in chosen:
            years[month_of(each.at).year] += each.cents
        for year, cents in years.items():
            first = date(year, 1, 1)
            sums.add(Cell(names.DONORS, first, key), 1, cents)
            if year == min(years):
                sums.add(Cell(names.DONORS_FIRST, first, key), 1)
            if year - 1 in years:
                sums.add(Cell(names.DONORS_KEPT, first, key), 1)


def invoices(payments: Iterable[tuple[str, Paid]]) -> tuple[Paid, ...]:
    """Payments in the order in which they came, those of one invoice as one.

    Each comes with the id of its invoice, "" where it has none.
    """
    by_invoice: dict[str, list[Paid]] = defaultdict(list)
    for number, (invoice, paid) in enumerate(payments):
        by_invoice[invoice or f"#{number}"].append(paid)
    whole = [_one(parts) for parts in by_invoice.values()]
    return tuple(sorted(whole, key=lambda each: (each.at, each.cents)))


def _one(parts: list[Paid]) -> Paid:
    if len(parts) == 1:
        return parts[0]
    first = min(parts, key=lambda each: each.at)
    cents = sum(each.cents for each in parts)
    # Parts of one payment are told apart from one that was paid twice by what it was to cost.
    own = next((each.own for each in parts if each.own is not None), None)
    extra = sum(each.extra for each in parts) if own is None else max(each.extra for each in parts)
    return Paid(first.at, cents, first.begins, first.ends, first.months, own, extra)
