"""What a supporter may change in a membership: how much is paid, how often, and when not at all."""

from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from billing import wishes
from billing.models import Plan
from billing.models.plan import Interval
from billing.money import decimal_amount
from members import offers, press, signin
from members.acts import Act
from members.forms import AmountForm
from members.models import Supporter
from members.press import Press
from members.standing import Price, Standing
from members.views import asking

_METHODS: Final = ["GET", "HEAD", "POST"]


@require_http_methods(_METHODS)
@signin.required
def amount(request: HttpRequest, supporter: Supporter, membership_id: UUID) -> HttpResponse:
    """Let an amount be chosen, show what it means; the button asks for it from the next period."""
    membership = asking.own(supporter, membership_id)
    return asking.answer(request, membership, Act.AMOUNT, do=_change_amount, show=_amount_page)


def _amount_page(request: HttpRequest, found: Standing) -> asking.Context:
    """The choice; with a good amount in the address, also what it means, signed for the button."""
    plan = found.membership.plan
    chosen = _chosen(request, plan)
    context: asking.Context = {"form": chosen, "presets": _presets(plan, found.price.cents)}
    if not chosen.is_bound or not chosen.is_valid():
        return context
    cents = chosen.cleaned_data["cents"]
    if cents == found.price.cents and found.switch is None:
        return context | {"same": True}
    return context | _signed(Act.AMOUNT, found, Price(cents, plan.interval))


def _change_amount(found: Standing, pressed: Press) -> bool:
    cents = pressed.about.get("cents", 0)
    return wishes.change_amount(membership=found.membership, amount_cents=cents, press=pressed.id)


@require_http_methods(_METHODS)
@signin.required
def rhythm(request: HttpRequest, supporter: Supporter, membership_id: UUID) -> HttpResponse:
    """Show what paying yearly (or monthly) would mean, to the day and the cent; the button asks."""
    membership = asking.own(supporter, membership_id)
    return asking.answer(request, membership, Act.RHYTHM, do=_change_rhythm, show=_rhythm_page)


def _rhythm_page(request: HttpRequest, found: Standing) -> asking.Context:
    plan = found.other_plan
    assert plan is not None  # noqa: S101 - else acts.why_not has said why
    usual = _same_over_a_year(found.price, plan)
    chosen = _chosen(request, plan)
    good = chosen.is_bound and chosen.is_valid()
    cents = chosen.cleaned_data["cents"] if good else usual
    if not chosen.is_bound:
        chosen = AmountForm(plan=plan, initial={"amount": decimal_amount(usual)})
    return {
        "form": chosen,
        "yearly": plan.interval == Interval.YEAR,
    } | _signed(Act.RHYTHM, found, Price(cents, plan.interval))


def _change_rhythm(found: Standing, pressed: Press) -> bool:
    plan = found.other_plan
    if plan is None or plan.interval != pressed.about.get("interval"):
        raise wishes.NotNow("it changed its rhythm since the page was shown")
    cents = pressed.about.get("cents", 0)
    return wishes.change_plan(
        membership=found.membership, plan=plan, amount_cents=cents, press=pressed.id
    )


@require_POST
@signin.required
def drop(request: HttpRequest, supporter: Supporter, membership_id: UUID) -> HttpResponse:
    """Take a change of rhythm back that has not come yet."""
    membership = asking.own(supporter, membership_id)
    return asking.answer(request, membership, Act.DROP, do=_drop)


def _drop(found: Standing, pressed: Press) -> bool:
    return wishes.drop_change(membership=found.membership, press=pressed.id)


@require_http_methods(_METHODS)
@signin.required
def pause(request: HttpRequest, supporter: Supporter, membership_id: UUID) -> HttpResponse:
    """Show the pauses that can be had, each with the payments it leaves out; the button pauses."""
    membership = asking.own(supporter, membership_id)
    if request.method == "POST" and months(request) is None:
        return redirect("pause", membership_id=membership.id)
    return asking.answer(
        request,
        membership,
        Act.PAUSE,
        do=do_pause(request),
        show=breaks,
    )


@require_http_methods(_METHODS)
@signin.required
def skip(request: HttpRequest, supporter: Supporter, membership_id: UUID) -> HttpResponse:
    """Show which payment would be left out, and which comes after it; the button skips it."""
    membership = asking.own(supporter, membership_id)
    return asking.answer(
        request,
        membership,
        Act.SKIP,
        do=do_skip,
        show=breaks,
    )


def breaks(_request: HttpRequest, found: Standing) -> asking.Context:
    return {"breaks": wishes.breaks(found.membership, now=found.now)}


def do_skip(found: Standing, pressed: Press, payments: int = 1) -> bool:
    return wishes.skip_next(membership=found.membership, press=pressed.id, payments=payments)


def do_pause(request: HttpRequest) -> asking.Do:
    """Pause for as many months as were chosen."""
    return lambda found, pressed: do_skip(found, pressed, months(request) or 1)


def months(request: HttpRequest) -> int | None:
    text = request.POST.get("months", "")
    return int(text) if text in {"1", "2", "3"} else None


@require_http_methods(_METHODS)
@signin.required
def resume(request: HttpRequest, supporter: Supporter, membership_id: UUID) -> HttpResponse:
    """Show when the next payment would be taken; the button ends the pause."""
    membership = asking.own(supporter, membership_id)
    return asking.answer(request, membership, Act.RESUME, do=_resume)


def _resume(found: Standing, pressed: Press) -> bool:
    return wishes.resume(membership=found.membership, press=pressed.id)


def _chosen(request: HttpRequest, plan: Plan) -> AmountForm:
    """The form of an amount: filled in where the address names one, else empty."""
    return AmountForm(request.GET if "amount" in request.GET else None, plan=plan)


def _signed(act: Act, found: Standing, price: Price) -> asking.Context:
    """What is to be paid, and a press that can ask for nothing else."""
    about = {
        "subject": str(found.membership.id),
        "cents": price.cents,
        "interval": price.interval,
    }
    return {"wanted": price, "press": press.make(button=act, about=about)}


def _presets(plan: Plan, now_cents: int) -> list[tuple[int, str]]:
    """The amounts that are offered, but the present one: cents, and as an address says them."""
    cents = [each for each in offers.presets(plan) if each != now_cents]
    return [(each, decimal_amount(each)) for each in cents]


def _same_over_a_year(price: Price, plan: Plan) -> int:
    """What comes to the same in a year, rounded down, but at least what the plan takes; cents."""
    if plan.interval == Interval.YEAR:
        return max(price.cents * offers.MONTHS, plan.least_cents)
    return max(price.cents // offers.MONTHS, plan.least_cents)
