"""The link to the payment page: it shows the very order, whose button goes on to Stripe."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from members.models import JoinLink
from members.shield import orders
from members.views import join


def find(subject: UUID) -> JoinLink | None:
    return orders.find(subject)


def review(request: HttpRequest, row: JoinLink, _link: str) -> HttpResponse:
    """The review page. Its press is the row's: opened twice and paid twice, it is one checkout.

    It is not the press of the page that asked for the letter: anybody may have typed the address,
    and by pressing theirs again they would learn what became of it.
    """
    return join.review_again(request, orders.order_of(row), by_letter=row)
