"""What Stripe tells stands in the books of its month, without anybody entering it."""

from billing.accounts import chart, journal, months, pack
from billing.models.ledger import LineKind
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
