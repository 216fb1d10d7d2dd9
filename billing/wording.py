"""How letters and receipts put a day, an amount and a rhythm into words, in the active language."""

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Final

from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from billing.dates import DUBLIN, dublin_date
from billing.models.plan import Interval
from billing.money import format_amount

# Beside the choices of the model, whose labels stand in migrations and are the pages' own.
_RHYTHMS: Final = {
    Interval.MONTH: gettext_noop("every month"),
    Interval.YEAR: gettext_noop("every year"),
    Interval.ONCE: gettext_noop("once"),
}

# Names that rows keep in English. What staff named is theirs, and a brand is a brand, everywhere.
_SHIPPED: Final = (
    gettext_noop("Monthly support"),
    gettext_noop("Yearly support"),
    gettext_noop("One-off gift"),
    gettext_noop("Paid to us directly"),
    gettext_noop("SEPA direct debit"),
    gettext_noop("Card"),
)
_ENDING: Final = re.compile(r"(.+) ending (\w{1,4})")

# Mail programs make a link of it: who joins with a stranger's address would have us send it there.
_LINK: Final = re.compile(r"//|\bwww\.|\w\.[^\W\d_]{2,}", re.IGNORECASE)

# Marks that turn the rest of a line around, whoever it belongs to.
_TURNING: Final = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def called(name: str) -> str:
    """A name as a letter greets by it: on one line, and nothing in it that acts on what follows.

    The joiners of Persian or of emoji stay. "" if nothing can be seen of it, or if it is a link.
    """
    kept = "".join(
        " " if unicodedata.category(sign) in {"Cc", "Zl", "Zp"} else sign
        for sign in name
        if sign not in _TURNING and unicodedata.category(sign) != "Cs"
    )
    seen = any(unicodedata.category(sign)[0] in "LNPS" for sign in kept)
    return " ".join(kept.split()) if seen and not _LINK.search(kept) else ""


def long_date(moment: datetime | date) -> str:
    """The day, as Dublin has it, written out: "2 March 2026"."""
    day = dublin_date(moment) if isinstance(moment, datetime) else moment
    return format_date(day, "j F Y")


def moment_words(moment: datetime) -> str:
    """A day with its time, on both clocks: "2 June 2026, 13:05 Irish time (12:05 UTC)"."""
    local, utc = moment.astimezone(DUBLIN), moment.astimezone(UTC)
    return _("%(day)s, %(time)s Irish time (%(utc)s UTC)") % {
        "day": long_date(moment),
        "time": f"{local:%H:%M}",
        "utc": f"{utc:%H:%M}",
    }


def rhythm(interval: str) -> str:
    """How often: "every month"."""
    return _(_RHYTHMS[Interval(interval)])


def price(cents: int, currency: str, interval: str) -> str:
    """An amount with its rhythm: "€1.99 every month"."""
    return f"{format_amount(cents, currency)} {rhythm(interval)}"


def named(name: str) -> str:
    """The name of a plan or a means of payment that ships with the service; others as they are."""
    return _(name) if name in _SHIPPED else name


def means(label: str) -> str:
    """What was paid with, of what a row keeps of it: "Visa ending 4242"."""
    ending = _ENDING.fullmatch(label)
    if ending is None:
        return named(label)
    return _("%(method)s ending %(last4)s") % {"method": named(ending[1]), "last4": ending[2]}
