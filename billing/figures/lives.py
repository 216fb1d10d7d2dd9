"""A person's life as a member: from dated facts to what became of them, and when. Pure.

Every moment is Stripe's, or that of a wish of ours; none is when we learnt of it. So the same facts
give the same life whatever the order in which they came. DOMAIN 7; docs/metrics.md in words.

What a membership is worth at a moment is what was last paid for it: a payment of €1.99 for a month
or of €23.88 for a year, in twelfths of a cent a month, so that every sum is exact. A change of the
amount counts from the first payment that it was asked in.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple
from uuid import UUID

from billing.figures.names import OFFERED_PAUSE_DAYS, PAUSE_DAYS, YEARLY_FROM_DAYS, Move
from billing.states import EndReason

_LONGEST_PAUSE: Final = timedelta(days=PAUSE_DAYS)
_OFFERED_PAUSE: Final = timedelta(days=OFFERED_PAUSE_DAYS)
_A_YEARS: Final = timedelta(days=YEARLY_FROM_DAYS)
# Half-way between a month and a quarter, and so on.
_UP_TO: Final = (
    (1, timedelta(days=YEARLY_FROM_DAYS)),
    (2, timedelta(days=76)),
    (3, timedelta(days=106)),
    (4, timedelta(days=152)),
    (6, timedelta(days=274)),
    (12, timedelta(days=548)),
    (24, timedelta.max),
)
# Of two that end at one moment, that with the graver reason says how the person left.
_WAYS_OUT: Final[dict[Move, frozenset[str]]] = {
    Move.DISPUTE: frozenset({EndReason.DISPUTED, EndReason.FRAUD}),
    Move.INVOLUNTARY: frozenset({EndReason.PAYMENT_FAILED}),
    Move.WITHDRAWN: frozenset({EndReason.WITHDRAWN, EndReason.DUPLICATE}),
}


class Paid(NamedTuple):
    """What was paid for one period of a membership, of so many months: one invoice.

    `own` is what the period itself cost, where prorations or a credit stood beside it, or where no
    money came for it at all; `extra` the part that was given on top.
    """

    at: datetime
    cents: int
    begins: datetime | None
    ends: datetime | None
    months: int
    own: int | None = None
    extra: int = 0

    @property
    def yearly(self) -> bool:
        return self.months >= 12

    @property
    def price(self) -> int:
        """Cents that the period cost."""
        return self.cents if self.own is None else self.own

    @property
    def worth(self) -> int:
        """Twelfths of a cent a month."""
        return self.price * 12 // self.months

    @property
    def terms(self) -> tuple[int, int, int]:
        """What a change of it is seen by."""
        return self.price, self.months, self.extra


@dataclass(frozen=True, slots=True)
class Stay:
    """One membership: from its first payment to its end, with what was paid and when it paused.

    `otherwise` is its worth in twelfths where no payment says it, as of a row from an import;
    `resumes` when a pause that runs is set to end.
    """

    began: datetime
    ended: datetime | None
    reason: str
    campaign: UUID | None
    yearly: bool
    otherwise: int
    paid: tuple[Paid, ...] = ()
    pauses: tuple[tuple[datetime, datetime | None], ...] = ()
    resumes: datetime | None = None
    # What is ahead of it: the end that is set, or the end of the paid year after which it goes on;
    # and the cents of its next payment.
    leaves: datetime | None = None
    renews: datetime | None = None
    cents: int = 0

    @property
    def at_stake(self) -> int:
        """What a forecast loses by its end: a payment like the last one, in cents.

        Nothing of a monthly one that is paused: it is in no forecast.
        """
        worth, yearly = self.otherwise, self.yearly
        if self.paid:
            worth, yearly = self.paid[-1].worth, self.paid[-1].yearly
        if yearly:
            return worth
        return 0 if self.pauses and self.pauses[-1][1] is None else worth // 12

    def stands(self, at: datetime) -> bool:
        return self.began <= at and (self.ended is None or at < self.ended)

    def rests(self, at: datetime) -> bool:
        """Whether it is paused at this moment."""
        return any(begin <= at and (end is None or at < end) for begin, end in self.pauses)

    def is_free(self, at: datetime) -> bool:
        """Whether a period runs that costs nothing: a trial, or a discount of all of it."""
        return not self.rests(at) and not self.price(at)[0]

    def price(self, at: datetime) -> tuple[int, bool]:
        """What was last paid for it, in twelfths a month, and whether that was for a year."""
        last = self._last(at)
        return (last.worth, last.yearly) if last else (self.otherwise, self.yearly)

    def on_top(self, at: datetime) -> int:
        """The part of the price that is given on top, in twelfths a month."""
        last = self._last(at)
        return last.extra * 12 // last.months if last else 0

    def _last(self, at: datetime) -> Paid | None:
        first = self.paid[0] if self.paid else None
        return next((each for each in reversed(self.paid) if each.at <= at), first)

    def moments(self) -> Iterator[datetime]:
        """When anything of it may have changed."""
        yield self.began
        if self.ended is not None:
            yield self.ended
        for begin, end in self.pauses:
            yield begin
            if end is not None:
                yield end
        for one, next_one in pairwise(self.paid):
            if one.terms != next_one.terms:
                yield next_one.at


@dataclass(frozen=True, slots=True)
class Movement:
    """One thing that became of a person. Twelfths of a cent a month, before and after.

    `resting` is true of one who left while they paused: they gave nothing any more.
    """

    at: datetime
    kind: Move
    before: int
    after: int
    resting: bool = False
    # Of a pause that became too long: nobody did anything at that moment.
    lapsed: bool = False


@dataclass(slots=True)
class _Now:
    """How it stands with a person: what they give, or since when they pause.

    Or that they are asked for nothing: that rests as a pause does, and is never too long.
    """

    worth: int = 0
    paused_at: datetime | None = None
    free: bool = False
    ever: bool = False


def movements(stays: Iterable[Stay]) -> list[Movement]:
    """All that became of a person, in order. Changes of one moment are one."""
    stays = [each for each in stays if each.ended is None or each.ended > each.began]
    found: list[Movement] = []
    now = _Now()
    for at in sorted({moment for each in stays for moment in each.moments()}):
        lapse = _lapse(now, until=at)
        if lapse is not None:
            found.append(lapse)
            now.paused_at = None
        standing = [each for each in stays if each.stands(at)]
        worth = sum(each.price(at)[0] for each in standing if not each.rests(at))
        move = _move(now, worth, standing, at, stays)
        if move is not None:
            found.append(move)
        free = not worth and any(each.is_free(at) for each in standing)
        _step(now, worth, at, rests=bool(standing) and not worth, free=free)
    ahead = min((each.resumes for each in stays if each.resumes), default=None)
    lapse = _lapse(now, until=ahead)
    return [*found, lapse] if lapse is not None else found


def _lapse(now: _Now, *, until: datetime | None) -> Movement | None:
    """The end of a pause that is too long, if it lasts until this moment (None: nobody knows)."""
    if now.paused_at is None or now.free:
        return None
    if until is not None and until - now.paused_at <= _OFFERED_PAUSE:
        return None
    over = now.paused_at + _LONGEST_PAUSE
    return Movement(over, Move.VOLUNTARY, 0, 0, resting=True, lapsed=True)


def _move(
    now: _Now, worth: int, standing: list[Stay], at: datetime, stays: list[Stay]
) -> Movement | None:
    if worth == now.worth and worth:
        return None
    if worth and now.worth:
        kind = Move.EXPANSION if worth > now.worth else Move.CONTRACTION
    elif worth:
        kind = _arrival(now)
    elif standing:
        if not now.worth:
            return None
        kind = Move.PAUSED
    elif now.worth or now.paused_at is not None:
        kind = way_out(each.reason for each in stays if each.ended == at)
    else:
        return None
    resting = not worth and not now.worth
    return Movement(at, kind, now.worth, worth, resting=resting)


def _arrival(now: _Now) -> Move:
    if not now.ever:
        return Move.NEW
    return Move.REACTIVATION if now.paused_at is None else Move.RESUMED


def way_out(reasons: Iterable[str]) -> Move:
    """What leaving for these reasons is called; of several the gravest."""
    told = set(reasons)
    return next((way for way, words in _WAYS_OUT.items() if told & words), Move.VOLUNTARY)


def _step(now: _Now, worth: int, at: datetime, *, rests: bool, free: bool) -> None:
    if rests:
        if now.worth or (now.free and not free):
            now.paused_at = at
    else:
        now.paused_at = None
    now.worth, now.ever, now.free = worth, now.ever or bool(worth), free


def months_of(begins: datetime | None, ends: datetime | None, *, otherwise: int) -> int:
    """How many months a period has, as Stripe dated it; `otherwise` if it did not.

    We sell months and years; the others can be set in the dashboard (DOMAIN 7: a quarter is 1/3).
    What is shorter than a month counts as one, and the night tells a person of it.
    """
    if begins is None or ends is None:
        return otherwise
    return next(months for months, days in _UP_TO if ends - begins <= days)


def is_yearly(begins: datetime | None, ends: datetime | None, *, otherwise: bool) -> bool:
    """Whether a period is a year's, as Stripe dated it; `otherwise` where it did not."""
    return ends - begins > _A_YEARS if begins and ends else otherwise
