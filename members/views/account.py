"""The account: what a supporter gives, gave, and is called. Every look-up starts from them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from billing.models import Payment
from billing.states import MembershipState, PaymentState
from members import signin, standing
from members.forms import NameForm
from members.models import Supporter

_PENDING = MembershipState.PENDING


@require_safe
@signin.required
def overview(request: HttpRequest, supporter: Supporter) -> HttpResponse:
    """Memberships with their state in plain words, payments with their receipts, the name."""
    return _page(request, supporter, NameForm(initial={"name": supporter.name}))


@require_POST
@signin.required
def rename(request: HttpRequest, supporter: Supporter) -> HttpResponse:
    """Change what the supporter is called; an empty name is a good answer."""
    form = NameForm(request.POST)
    if not form.is_valid():
        return _page(request, supporter, form, status=400)
    supporter.name = form.cleaned_data["name"]
    supporter.save(update_fields=["name_sealed"])
    return redirect("account")


def _page(
    request: HttpRequest, supporter: Supporter, form: NameForm, *, status: int = 200
) -> HttpResponse:
    standings = standing.all_of(supporter)
    context = {
        "supporter": supporter,
        "live": [each for each in standings if each.membership.live],
        "earlier": [each for each in standings if each.membership.ended_at],
        "opening": [each for each in standings if each.membership.state == _PENDING],
        "payments": _payments_of(supporter),
        "form": form,
    }
    return render(request, "members/account/overview.html", context, status=status)


def _payments_of(supporter: Supporter) -> list[Payment]:
    """Their payments and gifts, newest first, without those that were never made."""
    payments = supporter.payments.exclude(state=PaymentState.EXPIRED)
    return list(
        payments.select_related("plan")
        .prefetch_related("receipts", "refunds")
        .order_by("-created_at")
    )
