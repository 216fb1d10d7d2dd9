"""How letters and receipts put a day, an amount and a rhythm into words."""

from datetime import UTC, date, datetime

from django.utils.dateformat import format as format_date

from billing.dates import DUBLIN, dublin_date
from billing.models.plan import Interval
from billing.money import format_amount


def long_date(moment: datetime | date) -> str:
    """The day, as Dublin has it, written out: "2 March 2026"."""
    day = dublin_date(moment) if isinstance(moment, datetime) else moment
    return format_date(day, "j F Y")


def moment_words(moment: datetime) -> str:
    """A day with its time, on both clocks: "2 June 2026, 13:05 Irish time (12:05 UTC)"."""
    local, utc = moment.astimezone(DUBLIN), moment.astimezone(UTC)
    return f"{long_date(moment)}, {local:%H:%M} Irish time ({utc:%H:%M} UTC)"


def price(cents: int, currency: str, interval: str) -> str:
    """An amount with its rhythm: "€1.99 every month"."""
    return f"{format_amount(cents, currency)} {Interval(interval).label}"
