"""Small numbers: what is of fewer than five persons might tell of one of them, so it is not told.

The one rule for every page, chart and file that all staff may open (docs/metrics.md).
"""

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, TypeVar

# A group so small would tell of persons (DOMAIN 7).
SMALLEST: Final = 5

K = TypeVar("K", bound=Hashable)

_told_in_full: ContextVar[bool] = ContextVar("told_in_full", default=False)


@contextmanager
def in_full() -> Iterator[None]:
    """Hide nothing of what is told inside: for who may take out the rows behind it."""
    before = _told_in_full.set(True)
    try:
        yield
    finally:
        _told_in_full.reset(before)


def shown(people: int) -> bool:
    """Whether a group is large enough to be told of."""
    return people >= SMALLEST or _told_in_full.get()


def tells(people: int) -> bool:
    """Whether this number would tell of persons: nobody is no person."""
    return 0 < people < SMALLEST and not _told_in_full.get()


def few(people: int) -> str:
    """A number of persons in words that tell of none of them."""
    return f"under {SMALLEST}" if tells(people) else f"{people:,}"


def hidden(people: Mapping[K, int | None], sums: Collection[Sequence[K]] = ()) -> set[K]:
    """The cells that are not told: those of one to four persons, and what would tell of these.

    Each of `sums` are cells that add up to something that is told. One hidden alone among them
    could be computed from the others, so the smallest of the others that is anybody is hidden as
    well: both look the same, and which of them is small is not seen. A total stands last among its
    cells. None is a cell that was hidden before.
    """
    gone = {key for key, number in people.items() if number is None or tells(number)}
    found = not _told_in_full.get()
    while found:
        found = False
        for cells in sums:
            another = _beside(cells, people, sums, gone)
            if another is not None:
                gone.add(another)
                found = True
    return gone


def _beside(
    cells: Sequence[K],
    people: Mapping[K, int | None],
    sums: Collection[Sequence[K]],
    gone: Collection[K],
) -> K | None:
    """A cell of this sum that has to be hidden with those that are, or None."""
    inside = [people[each] for each in cells if each in gone]
    others = [each for each in cells if each in people and each not in gone]
    somebody = [each for each in others if people[each]]
    if somebody and (len(inside) == 1 or _stands_alone(inside)):
        return min(somebody, key=lambda each: people[each] or 0)
    if others and not somebody and set(inside) == {0}:
        # All of it is nobody: while its total says so, no nought of it hides anything.
        return others[-1] if len(inside) == 1 or cells[-1] in others else None
    if others and not somebody and len(inside) == 1:
        return min(reversed(others), key=lambda each: _known(each, people, sums))
    return None


def _known(nought: K, people: Mapping[K, int | None], sums: Collection[Sequence[K]]) -> int:
    """In how many sums of nobody this cell of nobody is: there everyone can tell what it is."""
    return sum(
        nought in cells and not any(people.get(each) != 0 for each in cells) for cells in sums
    )


def _stands_alone(inside: list[int | None]) -> bool:
    """Whether one small cell is hidden among nobody: what they come to would be that cell."""
    somebody = [number for number in inside if number != 0]
    return len(somebody) == 1 and (somebody[0] is None or tells(somebody[0]))
