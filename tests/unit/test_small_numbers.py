"""What is of one to four persons is told nowhere, and cannot be computed from what is told."""

from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from members.reports.small import hidden, tells


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(st.integers(0, 12), min_size=2, max_size=5), min_size=2, max_size=5))
def test_no_small_number_is_told_or_stands_alone_in_a_sum(grid: list[list[int]]) -> None:
    width = min(len(row) for row in grid)
    at = {(y, x): row[x] for y, row in enumerate(grid) for x in range(width)}
    sums = [[(y, x) for x in range(width)] for y in range(len(grid))]
    sums += [[(y, x) for y in range(len(grid))] for x in range(width)]
    gone = hidden(at, sums)
    assert not any(tells(number) for key, number in at.items() if key not in gone)
    for each in sums:
        inside = gone.intersection(each)
        assert len(inside) != 1
        # Nor does a small one stand beside nobody, while somebody else of the sum is told.
        somebody = [at[key] for key in inside if at[key]]
        alone = len(somebody) == 1 and tells(somebody[0])
        assert not alone or not any(at[key] for key in each if key not in gone)
    assert gone or not any(tells(number) for number in at.values())


@pytest.mark.parametrize(
    "grid",
    [
        [[4, 0], [0, 0], [6, 0]],
        [[1, 0, 0], [7, 0, 5]],
        [[0, 1], [0, 4]],
        [[3, 0, 0], [0, 9, 0], [5, 0, 0]],
        [[2, 0], [9, 0], [0, 9]],
    ],
)
def test_no_small_number_can_be_computed_from_what_is_told(grid: list[list[int]]) -> None:
    """Months and kinds with their totals, as a reader has them who can solve equations.

    Four had joined and nobody had returned; hidden with them was a nought of a column whose total,
    nought, was told: so the four could be read.
    """
    width, total = len(grid[0]), len(grid)
    table = [*grid, [sum(row[x] for row in grid) for x in range(width)]]
    at: dict[tuple[int, int], int | None]
    at = {(y, x): number for y, row in enumerate(table) for x, number in enumerate(row)}
    # What a month's kinds come to is told beside them; each column ends with its total.
    sums = [[(y, x) for x in range(width)] for y in range(total + 1)]
    sums += [[(y, x) for y in range(total + 1)] for x in range(width)]
    gone = hidden(at, sums)
    for key, number in at.items():
        if number is not None and tells(number):
            assert len(set(_possible(table, gone, key))) > 1, (table, gone, key)


def _possible(
    table: list[list[int]], gone: set[tuple[int, int]], wanted: tuple[int, int]
) -> Iterator[int]:
    """What a cell may hold, as far as the told cells, and the sums of the rows, say."""
    height, width = len(table) - 1, len(table[0])
    for chosen in product(*(_row_fits(table, gone, y) for y in range(height))):
        totals = tuple(sum(row[x] for row in chosen) for x in range(width))
        if all((height, x) in gone or totals[x] == table[height][x] for x in range(width)):
            yield [*chosen, totals][wanted[0]][wanted[1]]


def _row_fits(table: list[list[int]], gone: set[tuple[int, int]], y: int) -> list[tuple[int, ...]]:
    told = table[y]
    choices = [
        range(sum(told) + 1) if (y, x) in gone else [number] for x, number in enumerate(told)
    ]
    return [each for each in product(*choices) if sum(each) == sum(told)]
