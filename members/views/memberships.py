"""What a supporter may do with a membership: end it, keep it, withdraw, undo a second one, pay."""

from typing import Final
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from billing import checkout, refunds, stripe_api, wishes
from billing.models.plan import Interval
from billing.states import EndReason, MembershipState
from members import acts, press, signin, standing
from members.acts import Act
from members.farewell_forms import FarewellForm
from members.models import Farewell, Supporter
from members.press import Press
from members.standing import Standing
from members.views import asking

_METHODS: Final = ["GET", "HEAD", "POST"]
_FAREWELL: Final = "farewell"
# What can be had instead of an ending.
_INSTEAD: Final = frozenset({"pause", "rhythm"})


@require_http_methods(_METHODS)
@signin.required
def cancel(request: HttpRequest, supporter: Supporter, membership_id: UUID) -> HttpResponse:
    """Show what ending means; the button ends it with the paid period. No reason is asked."""
    membership = asking.own(supporter, membership_id)
    then = reverse("cancelled", args=[membership_id])
    return asking.answer(request, membership, Act.CANCEL, do=do_cancel, then=then)


@require_http_methods(_METHODS)
@signin.required
def cancelled(request: HttpRequest, supporter: Supporter, membership_id: UUID) -> HttpResponse:
    """Say what was done, offer the way back, and take a reason if one is given.

    Only here, when all is done, is a reason asked or anything else offered (PEERS 29).
    """
    found = standing.of(asking.own(supporter, membership_id))
    if not found.ending or found.closing or not found.membership.live:
        return redirect("account")
    if request.method != "POST":
        return _cancelled_page(request, found)
    form = FarewellForm(request.POST)
    try:
        pressed = press.read_for(
            request.POST.get("press", ""), button=_FAREWELL, subject=membership_id
        )
    except press.BadPress:
        return _cancelled_page(request, found, status=400)
    if not form.is_valid():
        return _cancelled_page(request, found, form, status=400)
    Farewell.objects.get_or_create(
        press=pressed,
        defaults={"membership": found.membership, "reason": form.cleaned_data["reason"]},
    )
    return redirect(f"{request.path}?thanks")


def _cancelled_page(
    request: HttpRequest, found: Standing, form: FarewellForm | None = None, *, status: int = 200
) -> HttpResponse:
    membership = found.membership
    steady = membership.state == MembershipState.ACTIVE and membership.interval == Interval.MONTH
    context = {
        "standing": found,
        "membership": membership,
        "form": form or FarewellForm(),
        "thanked": "thanks" in request.GET,
        "can_rest": steady,
        "can_be_yearly": steady and found.other_plan is not None,
        "keep": press.make_for(button=Act.KEEP, subject=membership.id),
        "press": press.make_for(button=_FAREWELL, subject=membership.id),
        "stale": status == 400 and form is None,
    }
    return render(request, "members/account/cancelled.html", context, status=status)


def do_cancel(found: Standing, pressed: Press) -> bool:
    return wishes.cancel_at_period_end(membership=found.membership, press=pressed.id)


@require_POST
@signin.required
def keep(request: HttpRequest, supporter: Supporter, membership_id: UUID) -> HttpResponse:
    """Take the ending back, and go on to a page that was chosen in its stead."""
    membership = asking.own(supporter, membership_id)
    wanted = request.POST.get("then", "")
    then = reverse(wanted, args=[membership_id]) if wanted in _INSTEAD else ""
    return asking.answer(request, membership, Act.KEEP, do=_keep, then=then)


def _keep(found: Standing, pressed: Press) -> bool:
    return wishes.keep(membership=found.membership, press=pressed.id)


@require_http_methods(_METHODS)
@signin.required
def withdraw(request: HttpRequest, supporter: Supporter, membership_id: UUID) -> HttpResponse:
    """Show the statement of withdrawal; the button makes it: it ends and all is paid back.

    Consumer Rights Directive, Art. 11a: two steps, no reason, no other offer on the way.
    """
    membership = asking.own(supporter, membership_id)
    return asking.answer(request, membership, Act.WITHDRAW, do=do_withdraw, show=what_comes_back)


def do_withdraw(found: Standing, pressed: Press) -> bool:
    return wishes.end_now(membership=found.membership, reason=EndReason.WITHDRAWN, press=pressed.id)


@require_http_methods(_METHODS)
@signin.required
def undo(request: HttpRequest, supporter: Supporter, membership_id: UUID) -> HttpResponse:
    """Show what undoing a second membership means; the button ends it and gives all back."""
    membership = asking.own(supporter, membership_id)
    return asking.answer(request, membership, Act.UNDO, do=do_undo, show=what_comes_back)


def do_undo(found: Standing, pressed: Press) -> bool:
    return wishes.end_now(membership=found.membership, reason=EndReason.DUPLICATE, press=pressed.id)


def what_comes_back(_request: HttpRequest, found: Standing) -> asking.Context:
    return {"back_cents": refunds.would_come_back(found.membership)}


@require_POST
@signin.required
def pay(request: HttpRequest, supporter: Supporter, membership_id: UUID) -> HttpResponse:
    """Lead to Stripe's page for what is open: an overdue invoice, or a checkout that was left."""
    membership = asking.own(supporter, membership_id)
    if acts.why_not(Act.PAY, standing.of(membership)):
        return redirect("account")
    try:
        asking.read(request, membership, Act.PAY)
        url = checkout.pay_url(membership=membership)
    except press.BadPress:
        return redirect("account")
    except (stripe_api.Unavailable, stripe_api.Refused):
        return asking.later(request, status=503)
    if url:
        return asking.see_other(url)
    # It was paid a moment ago, or has run out: our row is told now rather than with the next event.
    checkout.ask_again(membership.pk)
    return redirect("account")


@require_POST
@signin.required
def card(request: HttpRequest, supporter: Supporter, membership_id: UUID) -> HttpResponse:
    """Lead to Stripe's page for changing the card."""
    membership = asking.own(supporter, membership_id)
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
        return asking.later(request, status=503)
    return asking.see_other(url)
