"""How letters and receipts put a day, an amount and a rhythm into words."""

from datetime import date, datetime

from django.utils.dateformat import format as format_date

from billing.dates import dublin_date
from billing.models.plan import Interval
from billing.money import format_amount


def long_date(moment: datetime | date) -> str:
    """The day, as Dublin has it, written out: "2 March 2026"."""
    day = dublin_date(moment) if isinstance(moment, datetime) else moment
    return format_date(day, "j F Y")


def price(cents: int, currency: str, interval: str) -> str:
    """An amount with its rhythm: "€1.99 every month"."""
    return f"{format_amount(cents, currency)} {Interval(interval).label}"
