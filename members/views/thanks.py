"""Thanks: where Stripe's page leads back to. It names nobody, for the link may be shared."""

from typing import Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from billing import checkout
from billing.models import Membership, Payment
from billing.money import format_amount
from billing.states import MembershipState, PaymentState
from billing.wording import price

LOOKS: Final = 40
_SECONDS: Final = 3
_WAITING: Final = {MembershipState.PENDING, PaymentState.PENDING}
_OVER: Final = {MembershipState.EXPIRED, PaymentState.EXPIRED, PaymentState.FAILED}


@require_safe
@never_cache
def thanks(request: HttpRequest, subject: UUID) -> HttpResponse:
    """Say what became of the payment, and look again by itself while the bank has not answered."""
    found = checkout.find(subject)
    if found is None:
        raise Http404
    outcome = _outcome(found)
    response = render(request, f"members/thanks/{outcome}.html", _context(found))
    if outcome == "waiting":
        checkout.ask_again(subject)
        _look_again(request, response)
    return response


def _context(found: Membership | Payment) -> dict[str, object]:
    """What the page says of it: a membership's amount with its rhythm."""
    if isinstance(found, Membership):
        return {"found": found, "amount": price(found.amount_cents, found.currency, found.interval)}
    return {"found": found, "amount": format_amount(found.amount_cents, found.currency)}


def _outcome(found: Membership | Payment) -> str:
    if found.state in _WAITING:
        return "waiting"
    return "expired" if found.state in _OVER else "paid"


def _look_again(request: HttpRequest, response: HttpResponse) -> None:
    # A header, so that no script is needed; it ends by itself, and the page has a link besides.
    look = request.GET.get("look", "0")
    count = int(look) if look.isascii() and look.isdigit() and len(look) < 4 else 0
    if count < LOOKS:
        response.headers["Refresh"] = f"{_SECONDS}; url={request.path}?look={count + 1}"
