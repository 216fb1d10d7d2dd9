"""All that is asked of the figures: found in the package of reports, so that none is forgotten."""

import inspect
import pkgutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from django.db.models import QuerySet
from django.test import Client
from django.urls import URLPattern

from members import reports
from members.reports.months import Month
from members.reports.present import duplicates
from members.staff.urls import urlpatterns

Questions = dict[str, Callable[[], object]]

MONTHS: Final = 24
SHOWN: Final = 50
# What reports are made of.
_PARTS: Final = {"amounts", "definitions", "months", "rollups", "small"}
_NO_QUESTION: Final = {"cohorts.shown"}
# Counted from the rows of a week, for a letter that goes out once in it: told, not judged.
WEEKLY: Final = ("money.", "people.")
# Files, which are streamed, and pages that only redirect.
_NO_PAGE: Final = {"staff-members-csv", "staff-demo-code"}
_MORE_PAGES: Final = (
    "members/?state=past_due",
    "members/?state=ended",
    "members/?page=100",
    "members/?page=999999999",
)


class Unasked(TypeError):
    """A report wants to be asked with something that nobody here knows to give."""


def of_reports(*, now: datetime) -> Questions:
    """Every public function of members/reports, by its name. Raises Unasked."""
    found: Questions = {}
    for each in pkgutil.iter_modules(reports.__path__):
        if each.name not in _PARTS:
            module = import_module(f"{reports.__name__}.{each.name}")
            for name, function in _functions(module):
                if (full := f"{each.name}.{name}") not in _NO_QUESTION:
                    arguments = _arguments(full, function, now)
                    found[full] = partial(_whole, function, arguments)
    return found


def of_pages(client: Client) -> Questions:
    """Every page of the staff that has an address without a name in it, and some of its lists."""
    addresses = [
        str(each.pattern)
        for each in urlpatterns
        if isinstance(each, URLPattern)
        and str(each.name).startswith("staff-")
        and each.name not in _NO_PAGE
        and "<" not in str(each.pattern)
    ]
    found: Questions = {}
    for address in (*addresses, *_MORE_PAGES):
        # What is only posted to says so.
        if client.get(f"/staff/{address}").status_code == 200:
            found[f"/staff/{address}"] = partial(client.get, f"/staff/{address}")
    return found


def _functions(module: ModuleType) -> Iterator[tuple[str, Callable[..., object]]]:
    for name, function in inspect.getmembers(module, inspect.isfunction):
        if function.__module__ == module.__name__ and not name.startswith("_"):
            yield name, function


def _arguments(
    name: str, function: Callable[..., object], now: datetime
) -> dict[str, Callable[[], object]]:
    known: dict[str, Callable[[], object]] = {
        "now": lambda: now,
        "count": lambda: MONTHS,
        "months": lambda: [Month(now.date(), now - timedelta(days=7), now)],
        "until": lambda: now + timedelta(days=365),
        "supporter_ids": lambda: [*duplicates().values_list("pk", flat=True)[:SHOWN]],
    }
    chosen = {}
    for each in inspect.signature(function).parameters.values():
        if each.default is inspect.Parameter.empty:
            if each.name not in known:
                raise Unasked(f"{name}: {each.name}")
            chosen[each.name] = known[each.name]
    return chosen


def _whole(function: Callable[..., Any], arguments: dict[str, Callable[[], object]]) -> object:
    """Ask, and read the answer to its end; of a list as much as a page shows."""
    answer = function(**{name: value() for name, value in arguments.items()})
    if isinstance(answer, QuerySet):
        return [*answer[:SHOWN]]
    return [*answer] if isinstance(answer, Iterator) else answer
