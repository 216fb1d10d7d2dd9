"""What lies ahead, in rows: a column that would change, or something that would be written."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from billing.dates import DUBLIN
from billing.money import decimal_amount


@dataclass(frozen=True, slots=True)
class Change:
    """`what` is a kind of row of ours, `which` its id (Stripe's, where the row is not there yet).

    Without a column the row itself would be written, and `after` says in a word what it holds.
    """

    what: str
    which: str
    column: str = ""
    before: str = ""
    after: str = ""

    @property
    def column_label(self) -> str:
        """The column as staff read it: "amount", "past due since"."""
        return self.column.removesuffix("_cents").replace("_", " ")

    def __str__(self) -> str:
        if not self.column:
            return f"{self.what} {self.after}".strip() + " to be written"
        return f"{self.what} {self.column} {self.before or 'none'} -> {self.after or 'none'}"


@dataclass(slots=True)
class Outlook:
    """`ours` is whether the object is ours at all; `refusal` why it could not be applied."""

    ours: bool = False
    refusal: str = ""
    changes: list[Change] = field(default_factory=list)

    @property
    def differs(self) -> bool:
        """Whether applying it would do anything, be it in vain."""
        return bool(self.changes or self.refusal)

    def __str__(self) -> str:
        told = [self.refusal] if self.refusal else [str(each) for each in self.changes]
        return ", ".join(told[:6]) + (f" and {len(told) - 6} more" if len(told) > 6 else "")


def told(column: str, value: Any) -> str:
    """A value as staff read it: amounts in the currency's unit, moments in Dublin's time."""
    if value is None or value == "":
        return ""
    if isinstance(value, datetime):
        return f"{value.astimezone(DUBLIN):%Y-%m-%d %H:%M}"
    if column.endswith("_cents"):
        return decimal_amount(value)
    return str(value)
