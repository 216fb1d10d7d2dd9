"""Join: choose, review, pay. Two pages of ours, then Stripe's; no script anywhere."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from billing import charity, checkout, intents, stripe_api, withdrawal
from billing.dates import dublin_date
from billing.models import Intent, Plan
from billing.models.plan import Interval
from billing.money import decimal_amount, format_amount
from members import consent, limits, offers, press, signin
from members.forms import FORM_WIDE_ERROR, JoinForm
from members.models import Consent, Supporter
from members.models.supporter import supporter_for
from members.views import account

_BUTTON = "join"


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody chose and read on the review page. `supporter_id` is "" for a visitor."""

    plan: str
    amount_cents: int
    email: str
    name: str
    supporter_id: str
    consent: str


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def choose(request: HttpRequest) -> HttpResponse:
    """The join page; a POST of good choices answers with the review page."""
    supporter = signin.current(request)
    if request.method != "POST":
        return _form_page(request, _preset_form(request, signed_in=supporter is not None))
    if "change" in request.POST:
        return _change(request, signed_in=supporter is not None)
    form = JoinForm(request.POST, offers=offers.current(), signed_in=supporter is not None)
    if not form.is_valid():
        return _form_page(request, form, status=400)
    order = _order_of(form.cleaned_data, supporter)
    return _review_page(request, order, plan=form.cleaned_data["chosen"])


@require_POST
@never_cache
def pay(request: HttpRequest) -> HttpResponse:
    """Write our rows, open Stripe's page and go there. The same press twice opens one page."""
    try:
        pressed = press.read(request.POST.get("press", ""), button=_BUTTON)
    except press.BadPress:
        return _start_again(request)
    order = Order(**pressed.about)
    plan = Plan.objects.filter(slug=order.plan, active=True).first()
    if plan is None or order.consent != consent.VERSION:
        return _start_again(request)
    if not _within_limit(request, pressed):
        return _not_now(request, "members/too_many.html", order, plan, status=429, seconds=3600)
    supporter = _supporter_of(request, order)
    if supporter is None:
        return _start_again(request)
    _keep_consent(supporter, pressed)
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
            stripe_customer_id=_customer_of(supporter) if order.supporter_id else "",
        )
    except stripe_api.Unavailable:
        return _not_now(request, "members/try_again.html", order, plan, status=503, seconds=30)
    except (checkout.TooLittle, intents.PressMismatch):
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


def _preset_form(request: HttpRequest, *, signed_in: bool) -> JoinForm:
    """The empty form, with what a link such as /?plan=yearly&amount=30 asks for."""
    offered = offers.current()
    slugs = [offer.plan.slug for offer in offered]
    monthly = [offer.plan.slug for offer in offered if offer.plan.interval == Interval.MONTH]
    plan = request.GET.get("plan", "")
    if plan not in slugs:
        plan = (monthly or slugs or [""])[0]
    initial = {"plan": plan}
    if amount := request.GET.get("amount", "")[:20]:
        initial[f"amount_{plan}"] = amount
    return JoinForm(initial=initial, offers=offered, signed_in=signed_in)


def _change(request: HttpRequest, *, signed_in: bool) -> HttpResponse:
    """Back from the review page, with everything filled in but the two boxes."""
    try:
        order = Order(**press.read(request.POST["change"], button=_BUTTON).about)
    except press.BadPress:
        return _start_again(request)
    initial = {"plan": order.plan, "email": order.email, "name": order.name}
    initial[f"amount_{order.plan}"] = decimal_amount(order.amount_cents)
    form = JoinForm(initial=initial, offers=offers.current(), signed_in=signed_in)
    return _form_page(request, form)


def _form_page(
    request: HttpRequest, form: JoinForm, *, status: int = 200, stale: bool = False
) -> HttpResponse:
    supporter = signin.current(request)
    context = {
        "form": form,
        "least_cents": _least_a_month(form.plans.values()),
        "stale": stale,
        "supporter": supporter,
        # Told to nobody but themselves: another visitor's page is the same for every address.
        "already": account.cards_of(supporter) if supporter else [],
        "cancelled": "cancelled" in request.GET,
        "consent_text": consent.statement(name=charity.current().trading_name),
        "errors_title": FORM_WIDE_ERROR,
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


def _order_of(cleaned: dict[str, Any], supporter: Supporter | None) -> Order:
    return Order(
        plan=cleaned["chosen"].slug,
        amount_cents=cleaned["amount_cents"],
        email=cleaned.get("email", ""),
        name=cleaned.get("name", ""),
        supporter_id=str(supporter.id) if supporter else "",
        consent=consent.VERSION,
    )


def _label(plan: Plan, amount_cents: int) -> str:
    """The words on the button, which alone bind (DOMAIN 2.2): "Pay €1.99 every month"."""
    return f"Pay {format_amount(amount_cents, plan.currency)} {plan.get_interval_display()}"


def _review_page(request: HttpRequest, order: Order, *, plan: Plan) -> HttpResponse:
    supporter = signin.current(request)
    context = {
        "press": press.make(button=_BUTTON, about=asdict(order)),
        "plan": plan,
        "amount_cents": order.amount_cents,
        "email": supporter.email if supporter else order.email,
        "label": _label(plan, order.amount_cents),
        "bank_line": settings.STRIPE_STATEMENT_DESCRIPTOR,
        "withdraw_by": withdrawal.deadline(dublin_date(timezone.now())),
        "reminder_days": settings.REMINDER_DAYS,
    }
    return render(request, "members/review.html", context)


def _within_limit(request: HttpRequest, pressed: press.Press) -> bool:
    """Whether this network may open one more checkout; one that is open already costs nothing."""
    if Intent.objects.filter(press=pressed.id).exists():
        return True
    return limits.allow_network(limits.CHECKOUTS_PER_NETWORK, what="checkout", request=request)


def _not_now(
    request: HttpRequest, template: str, order: Order, plan: Plan, *, status: int, seconds: int
) -> HttpResponse:
    """A page that keeps the press, so that the same button works when the wait is over."""
    context = {"press": request.POST["press"], "label": _label(plan, order.amount_cents)}
    response = render(request, template, context, status=status)
    response.headers["Retry-After"] = str(seconds)
    return response


def _supporter_of(request: HttpRequest, order: Order) -> Supporter | None:
    """Whose support this is; None if it was reviewed signed in and they are not signed in now."""
    if not order.supporter_id:
        return supporter_for(email=order.email, name=order.name)
    supporter = signin.current(request)
    return supporter if supporter and str(supporter.id) == order.supporter_id else None


def _customer_of(supporter: Supporter) -> str:
    """Their newest customer at Stripe, or "" for a first one (ids are ordered by time)."""
    newest = supporter.customers.order_by("-id").first()
    return newest.stripe_customer_id if newest else ""


def _keep_consent(supporter: Supporter, pressed: press.Press) -> None:
    """Record the consent once, at the moment it was given: when the review page was made."""
    Consent.objects.get_or_create(
        supporter=supporter,
        text_version=pressed.about["consent"],
        locale=consent.LOCALE,
        given_at=pressed.shown_at,
    )
