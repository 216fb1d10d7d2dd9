"""The figures of made-up lives, computed once more from their definitions and by none of our code.

An oracle: it looks at every person on every day, which the engine never does, and shares with it
nothing but the rows.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import partial
from itertools import pairwise
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from billing import figures
from billing.models import Membership, MembershipEvent, Payment
from billing.models.ledger import LineKind
from billing.states import EndReason, MembershipState
from members.models import Supporter
from members.models.supporter import supporter_for
from members.reports import cohorts, failures, givers, income, movement
from tests import rows

pytestmark = [pytest.mark.django_db, pytest.mark.real]

FIRST: Final = datetime(2025, 1, 1, 12, tzinfo=UTC)
DAYS: Final = 650
NOW: Final = FIRST + timedelta(days=DAYS)
MONTHS: Final = 22
# Each example is nine lives; a run that is to be sure of itself takes a hundred of them.
LIVES: Final = int(os.environ.get("MEITHEAL_FIGURES", "3"))
DUBLIN: Final = ZoneInfo("Europe/Dublin")
REASONS: Final = {
    EndReason.REQUESTED: "churn_voluntary",
    EndReason.REPLACED: "churn_voluntary",
    EndReason.OTHER: "churn_voluntary",
    EndReason.PAYMENT_FAILED: "churn_involuntary",
    EndReason.DISPUTED: "churn_dispute",
    EndReason.FRAUD: "churn_dispute",
    EndReason.WITHDRAWN: "withdrawn",
    EndReason.DUPLICATE: "withdrawn",
}
GRAVEST: Final = ["churn_dispute", "churn_involuntary", "withdrawn", "churn_voluntary"]


@dataclass
class Paid:
    """A payment on a day, of a membership or a gift."""

    day: int
    cents: int
    yearly: bool = False
    fee: int | None = None
    failed: int | None = None
    refunded: int | None = None


@dataclass
class Stay:
    """A membership by days: when it began, ended, paused, and what was paid for it."""

    began: int
    ended: int | None
    reason: EndReason
    pauses: list[tuple[int, int | None]]
    paid: list[Paid]

    def worth(self, day: int) -> Fraction | None:
        """Cents a month on this day; None where it does not stand, nothing while it is paused."""
        if day < self.began or (self.ended is not None and day >= self.ended):
            return None
        for begin, end in self.pauses:
            if begin <= day and (end is None or day < end):
                return Fraction(0)
        last = [each for each in self.paid if each.day <= day][-1]
        return Fraction(last.cents, 12 if last.yearly else 1)


@dataclass
class Somebody:
    stays: list[Stay] = field(default_factory=list)
    gifts: list[Paid] = field(default_factory=list)


def _lived(chance: Random) -> Somebody:
    """A life by chance: up to three memberships, beside each other or after one another."""
    stays = [_stayed(chance) for _ in range(chance.choice([0, 1, 1, 1, 2, 3]))]
    gifts = [_paid(chance, chance.randrange(DAYS)) for _ in range(chance.choice([0, 0, 1, 2]))]
    return Somebody(stays, gifts)


def _stayed(chance: Random) -> Stay:
    began = chance.randrange(DAYS - 10)
    yearly = chance.random() < 0.3
    ended = began + chance.randrange(1, 500) if chance.random() < 0.6 else None
    ended = None if ended is not None and ended >= DAYS else ended
    last = ended or DAYS
    paid, day, cents = [], began, chance.randrange(100, 3000)
    while day < last:
        if chance.random() < 0.2:
            cents = chance.randrange(100, 3000)
        if chance.random() < 0.1:
            yearly = not yearly
        paid.append(_paid(chance, day, cents, yearly=yearly))
        day += 365 if yearly else 30
    pauses: list[tuple[int, int | None]] = []
    if last - began > 20 and chance.random() < 0.5:
        begin = chance.randrange(began + 1, last - 5)
        end = begin + chance.randrange(1, 200)
        pauses = [(begin, end if end < last else None)]
    return Stay(began, ended, chance.choice(list(REASONS)), pauses, paid)


def _paid(chance: Random, day: int, cents: int = 0, *, yearly: bool = False) -> Paid:
    return Paid(
        day=day,
        cents=cents or chance.randrange(200, 9000),
        yearly=yearly,
        fee=chance.choice([None, 30]),
        failed=day - chance.randrange(1, 45) if day > 60 and chance.random() < 0.2 else None,
        refunded=day + 3 if day + 3 < DAYS and chance.random() < 0.1 else None,
    )


# What is written down: the rows, in any order.


def _at(day: int) -> datetime:
    return FIRST + timedelta(days=day)


def _write(people: list[Somebody], chance: Random) -> None:
    """Write the rows of all of them, people and payments in an order of chance."""
    todo: list[Callable[[], object]] = []
    for number, each in enumerate(people):
        who = supporter_for(email=f"p{number}@example.org", name="")
        for stay in each.stays:
            todo += _rows_of(who, stay)
        todo += [partial(_write_paid, who, None, paid) for paid in each.gifts]
    chance.shuffle(todo)
    for write in todo:
        write()


def _rows_of(who: Supporter, stay: Stay) -> list[Callable[[], object]]:
    """What has to be written for a membership, once its row is there."""
    row = rows.membership(
        who,
        started_at=_at(stay.began),
        amount_cents=stay.paid[-1].cents,
        slug="yearly" if stay.paid[-1].yearly else "monthly",
    )
    writes = [partial(_write_paid, who, row, paid) for paid in stay.paid]
    return [*writes, partial(_write_turns, row, stay)]


def _write_turns(row: Membership, stay: Stay) -> None:
    active, paused = MembershipState.ACTIVE, MembershipState.PAUSED
    for begin, end in stay.pauses:
        for day, old, new in ((begin, active, paused), (end, paused, active)):
            if day is not None:
                MembershipEvent.objects.create(
                    membership=row,
                    old_state=old,
                    new_state=new,
                    source="stripe",
                    happened_at=_at(day),
                )
                row.state = new
    if stay.ended is not None:
        row.state, row.ended_at, row.end_reason = "ended", _at(stay.ended), stay.reason
    row.save()
    figures.recount(row.supporter_id)


def _write_paid(who: Supporter, stay: Membership | None, paid: Paid) -> Payment:
    period = timedelta(days=365 if paid.yearly else 30)
    row = rows.payment(
        stay,
        supporter=who,
        amount_cents=paid.cents,
        paid_at=_at(paid.day),
        fee_cents=paid.fee,
        net_cents=None if paid.fee is None else paid.cents - paid.fee,
        first_failed_at=None if paid.failed is None else _at(paid.failed),
        recovered_by=_way_in(paid),
        period_start=_at(paid.day) if stay else None,
        period_end=_at(paid.day) + period if stay else None,
    )
    if paid.refunded is not None:
        rows.line(row, kind=LineKind.REFUND, amount_cents=-paid.cents, booked_at=_at(paid.refunded))
    return row


def _way_in(paid: Paid) -> str:
    return ("", "retry", "new_means")[paid.cents % 3] if paid.failed is not None else ""


# What they come to: every person on every day.


def _month(day: int) -> str:
    return f"{_at(day).astimezone(DUBLIN):%Y-%m}"


@dataclass
class Expected:
    moves: Counter[Any] = field(default_factory=Counter)
    cents: dict[Any, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    active: Counter[Any] = field(default_factory=Counter)
    twelfths: Counter[Any] = field(default_factory=Counter)
    resting: Counter[Any] = field(default_factory=Counter)
    brief: Counter[Any] = field(default_factory=Counter)
    cohort: Counter[Any] = field(default_factory=Counter)


def _look(people: list[Somebody]) -> Expected:
    found = Expected()
    for each in people:
        _follow(each, found)
    return found


def _follow(one: Somebody, found: Expected) -> None:
    """Look at one person every day."""
    was, paused_for, joined, came = Fraction(0), -1, "", ""
    for day in range(DAYS + 1):
        name = _month(day)
        standing = [each for each in (stay.worth(day) for stay in one.stays) if each is not None]
        worth = sum(standing, Fraction(0))
        if worth and not was:
            kind = "resumed" if paused_for >= 0 else "reactivation"
            kind, joined = (kind, joined) if joined else ("new", name)
        elif worth and worth != was:
            kind = "expansion" if worth > was else "contraction"
        elif not worth and was:
            kind = "paused" if standing else _way_out(one, day)
        else:
            kind = ""
            found.resting[name] += paused_for >= 0 and not standing
        came = name if kind in {"new", "reactivation"} else came
        found.brief[name] += kind.startswith("churn") and came == name
        if kind:
            found.moves[name, kind] += 1
            found.cents[name, kind] += worth - was
        paused_for = _paused_for(paused_for, was=was, worth=worth, standing=bool(standing))
        # Three days more are offered: who comes back, or leaves, in them has not left before.
        if paused_for == 90 and all(_rests(one, day + more) for more in (1, 2, 3)):
            found.resting[name] += 1
            paused_for = -1
        was = worth
        found.active[day] += worth > 0
        found.twelfths[day] += int(worth * 12)
        found.cohort[joined, day] += worth > 0


def _rests(one: Somebody, day: int) -> bool:
    """Whether they pause on this day, as far as anybody knows."""
    standing = [each for each in (stay.worth(day) for stay in one.stays) if each is not None]
    return day > DAYS or (bool(standing) and not sum(standing))


def _paused_for(days: int, *, was: Fraction, worth: Fraction, standing: bool) -> int:
    """For how many days a person has paused; below zero if they do not, or have for too long."""
    if worth or not standing:
        return -1
    if was:
        return 0
    return days + 1 if days >= 0 else -1


def _way_out(one: Somebody, day: int) -> str:
    ways = {REASONS[stay.reason] for stay in one.stays if stay.ended == day}
    return next(way for way in GRAVEST if way in ways)


def _half_up(amount: Fraction) -> int:
    return int((amount * 2 + 1) // 2)


def _problems(people: list[Somebody]) -> list[str]:
    """Where the reports say something else."""
    told = movement.movement(now=NOW, count=MONTHS)
    return [
        *_movement_problems(told, _look(people)),
        *_money_problems([paid for each in people for paid in _all_paid(each)]),
        *_cohort_problems(_look(people)),
        *_year_problems(people),
    ]


def _movement_problems(told: list[movement.MovementMonth], wanted: Expected) -> list[str]:
    found = []
    for before, month in pairwise(told):
        if before.end_cents != month.start_cents or before.active_end != month.active_start:
            found.append(f"{month.month.first} does not begin as the last ended")
    for month in told:
        name = f"{month.month.first:%Y-%m}"
        days = [day for day in range(DAYS + 1) if _month(day) == name]
        end = wanted.active[days[-1]], _half_up(Fraction(wanted.twelfths[days[-1]], 12))
        if (month.active_end, month.end_cents) != end:
            found.append(f"{name} ends {month.active_end}, {month.end_cents}, not {end}")
        moved = sum(each.cents for each in month.moves.values())
        if month.start_cents + moved != month.end_cents:
            found.append(f"{name} does not add up")
        for kind, each in month.moves.items():
            people, cents = wanted.moves[name, kind], wanted.cents[name, kind]
            if each.people != people or abs(each.cents - cents) > 1:
                found.append(f"{name} {kind}: {each}, not {people}, {cents}")
        if sum(month.from_pause.values()) != wanted.resting[name]:
            found.append(f"{name}: {month.from_pause} left paused, not {wanted.resting[name]}")
        if month.brief != wanted.brief[name]:
            found.append(f"{name}: {month.brief} left as they had come, not {wanted.brief[name]}")
    return found


def _all_paid(one: Somebody) -> list[tuple[str, Paid]]:
    stays = [("year" if p.yearly else "month", p) for stay in one.stays for p in stay.paid]
    return [*stays, *(("gift", each) for each in one.gifts)]


def _money_problems(paid: list[tuple[str, Paid]]) -> list[str]:
    wanted: Counter[Any] = Counter()
    for kind, each in paid:
        month = _month(each.day)
        wanted[month, kind, "gross"] += each.cents
        wanted[month, kind, "net"] += each.cents - each.fee if each.fee is not None else 0
        if each.refunded is not None:
            wanted[_month(each.refunded), kind, "net"] -= each.cents
        if kind != "gift" and each.failed is not None:
            wanted[_month(each.failed), "failed"] += each.cents
            if each.day - each.failed <= 30:
                wanted[_month(each.failed), "recovered"] += each.cents
                wanted[_month(each.failed), "recovered", _way_in(each)] += each.cents
    found = []
    for line in income.income(now=NOW, count=MONTHS):
        for kind, part in line.kinds.items():
            name = f"{line.month.first:%Y-%m}"
            right = wanted[name, kind, "gross"], wanted[name, kind, "net"]
            if (part.gross_cents, part.net_cents) != right:
                found.append(f"{name} {kind}: {part}, not {right}")
    return [*found, *_failure_problems(wanted)]


def _failure_problems(wanted: Counter[Any]) -> list[str]:
    found = []
    for row in failures.failures(now=NOW, count=MONTHS):
        name = f"{row.month.first:%Y-%m}"
        if (row.failed.value, row.recovered.value) != (
            wanted[name, "failed"],
            wanted[name, "recovered"],
        ):
            found.append(f"{name}: {row}")
        for way, part in row.by.items():
            if part.value != wanted[name, "recovered", way]:
                found.append(f"{name} by {way}: {part}")
    return found


def _cohort_problems(wanted: Expected) -> list[str]:
    found = []
    for each in cohorts.cohorts(now=NOW, count=MONTHS):
        joined = f"{each.month.first:%Y-%m}"
        ends = [day for day in range(DAYS + 1) if day == DAYS or _month(day) != _month(day + 1)]
        later = [day for day in ends if _month(day) >= joined]
        for day, cell in zip(later, each.cells, strict=True):
            right = wanted.cohort[joined, day]
            if cell.active != (right if right >= 5 else None):
                found.append(f"{joined} in {_month(day)}: {cell.active}, not {right}")
    return found


def _year_problems(people: list[Somebody]) -> list[str]:
    gave = [{_month(paid.day)[:4] for _, paid in _all_paid(each)} for each in people]
    found = []
    for each in givers.years(now=NOW):
        year, before = str(each.year), str(each.year - 1)
        earlier = [years for years in gave if min(years, default="9") < before]
        right = (
            sum(year in years for years in gave),
            sum({year, before} <= years for years in gave),
            sum(before in years and year not in years for years in gave),
            sum(not {year, before} & years for years in earlier),
        )
        if (
            each.donors.number,
            each.kept,
            each.last_year_not_this,
            each.some_year_not_this,
        ) != right:
            found.append(f"{each}, not {right}")
    return found


@settings(
    max_examples=LIVES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
@given(seed=st.integers(0, 2**32))
def test_the_reports_of_any_lives_are_what_their_definitions_say(seed: int) -> None:
    chance = Random(seed)
    people = [_lived(chance) for _ in range(9)]
    before = transaction.savepoint()
    try:
        with time_machine.travel(NOW, tick=False):
            _write(people, chance)
            assert not _problems(people)
            told = figures.compare()
            assert told.equal, [str(each) for each in told.differences]
            kept = figures.stored()
            figures.rebuild()
            assert figures.stored() == kept
    finally:
        transaction.savepoint_rollback(before)
