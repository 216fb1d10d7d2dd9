"""Where did the monthly income come from, and where did it go? MRR, every month, to the cent."""

from dataclasses import dataclass
from datetime import datetime

from billing.dates import dublin_date
from billing.figures import names
from billing.figures.names import CHURN, Move
from members.reports import rollups
from members.reports.amounts import adding_up, months_worth, share
from members.reports.months import Month, last_months
from members.reports.rollups import Book, Number


@dataclass(frozen=True, slots=True)
class Moved:
    """One kind of movement in a month: how many persons, and cents a month, negative if lost."""

    people: int
    cents: int


@dataclass(frozen=True, slots=True)
class MovementMonth:
    """A month: start + all of `moves` = end, in cents as well as in active members.

    `from_pause` are those who left while they were paused, by Move: they gave nothing any more, so
    they are neither in `moves` nor in the sums.
    """

    month: Month
    active_start: int
    active_end: int
    start_cents: int
    end_cents: int
    moves: dict[Move, Moved]
    from_pause: dict[Move, int]
    # Of those who churned: who had joined or returned in the same month.
    brief: int
    # The part of `end_cents` that is given on top, and by how many memberships.
    on_top: int
    on_top_cents: int

    @property
    def churned(self) -> int:
        """Active members who left, withdrawals apart."""
        return sum(self.moves[each].people for each in CHURN)

    @property
    def churned_cents(self) -> int:
        return -sum(self.moves[each].cents for each in CHURN)

    @property
    def left(self) -> int:
        """All who left: active or paused, withdrawn or not."""
        withdrawn = self.moves[Move.WITHDRAWN].people
        return self.churned + withdrawn + sum(self.from_pause.values())

    @property
    def churn_share(self) -> int | None:
        """Churned in the month of those active at its start, in hundredths of a per cent."""
        return share(self.churned, self.active_start)

    @property
    def gross_churn_share(self) -> int | None:
        """(churn + contraction) / MRR at the start, in hundredths of a per cent."""
        return share(self.churned_cents - self.moves[Move.CONTRACTION].cents, self.start_cents)

    @property
    def net_churn_share(self) -> int | None:
        """The same less expansion and reactivation; below zero where more was gained than lost."""
        gained = self.moves[Move.EXPANSION].cents + self.moves[Move.REACTIVATION].cents
        lost = self.churned_cents - self.moves[Move.CONTRACTION].cents
        return share(lost - gained, self.start_cents)


def movement(*, now: datetime, count: int) -> list[MovementMonth]:
    """The last `count` months, oldest first; the last of them runs. One query."""
    months = last_months(now=now, count=count)
    book = rollups.read(
        names.MOVEMENT,
        names.STANDING,
        names.LEFT_PAUSED,
        names.BRIEF,
        names.LAPSED,
        names.ON_TOP,
        last=dublin_date(now),
    )
    standing = book.until(names.STANDING, months[0].first)
    on_top = book.until(names.ON_TOP, months[0].first)
    found = []
    for month in months:
        after = rollups.total([standing, book.at(names.STANDING, month.first)])
        on_top = rollups.total([on_top, book.at(names.ON_TOP, month.first)])
        found.append(_month(book, month, (standing, after), on_top))
        standing = after
    return found


def _month(
    book: Book, month: Month, standing: tuple[Number, Number], on_top: Number
) -> MovementMonth:
    before, after = standing
    numbers = [book.at(names.MOVEMENT, month.first, kind) for kind in Move]
    cents = adding_up(before.value, [each.value for each in numbers])
    moves = {
        kind: Moved(number.number, change)
        for kind, number, change in zip(Move, numbers, cents, strict=True)
    }
    return MovementMonth(
        month=month,
        active_start=before.number,
        active_end=after.number,
        start_cents=months_worth(before.value),
        end_cents=months_worth(after.value),
        moves=moves,
        from_pause=_from_pause(book, month),
        brief=book.at(names.BRIEF, month.first).number,
        on_top=on_top.number,
        on_top_cents=months_worth(on_top.value),
    )


def _from_pause(book: Book, month: Month) -> dict[Move, int]:
    left = {
        kind: book.at(names.LEFT_PAUSED, month.first, kind).number
        for kind in (*CHURN, Move.WITHDRAWN)
    }
    # A pause that became too long: by the day, since it is known before it comes.
    days = [day for day in book.months(names.LAPSED) if day.replace(day=1) == month.first]
    left[Move.VOLUNTARY] += sum(book.at(names.LAPSED, day).number for day in days)
    return left
