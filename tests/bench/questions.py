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
from django.utils import timezone

from billing.accounts import months
from billing.dates import dublin_date, months_back
from billing.models import Membership, Payment
from billing.states import PaymentState
from members import reports, search
from members.exports import shapes
from members.models import StaffMember
from members.models.access import Purpose
from members.models.listing import Subject
from members.reports.months import Month
from members.reports.present import duplicates
from members.search import CardPayment
from members.staff.urls import urlpatterns

Questions = dict[str, Callable[[], object]]

MONTHS: Final = 24
SHOWN: Final = 50
# What reports are made of.
_PARTS: Final = {"amounts", "definitions", "months", "rollups", "small"}
_NO_QUESTION: Final = {"cohorts.shown"}
# Told, not judged. Counted from the rows of a week, for a letter that goes out once in it; what a
# list will hold, counted once for each that is asked for.
TOLD: Final = ("money.", "people.", "list of ")
# Files, which are streamed, and pages that only redirect.
_NO_PAGE: Final = {"staff-members-csv", "staff-demo-code"}
_MORE_PAGES: Final = (
    "members/?state=past_due",
    "members/?state=ended",
    "members/?day={day}",
    "members/?older={membership}",
    "members/?newer={membership}",
    "reports/trustees/?month={month}",
    "books/{month}/",
    "books/{running}/",
    "books/{running}/payouts/",
    "books/{month}/payouts/",
    "books/year/{year}/",
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
    middle = Membership.objects.order_by("created_at")[Membership.objects.count() // 2]
    last = months_back(dublin_date(timezone.now()), 1)
    named = {
        "day": f"{middle.created_at:%Y-%m-%d}",
        "membership": str(middle.pk),
        "month": f"{last:%Y-%m}",
        "running": f"{months.this_month():%Y-%m}",
        "year": f"{last:%Y}",
    }
    found: Questions = {}
    for name in (*addresses, *_MORE_PAGES):
        address = name.format(**named)
        # What is only posted to says so.
        if client.get(f"/staff/{address}").status_code == 200:
            found[f"/staff/{name}"] = partial(client.get, f"/staff/{address}")
    return found


def of_the_desk() -> Questions:
    """The ways to find a supporter, and what is counted when a list is asked for."""
    staff = StaffMember.objects.latest("pk")
    paid = Payment.objects.filter(state=PaymentState.SUCCEEDED, last4__gt="").latest("paid_at")
    assert paid.paid_at is not None
    line = CardPayment(paid.last4, paid.amount_cents, dublin_date(paid.paid_at))
    asked: dict[str, Any] = {"staff": staff, "purpose": Purpose.ASKED, "by_name": True}
    terms = {
        "an address": "nobody@example.org",
        "a name": "Nobody Here",
        "a receipt": f"R-{paid.paid_at.year}-000001",
        "an id of ours": str(paid.pk),
        "an id of Stripe's": str(paid.stripe_payment_intent_id),
    }
    found: Questions = {
        f"found by {what}": partial(search.find, term=term, **asked) for what, term in terms.items()
    }
    found["found by a bank's line"] = partial(search.find_payment, payment=line, **asked)
    for subject in Subject:
        found[f"list of {subject.value}"] = shapes.of(subject).rows({}).count
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
        "until": lambda: now.date() + timedelta(days=365),
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
