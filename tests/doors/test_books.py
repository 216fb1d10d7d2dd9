"""What Stripe tells stands in the books of its month, without anybody entering it."""

from billing import balance, figures
from billing.accounts import chart, journal, months, pack
from billing.models import Payout
from billing.models.ledger import LineKind
from tests.cases.acts import settle
from tests.doors.conftest import Desk


def test_a_gift_and_a_membership_stand_in_the_books_of_the_month_they_came_in(desk: Desk) -> None:
    gift = desk.give(500)
    desk.join(cents=199)
    found = pack.of_month(months.first_open())
    assert found is not None
    assert found.cents(LineKind.PAYMENT, of="gift") == 500
    assert found.cents(LineKind.PAYMENT, of="donation") == 199
    assert found.fees >= (gift.fee_cents or 0) > 0
    assert (found.strays, found.closing) == (0, 699 - found.fees)
    assert sum(each.cents for each in journal.entries(found, chart.current())) == 0


def test_a_payout_keeps_what_is_in_it_and_the_sums_of_the_books_are_what_the_lines_say(
    desk: Desk,
) -> None:
    desk.give(500)
    desk.join(cents=199)
    desk.stripe.advance(days=10)
    settle(desk)
    assert balance.prove().problems == []
    assert figures.compare().equal
    found = pack.of_month(months.this_month())
    assert found is not None
    assert found.payouts
    assert all(each.missing_cents == 0 and each.charges > 0 for each in found.payouts)
    assert not Payout.objects.filter(parts__isnull=True).exists()
    Payout.objects.update(parts=None)
    assert pack.of_month(months.this_month()) == found
