"""The fourteen days to withdraw, and the days that do not count as the last."""

from datetime import date

import pytest

from billing.withdrawal import deadline, is_working_day, public_holidays


@pytest.mark.case("E14")
@pytest.mark.parametrize(
    ("agreed", "last"),
    [
        (date(2026, 3, 2), date(2026, 3, 16)),
        (date(2026, 3, 1), date(2026, 3, 16)),  # day 14 is a Sunday
        (date(2026, 3, 3), date(2026, 3, 18)),  # day 14 is Saint Patrick's
        (date(2026, 3, 17), date(2026, 3, 31)),  # across the change of the clocks
        (date(2026, 12, 11), date(2026, 12, 28)),  # Christmas, Saint Stephen's, a Sunday
        (date(2026, 3, 21), date(2026, 4, 7)),  # Easter Saturday to the day after Easter Monday
    ],
)
def test_it_ends_with_the_fourteenth_day_or_the_next_working_day(agreed: date, last: date) -> None:
    assert deadline(agreed) == last


def test_it_knows_the_public_holidays_of_ireland() -> None:
    assert sorted(public_holidays(2026)) == [
        date(2026, 1, 1),
        date(2026, 2, 2),
        date(2026, 3, 17),
        date(2026, 4, 6),
        date(2026, 5, 4),
        date(2026, 6, 1),
        date(2026, 8, 3),
        date(2026, 10, 26),
        date(2026, 12, 25),
        date(2026, 12, 26),
    ]
    assert date(2030, 2, 1) in public_holidays(2030), "a Friday keeps Saint Brigid's Day"


@pytest.mark.parametrize(
    "easter_monday",
    [date(2024, 4, 1), date(2025, 4, 21), date(2027, 3, 29), date(2030, 4, 22), date(2038, 4, 26)],
)
def test_it_knows_when_easter_is(easter_monday: date) -> None:
    assert not is_working_day(easter_monday)
