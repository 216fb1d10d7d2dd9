"""Income that is not earned yet: a yearly membership with a benefit is a twelfth of it a month.

What was received stands in the month in which it came; what of it belongs to later months is held
back as deferred income, and let go a twelfth at the beginning of each. DOMAIN 6.3.
"""

from collections import Counter
from datetime import date
from typing import Final
from uuid import UUID

from django.db.models import Case, DateField, F, Q, Sum, Value, When

from billing.accounts.months import BookMonth, lines, outside
from billing.accounts.movements import BY_CLASS
from billing.dates import day_start, months_back, months_between, next_month
from billing.figures import names
from billing.figures.booked import read_yearly_key
from billing.figures.live_booked import plain_part
from billing.models import Plan, Rollup
from billing.models.plan import Interval

MONTHS: Final = 12
_ALL: Final = Q()
_Received = list[tuple[str, date, int]]


def deferred_at_end(month: BookMonth, *, of: Q = _ALL) -> dict[str, int]:
    """The cents of yearly memberships with a benefit that later months will earn, by what they are.

    Of each month's payments, what came less what went back is earned in twelfths from the month of
    the payment on: the sum is cut, not each payment, so that twelve months earn exactly all of it.
    `of` chooses among lines and payments, as by what a closing has marked.
    """
    classes = _classes()
    if not classes:
        # Who sells none need not look through a year of payments for it.
        return _deferred([], month)
    oldest = _oldest(month)
    return _deferred(_through_stripe(month, oldest, of) + _directly(month, oldest, of), month)


def summed_at_end(month: BookMonth) -> dict[str, int]:
    """The same of all lines and payments, from the sums that are kept of the lines."""
    classes = _classes()
    if not classes:
        return _deferred([], month)
    oldest = _oldest(month)
    received = Counter[tuple[str, date]]()
    sums = Rollup.objects.filter(figure=names.BOOKED_YEARLY, month__lte=month.first)
    for key, cents in sums.values_list("key").annotate(Sum("value")):
        plan, paid_in = read_yearly_key(key)
        if plan in classes and oldest <= paid_in <= month.first:
            received[classes[plan], paid_in] += cents
    through_stripe = [(*each, cents) for each, cents in received.items()]
    return _deferred(through_stripe + _directly(month, oldest, _ALL), month)


def earned(cents: int, months: int) -> int:
    """What of a year's cents is earned once this many of its months have begun, cut to the cent."""
    whole = abs(cents) * min(months, MONTHS) // MONTHS
    return whole if cents >= 0 else -whole


def _classes() -> dict[UUID, str]:
    """What is given in return for each yearly plan that gives something."""
    sold = Plan.objects.filter(interval=Interval.YEAR, benefit_class__in=BY_CLASS)
    return dict(sold.values_list("pk", "benefit_class"))


def _oldest(month: BookMonth) -> date:
    """The first month whose payments are not all earned when this one ends."""
    return months_back(month.first, MONTHS - 1)


def _deferred(received: _Received, month: BookMonth) -> dict[str, int]:
    deferred = dict.fromkeys(BY_CLASS.values(), 0)
    for benefit, paid_in, cents in received:
        deferred[BY_CLASS[benefit]] += cents - earned(cents, _months_from(paid_in, month.first))
    return deferred


def _through_stripe(month: BookMonth, oldest: date, of: Q) -> _Received:
    found = lines().filter(
        of,
        booked_at__lt=month.ends,
        payment__paid_at__gte=day_start(oldest),
        payment__paid_at__lt=month.ends,
        payment__membership__isnull=False,
        payment__plan__interval=Interval.YEAR,
        payment__plan__benefit_class__in=list(BY_CLASS),
    )
    paid = _month_of("payment__paid_at", oldest, month.first)
    sums = (
        found.annotate(paid_in=paid, plain=plain_part())
        .values_list("payment__plan__benefit_class", "paid_in")
        .annotate(cents=Sum("plain"))
    )
    return [(benefit, paid_in, int(cents)) for benefit, paid_in, cents in sums]


def _directly(month: BookMonth, oldest: date, of: Q) -> _Received:
    found = outside().filter(
        of,
        paid_at__gte=day_start(oldest),
        paid_at__lt=month.ends,
        plan__interval=Interval.YEAR,
        plan__benefit_class__in=list(BY_CLASS),
    )
    sums = (
        found.annotate(paid_in=_month_of("paid_at", oldest, month.first))
        .values_list("plan__benefit_class", "paid_in")
        .annotate(cents=Sum(F("amount_cents") - F("extra_cents")))
    )
    return list(sums)


def _month_of(moment: str, first: date, last: date) -> Case:
    """The month in which a moment falls. Its borders are parameters: no zone of the database's."""
    return Case(
        *(
            When(Q(**{f"{moment}__lt": day_start(next_month(each))}), then=Value(each))
            for each in months_between(first, last)
        ),
        output_field=DateField(),
    )


def _months_from(first: date, last: date) -> int:
    """How many months have begun from the first to the last, both counted."""
    return (last.year - first.year) * 12 + last.month - first.month + 1
