"""The chart of accounts: which code each figure is posted to, and how a program wants its file.

A TOML file, read once and refused loudly: BOOKS_FILE, or the one that ships beside this module.
"""

import tomllib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from billing.accounts.movements import INCOME

ACCOUNTS: Final = (
    "clearing",
    "bank",
    "outside",
    *(f"income_{of}" for of in INCOME),
    "refunds",
    "disputes",
    "fees_processing",
    "fees_disputes",
    "fees_stripe",
    "deferred",
    "adjustments",
    "suspense",
)
# Without a code of their own these are posted to the income that the money came as.
_MAY_BE_EMPTY: Final = {"refunds", "disputes"}
FIELDS: Final = frozenset(
    {"narration", "reference", "date", "description", "account", "tax", "no_tax", "nothing"}
    | {"amount", "size", "debit", "credit", "debit_or_credit"}
    | {"tracking_name", "tracking_option"}
)
_SHIPPED: Final = Path(__file__).with_name("chart.toml")


@dataclass(frozen=True, slots=True)
class Layout:
    """How one program wants its journal: a heading and one of FIELDS for each column."""

    name: str
    title: str
    date: str
    tax: str
    lines: int
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """The codes, the labels and the layouts of one day. A closed month keeps those of its own."""

    accounts: dict[str, str]
    tracking_name: str
    tracking: dict[str, str]
    layouts: tuple[Layout, ...]

    def layout(self, name: str) -> Layout | None:
        return next((each for each in self.layouts if each.name == name), None)

    def frozen(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def thawed(cls, told: dict[str, Any]) -> Self:
        layouts = tuple(
            Layout(**each | {"columns": tuple((a, b) for a, b in each["columns"])})
            for each in told["layouts"]
        )
        return cls(**told | {"layouts": layouts})


def current() -> Chart:
    """The chart as it is configured now. Raises ImproperlyConfigured, naming all that is wrong."""
    return read(Path(settings.BOOKS_FILE or _SHIPPED))


@cache
def read(path: Path) -> Chart:
    """The chart in this file. Raises ImproperlyConfigured."""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as problem:
        raise ImproperlyConfigured(f"BOOKS_FILE cannot be read: {problem}") from problem
    wrong = [*_wrong_accounts(told), *_wrong_layouts(told), *_wrong_tracking(told)]
    if wrong:
        raise ImproperlyConfigured("BOOKS_FILE: " + "; ".join(wrong))
    tracking = told.get("tracking", {})
    return Chart(
        accounts={name: told["accounts"][name] for name in ACCOUNTS},
        tracking_name=tracking.get("name", ""),
        tracking=tracking.get("options", {}),
        layouts=tuple(_layout(name, each) for name, each in told["layouts"].items()),
    )


def _layout(name: str, told: dict[str, Any]) -> Layout:
    columns = tuple((heading, field) for heading, field in told["columns"])
    return Layout(name, told["title"], told["date"], told["tax"], told["lines"], columns)


def _wrong_accounts(told: dict[str, Any]) -> list[str]:
    given = told.get("accounts")
    if not isinstance(given, dict):
        return ["[accounts] is missing"]
    wrong = [f"accounts.{name} is missing" for name in ACCOUNTS if name not in given]
    wrong += [f"accounts.{name} is none of ours" for name in given.keys() - set(ACCOUNTS)]
    for name, code in given.items():
        if not isinstance(code, str):
            wrong.append(f'accounts.{name} must stand in quotes: "{code}"')
        elif not code.strip() and name not in _MAY_BE_EMPTY:
            wrong.append(f"accounts.{name} is empty")
    return sorted(wrong)


def _wrong_layouts(told: dict[str, Any]) -> list[str]:
    given = told.get("layouts")
    if not isinstance(given, dict) or not given:
        return ["[layouts] is missing"]
    odd = [f"layouts.{name} is no table" for name in given if not isinstance(given[name], dict)]
    return odd or [each for name in given for each in _wrong_layout(name, given[name])]


def _wrong_layout(name: str, told: dict[str, Any]) -> list[str]:
    kinds = {"title": str, "date": str, "tax": str, "lines": int, "columns": list}
    wrong = [
        f"layouts.{name}.{key} is missing, or no {kind.__name__}"
        for key, kind in kinds.items()
        if type(told.get(key)) is not kind
    ]
    if wrong:
        return wrong
    if not name.isascii() or not name.isidentifier():
        wrong.append(f"layouts.{name} must be named by letters and figures")
    if told["lines"] < 2:
        wrong.append(f"layouts.{name}.lines has no room for a debit and a credit")
    if not _tells_the_day(told["date"]):
        wrong.append(f"layouts.{name}.date is no pattern such as %d/%m/%Y")
    return wrong + _wrong_columns(name, told["columns"])


def _tells_the_day(pattern: str) -> bool:
    """Whether day, month and year can be read from what it writes."""
    day = datetime(2026, 3, 31, tzinfo=UTC)
    try:
        return datetime.strptime(day.strftime(pattern), pattern).date() == day.date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return False


def _wrong_columns(name: str, columns: list[Any]) -> list[str]:
    if not all(isinstance(each, list) and list(map(type, each)) == [str, str] for each in columns):
        return [f"layouts.{name}.columns are not pairs of a heading and a field"]
    fields = [field for _, field in columns]
    wrong = [
        f"layouts.{name} has a column of {field!r}; there are {', '.join(sorted(FIELDS))}"
        for field in fields
        if field not in FIELDS
    ]
    whole = {"amount"} <= set(fields) or {"debit", "credit"} <= set(fields)
    if not whole and not {"size", "debit_or_credit"} <= set(fields):
        wrong.append(f"layouts.{name} does not say the amount and its side")
    wrong += [f"layouts.{name} has no {each}" for each in ("account", "date") if each not in fields]
    return wrong


def _wrong_tracking(told: dict[str, Any]) -> list[str]:
    given = told.get("tracking", {})
    options = given.get("options", {}) if isinstance(given, dict) else None
    if not isinstance(options, dict) or not all(isinstance(word, str) for word in options.values()):
        return ["[tracking] has no name with words in [tracking.options]"]
    wrong = [f"tracking.options.{of} is no kind of income" for of in options.keys() - set(INCOME)]
    if options and not given.get("name"):
        wrong.append("tracking.name is missing")
    return wrong
