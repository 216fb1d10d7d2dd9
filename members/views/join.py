"""Join: choose, review, pay. Two pages of ours, then Stripe's; a script only polishes."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from billing import charity, checkout, intents, stripe_api
from billing.ids import read_id
from billing.models import Intent, Plan
from billing.models.plan import Interval
from billing.money import BadAmount, decimal_amount, parse_amount
from members import consent, limits, offers, orders, press, signin
from members.forms.join import FORM_WIDE_ERROR, JoinForm, prefilled
from members.models import Consent, JoinLink, Supporter
from members.models.supporter import supporter_for
from members.offers import Offer
from members.orders import Order
from members.views import account, bank_line, shield
from members.views.review import BUTTON, review_page


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def choose(request: HttpRequest) -> HttpResponse:
    """The join page; a POST of good choices answers with the review page."""
    supporter = signin.current(request)
    if request.method != "POST":
        return _form_page(request, _preset_form(request, signed_in=supporter is not None))
    if "change" in request.POST:
        return _change(request, signed_in=supporter is not None)
    if "drop" in request.POST:
        return _drop_extra(request)
    shield.see_form(request)
    form = JoinForm(request.POST, offers=offers.current(), signed_in=supporter is not None)
    if not form.is_valid():
        return _form_page(request, form, status=400)
    order = orders.made(
        form.cleaned_data,
        offer=offers.offer_of(form.cleaned_data["chosen"]),
        campaign=_campaign(request.POST.get("campaign", "")),
        supporter=supporter,
    )
    return review_page(request, order, plan=form.cleaned_data["chosen"], unused=form.unused())


@require_POST
@never_cache
def pay(request: HttpRequest) -> HttpResponse:
    """Write our rows, open Stripe's page and go there. The same press twice opens one page."""
    try:
        pressed, order = _read(request.POST.get("press", ""))
    except press.BadPress:
        shield.see_stale(request)
        return _start_again(request)
    plan = Plan.objects.filter(slug=order.plan, active=True).first()
    if plan is None or order.consent != consent.VERSION:
        return _start_again(request)
    held = shield.hold(request, pressed, label=orders.label(plan, order.amount_cents))
    if held is not None:
        return held
    if not _within_limit(request, pressed):
        return _not_now(request, "members/too_many.html", order, plan, status=429, seconds=3600)
    supporter = _supporter_of(request, order)
    if supporter is None:
        return _start_again(request)
    _keep_consent(supporter, pressed, order)
    return _open_checkout(request, pressed, order, plan, supporter)


def _open_checkout(
    request: HttpRequest, pressed: press.Press, order: Order, plan: Plan, supporter: Supporter
) -> HttpResponse:
    try:
        started = checkout.start(
            supporter=supporter,
            plan=plan,
            amount_cents=order.amount_cents,
            press=pressed.id,
            extra_cents=order.extra_cents,
            campaign=offers.campaign(order.campaign),
            stripe_customer_id=_customer_of(supporter) if order.supporter_id else "",
        )
    except stripe_api.Unavailable:
        return _not_now(request, "members/try_again.html", order, plan, status=503, seconds=30)
    except (checkout.TooLittle, checkout.Forgotten, intents.PressMismatch):
        return _start_again(request)
    except stripe_api.Refused:
        return render(request, "members/refused.html", status=502)
    if not started.url:
        return redirect("thanks", subject=started.subject)
    return _see_other(started.url)


def _see_other(url: str) -> HttpResponse:
    # 303: the browser fetches Stripe's page with GET, and a reload does not post our form again.
    response = HttpResponseRedirect(url)
    response.status_code = 303
    return response


def _read(text: str) -> tuple[press.Press, Order]:
    """The press and the order that a review page carries. Raises BadPress."""
    pressed = press.read(text, button=BUTTON)
    return pressed, Order(**pressed.about)


def _preset_form(request: HttpRequest, *, signed_in: bool) -> JoinForm:
    """The empty form, with what a link such as /?interval=year&amount=30 asks for."""
    offered = offers.current()
    offer = _wanted(offered, request.GET.get("plan", ""), request.GET.get("interval", ""))
    initial = {"plan": offer.plan.slug if offer else ""}
    if offer:
        initial |= prefilled(offer, request.GET.get("amount", "")[:20])
    return JoinForm(initial=initial, offers=offered, signed_in=signed_in)


def _wanted(offered: list[Offer], slug: str, interval: str) -> Offer | None:
    """The way that a link names, else the monthly one, else the first."""
    named = [each for each in offered if each.plan.slug == slug]
    alike = [each for each in offered if each.plan.interval == interval]
    monthly = [each for each in offered if each.plan.interval == Interval.MONTH]
    return next(iter([*named, *alike, *monthly, *offered]), None)


def _campaign(slug: str) -> str:
    """The slug of the campaign that is named, if it counts now; what is unknown is not kept."""
    found = offers.campaign(slug)
    return found.slug if found else ""


def _campaign_here(request: HttpRequest) -> str:
    """What this page counts for: by its form, its link, or the checkout one comes back from."""
    if request.method == "POST":
        return _campaign(request.POST.get("campaign", ""))
    began = read_id(request.GET.get("cancelled", ""))
    if began and (slug := checkout.campaign_of(began)):
        return slug
    return _campaign(request.GET.get("campaign", ""))


def _kept(request: HttpRequest, *, campaign: str) -> str:
    """What a link asked for, for the language switch; nothing that we do not know is repeated."""
    kept = {}
    if (interval := request.GET.get("interval", "")) in Interval.values:
        kept["interval"] = interval
    with suppress(BadAmount):
        kept["amount"] = decimal_amount(parse_amount(request.GET.get("amount", "")[:20]))
    if campaign:
        kept["campaign"] = campaign
    return urlencode(kept)


def _change(request: HttpRequest, *, signed_in: bool) -> HttpResponse:
    """Back from the review page, with everything filled in but the two boxes."""
    offered = offers.current()
    try:
        _, order = _read(request.POST["change"])
    except press.BadPress:
        return _start_again(request)
    offer = next((each for each in offered if each.plan.slug == order.plan), None)
    if offer is None:
        return _start_again(request)
    form = JoinForm(initial=orders.initial(order, offer), offers=offered, signed_in=signed_in)
    return _form_page(request, form, campaign=_campaign(order.campaign))


def _drop_extra(request: HttpRequest) -> HttpResponse:
    """The review page again, without what would have been given on top."""
    try:
        _, order = _read(request.POST["drop"])
    except press.BadPress:
        return _start_again(request)
    plan = Plan.objects.filter(slug=order.plan, active=True).first()
    if plan is None:
        return _start_again(request)
    bare = replace(order, amount_cents=order.own_cents, extra_cents=0)
    return review_page(request, bare, plan=plan)


def _form_page(
    request: HttpRequest,
    form: JoinForm,
    *,
    status: int = 200,
    stale: bool = False,
    campaign: str | None = None,
) -> HttpResponse:
    supporter = signin.current(request)
    counts_for = _campaign_here(request) if campaign is None else campaign
    context = {
        "form": form,
        "least_cents": _least_a_month(form.plans.values()),
        "stale": stale,
        "supporter": supporter,
        # Told to nobody but themselves: another visitor's page is the same for every address.
        "already": account.cards_of(supporter) if supporter else [],
        "cancelled": "cancelled" in request.GET,
        "campaign": counts_for,
        "kept_query": _kept(request, campaign=counts_for),
        "consent_text": consent.statement(name=charity.current().trading_name),
        "errors_title": FORM_WIDE_ERROR,
        "bank_lines": bank_line.examples(form.offers),
    }
    return render(request, "members/join.html", context, status=status)


def _least_a_month(plans: Iterable[Plan]) -> int:
    """The smallest monthly support, in cents; 0 if none is offered."""
    monthly = [plan.least_cents for plan in plans if plan.interval == Interval.MONTH]
    return min(monthly, default=0)


def _start_again(request: HttpRequest) -> HttpResponse:
    """The page was too old, changed or of somebody else: nothing was stored, choose again."""
    form = _preset_form(request, signed_in=signin.current(request) is not None)
    return _form_page(request, form, status=400, stale=True)


def review_again(
    request: HttpRequest, about: dict[str, Any], *, by_letter: JoinLink
) -> HttpResponse:
    """The review page of an order that was kept, whose button is always the same press.

    It names nobody: who opens the link knows which mailbox it came to.
    """
    order = Order(**about)
    plan = Plan.objects.filter(slug=order.plan, active=True).first()
    if plan is None or order.consent != consent.VERSION:
        return _start_again(request)
    return review_page(request, order, plan=plan, by_letter=by_letter)


def _within_limit(request: HttpRequest, pressed: press.Press) -> bool:
    """Whether this network may open one more checkout; one that is open already costs nothing."""
    if Intent.objects.filter(press=pressed.id).exists():
        return True
    return limits.allow_network(
        limits.CHECKOUTS_PER_NETWORK, what="checkout", request=request
    ) and limits.allow_all(limits.CHECKOUTS_OF_ALL, what="checkout", request=request)


def _not_now(
    request: HttpRequest, template: str, order: Order, plan: Plan, *, status: int, seconds: int
) -> HttpResponse:
    """A page that keeps the press, so that the same button works when the wait is over."""
    context = {"press": request.POST["press"], "label": orders.label(plan, order.amount_cents)}
    response = render(request, template, context, status=status)
    response.headers["Retry-After"] = str(seconds)
    return response


def _supporter_of(request: HttpRequest, order: Order) -> Supporter | None:
    """Whose support this is; None if it was reviewed signed in and they are not signed in now."""
    if not order.supporter_id:
        return supporter_for(email=order.email, name=order.name, language=consent.language())
    supporter = signin.current(request)
    return supporter if supporter and str(supporter.id) == order.supporter_id else None


def _customer_of(supporter: Supporter) -> str:
    """Their newest customer at Stripe, or "" for a first one (ids are ordered by time)."""
    newest = supporter.customers.order_by("-id").first()
    return newest.stripe_customer_id if newest else ""


def _keep_consent(supporter: Supporter, pressed: press.Press, order: Order) -> None:
    """Record the consent once, at the moment it was given: when the review page was made."""
    Consent.objects.get_or_create(
        supporter=supporter,
        text_version=order.consent,
        locale=order.locale,
        given_at=pressed.shown_at,
    )
