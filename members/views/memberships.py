"""What a supporter may do with a membership: end it, keep it, change the card."""

from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from billing import checkout, memberships, stripe_api
from billing.models import Membership
from members import press, signin, standing
from members.models import Supporter


def _own(supporter: Supporter, membership_id: UUID) -> Membership:
    """The supporter's own membership. Anybody else's is 404, as one that does not exist."""
    return get_object_or_404(
        supporter.memberships.select_related("plan", "customer"), pk=membership_id
    )


@require_http_methods(["GET", "HEAD", "POST"])
@signin.required
def cancel(request: HttpRequest, supporter: Supporter, membership_id: UUID) -> HttpResponse:
    """Show what ending means; the button ends it with the paid period. No reason is asked."""
    membership = _own(supporter, membership_id)
    if request.method != "POST":
        return _cancel_page(request, membership)
    try:
        pressed = press.read_for(
            request.POST.get("press", ""), button="cancel", subject=membership.id
        )
    except press.BadPress:
        return _cancel_page(request, membership, status=400)
    if not membership.live:
        return redirect("account")
    return _carry_out(request, memberships.cancel_at_period_end, membership, pressed)


@require_POST
@signin.required
def keep(request: HttpRequest, supporter: Supporter, membership_id: UUID) -> HttpResponse:
    """Take the ending back."""
    membership = _own(supporter, membership_id)
    try:
        pressed = press.read_for(
            request.POST.get("press", ""), button="keep", subject=membership.id
        )
    except press.BadPress:
        return redirect("account")
    if not membership.live:
        return redirect("account")
    return _carry_out(request, memberships.keep, membership, pressed)


@require_POST
@signin.required
def card(request: HttpRequest, supporter: Supporter, membership_id: UUID) -> HttpResponse:
    """Lead to Stripe's page for changing the card."""
    membership = _own(supporter, membership_id)
    try:
        pressed = press.read_for(
            request.POST.get("press", ""), button="card", subject=membership.id
        )
        url = checkout.portal_url(
            membership=membership,
            press=pressed,
            return_url=settings.SITE_URL + reverse("account"),
        )
    except press.BadPress:
        return redirect("account")
    except (stripe_api.Unavailable, stripe_api.Refused):
        return render(request, "members/account/later.html", status=503)
    response = HttpResponseRedirect(url)
    response.status_code = 303
    return response


def _carry_out(
    request: HttpRequest, change: Callable[..., bool], membership: Membership, pressed: str
) -> HttpResponse:
    """Ask for the change, then show the account, which says whether it is done or noted."""
    try:
        change(membership=membership, press=pressed)
    except stripe_api.Refused:
        return render(request, "members/account/later.html", status=502)
    return redirect("account")


def _cancel_page(
    request: HttpRequest, membership: Membership, *, status: int = 200
) -> HttpResponse:
    context = {
        "standing": standing.of(membership),
        "membership": membership,
        "press": press.make_for(button="cancel", subject=membership.id),
    }
    return render(request, "members/account/cancel.html", context, status=status)
