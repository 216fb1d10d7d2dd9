"""An act on its way: what has to be chosen, what exactly would happen, and the press that does it.

Step one posts the choice. Step two shows what it means, with a press that can ask for nothing else.
"""

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from billing import refunds, stripe_api, wishes
from billing.money import format_amount
from billing.wording import price
from members import press
from members.models import StaffAct, Supporter
from members.models.access import Purpose
from members.models.desk import Act, Reason
from members.press import Press
from members.roles import May
from members.staff.access import needs, refused, who
from members.staff.desk import cases, deeds, outcomes, purposes
from members.staff.desk.cases import Case
from members.staff.desk.forms import ActForm, form_of
from members.staff.desk.words import BUTTONS, DONE, INTRO, LATER, TITLES

_GRAVE: Final = frozenset({Act.ERASE, Act.END})


@require_http_methods(["GET", "HEAD", "POST"])
@needs(May.DESK)
def act(request: HttpRequest, supporter_id: UUID, act: str, about: UUID) -> HttpResponseBase:
    """Let the act be chosen, shown and confirmed; only with the record open for a purpose."""
    if act not in Act.values:
        raise Http404
    if not cases.may(who(request), Act(act)):
        return refused(request)
    supporter = get_object_or_404(Supporter, pk=supporter_id)
    purpose = purposes.held(request, supporter_id)
    if purpose is None:
        return redirect("staff-desk-record", supporter_id)
    case = cases.of(supporter, Act(act), about)
    if "press" in request.POST:
        return _confirmed(request, case, purpose)
    if reason := cases.why_not(case):
        return _cannot(request, case, reason, status=409 if request.method == "POST" else 200)
    form = form_of(case, who(request), request.POST if request.method == "POST" else None)
    if not form.is_bound:
        return _choose(request, case, form)
    if not form.is_valid():
        return _choose(request, case, form, 400)
    return _confirm(request, case, form.choice, form.cleaned_data["reason"])


def _choose(
    request: HttpRequest, case: Case, form: ActForm, status: int = 200, *, stale: bool = False
) -> HttpResponseBase:
    """Step one."""
    more = {"form": form, "stale": stale, "intro": INTRO[case.act]}
    return _render(request, "choose", case, more, status=status)


def _confirm(
    request: HttpRequest, case: Case, choice: dict[str, Any], reason: str, *, unsure: bool = False
) -> HttpResponseBase:
    """Step two: what it means, and the button."""
    about = {"subject": str(case.about), "reason": reason, "choice": choice}
    more = {
        "says": outcomes.of(case, choice),
        "reason": Reason(reason).label,
        "press": press.make(button=_button(case), about=about),
        "grave": case.act in _GRAVE,
        "unsure": unsure,
    }
    return _render(request, "confirm", case, more, status=400 if unsure else 200)


def _confirmed(request: HttpRequest, case: Case, purpose: Purpose) -> HttpResponseBase:
    """Step three. The same press does it once."""
    try:
        pressed = press.read(request.POST["press"], button=_button(case))
    except press.BadPress:
        return _choose(request, case, form_of(case, who(request)), 400, stale=True)
    if pressed.about.get("subject") != str(case.about):
        raise Http404
    if StaffAct.objects.filter(press=deeds.press_id(pressed)).exists():
        return redirect("staff-desk-record", case.supporter.pk)
    choice, reason = pressed.about["choice"], pressed.about["reason"]
    if why := cases.why_not(case) or _too_much(request, case, choice):
        return _cannot(request, case, why, status=409)
    if case.act in _GRAVE and request.POST.get("sure") != "yes":
        return _confirm(request, case, choice, reason, unsure=True)
    return _do(request, case, pressed, purpose)


def _do(request: HttpRequest, case: Case, pressed: Press, purpose: Purpose) -> HttpResponseBase:
    deed = deeds.Deed(
        case=case,
        member=who(request),
        reason=Reason(pressed.about["reason"]),
        choice=pressed.about["choice"],
        press=deeds.press_id(pressed),
    )
    try:
        done = deeds.do(deed, purpose=purpose)
    except deeds.TooMuch as why:
        return _cannot(request, case, str(why), status=409)
    except (wishes.NotNow, refunds.NothingLeft):
        return _cannot(request, case, "It changed a moment ago. Look at it again.", status=409)
    except stripe_api.Refused:
        return _cannot(request, case, "Stripe did not take it. Nothing was changed.", status=502)
    messages.info(request, DONE[case.act] if done else LATER)
    return redirect("staff-desk-record", case.supporter.pk)


def _too_much(request: HttpRequest, case: Case, choice: dict[str, Any]) -> str:
    cents = choice.get("cents")
    return cases.over_ceiling(case, who(request), cents) if cents else ""


def _button(case: Case) -> str:
    return f"desk-{case.act.value}"


def _cannot(request: HttpRequest, case: Case, reason: str, *, status: int) -> HttpResponseBase:
    return _render(request, "cannot", case, {"why": reason}, status=status)


def _render(
    request: HttpRequest, page: str, case: Case, more: dict[str, Any], *, status: int
) -> HttpResponseBase:
    context = {
        "here": "desk",
        "case": case,
        "supporter": case.supporter,
        "title": TITLES[case.act],
        "button": BUTTONS[case.act],
        "subject": _subject(case),
    }
    return render(request, f"staff/desk/{page}.html", context | more, status=status)


def _subject(case: Case) -> str:
    """What it is about, in a few words."""
    if case.membership is not None:
        row = case.membership
        return f"{row.plan.name}, {price(row.amount_cents, row.currency, row.interval)}"
    if case.payment is not None:
        paid = case.payment
        return f"{format_amount(paid.amount_cents, paid.currency)}, {paid.method_label}"
    return case.receipt.label if case.receipt else ""
