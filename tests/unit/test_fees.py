"""What of a payment reaches the newsroom: the table, the smallest gross, and what was measured."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from billing import fee_rates
from billing.fees import Rates, configured, measured
from billing.models.plan import Interval
from tests import rows

LIST = configured(card_per_mille=15, card_cents=25)

# DOMAIN 8: what is given, what the card takes, what is left.
TABLE = [
    (199, 28, 171),
    (299, 29, 270),
    (500, 33, 467),
    (597, 34, 563),
    (1000, 40, 960),
    (1990, 55, 1935),
    (2388, 61, 2327),
]


@pytest.mark.parametrize(("given_cents", "fee", "left"), TABLE)
def test_it_reckons_as_the_price_list_does(given_cents: int, fee: int, left: int) -> None:
    assert (LIST.fee(given_cents), LIST.arrives(given_cents)) == (fee, left)


def test_it_reckons_what_renewing_costs_and_a_card_from_elsewhere() -> None:
    billed = configured(card_per_mille=15, card_cents=25, billing_per_mille=7)
    assert billed.arrives(199) == 170
    assert configured(card_per_mille=25, card_cents=25).arrives(199) == 169


def test_a_year_at_once_leaves_more_than_twelve_months() -> None:
    assert LIST.arrives(2388) - 12 * LIST.arrives(199) == 275


@pytest.mark.parametrize(("target", "gross"), [(199, 227), (500, 533), (1000, 1041), (2388, 2450)])
def test_it_asks_for_the_smallest_amount_of_which_enough_arrives(target: int, gross: int) -> None:
    assert LIST.gross_for(target) == gross
    assert LIST.extra_for(target) == gross - target


def test_no_amount_could_be_a_cent_smaller() -> None:
    # Every amount that the page takes.
    for target in range(1, 100_000):
        gross = LIST.gross_for(target)
        assert gross - LIST.fee(gross) >= target > gross - 1 - LIST.fee(gross - 1)


@given(
    target=st.integers(1, 200_000),
    per_million=st.integers(0, 499_999),
    fixed=st.integers(0, 300),
)
def test_no_amount_could_be_a_cent_smaller_at_any_rate(
    target: int, per_million: int, fixed: int
) -> None:
    rates = Rates(per_million, fixed)
    gross = rates.gross_for(target)
    assert gross - rates.fee(gross) >= target
    assert gross == target or gross - 1 - rates.fee(gross - 1) < target


@given(
    payments=st.integers(1, 5000),
    each=st.integers(50, 99_999),
    fee=st.integers(0, 200),
)
def test_what_was_measured_explains_what_was_taken(payments: int, each: int, fee: int) -> None:
    rates = measured(
        payments=payments, given_cents=payments * each, taken_cents=payments * fee, fixed_cents=25
    )
    if fee <= each // 2:
        assert abs(rates.fee(each) - fee) <= 1


def test_it_says_never_that_less_than_nothing_arrives() -> None:
    assert LIST.arrives(10) == 0


@pytest.mark.django_db
def test_it_reckons_with_what_was_taken_once_enough_was_paid(settings: Settings) -> None:
    now = timezone.now()
    member = rows.membership()

    def paid(fee: int, days: int = 3) -> None:
        rows.payment(member, fee_cents=fee, net_cents=199 - fee, paid_at=now - timedelta(days=days))

    for _ in range(fee_rates.ENOUGH - 1):
        paid(30)
    paid(190, days=100)  # too long ago
    assert fee_rates.current()["month"] == fee_rates.listed(Interval.MONTH)

    paid(30)
    assert fee_rates.current()["month"].arrives(199) == 171, "kept for an hour"
    cache.clear()
    assert fee_rates.current()["month"].arrives(199) == 169
    assert fee_rates.current()["year"].arrives(2388) == 2327, "of other payments it says nothing"

    settings.FEE_BILLING_PER_MILLE = 7
    cache.clear()
    assert fee_rates.current()["month"].arrives(199) == 168
