"""Exact amounts and shares: sums are whole numbers, and are rounded once, where they are shown."""

from itertools import accumulate, pairwise


def months_worth(twelfths: int) -> int:
    """Cents a month from whole twelfths of a cent, rounded once, half up: 5970 -> 498."""
    return divided(twelfths, 12)


def divided(amount: int, by: int) -> int:
    """The quotient, rounded once, half up."""
    return (2 * amount + by) // (2 * by)


def adding_up(start: int, changes: list[int]) -> list[int]:
    """Changes in cents, of changes in twelfths, such that they lead from start to end to the cent.

    Start and end are rounded each for itself (months_worth); rounded so as well, the changes would
    miss by a cent or two. So each is the difference of two rounded sums.
    """
    sums = [months_worth(each) for each in accumulate(changes, initial=start)]
    return [after - before for before, after in pairwise(sums)]


def share(part: int, whole: int) -> int | None:
    """The part of the whole in hundredths of a per cent, half up; None where there is no whole."""
    return divided(10_000 * part, whole) if whole > 0 else None
