"""Withdraw from contract here: a statement, then its confirmation, and nobody need sign in.

Consumer Rights Directive, Art. 11a. What one reads after each step says nothing of whether the
statement belongs to anything of ours: that is found out by a worker, and answered by letter.
"""

from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from billing.wording import moment_words
from members import limits, press, signin, withdrawals
from members.statement_forms import WithdrawalForm

BUTTON: Final = "withdraw-here"
_METHODS: Final = ["GET", "HEAD", "POST"]


@require_http_methods(_METHODS)
@never_cache
def state(request: HttpRequest) -> HttpResponse:
    """Take the statement, and show it once more to be confirmed. Nothing is stored yet."""
    if request.method != "POST":
        return _form(request, WithdrawalForm(initial=_known_already(request)))
    form = WithdrawalForm(request.POST)
    if not form.is_valid():
        return _form(request, form, status=400)
    about = {
        "email": form.cleaned_data["email"],
        "reference": str(form.cleaned_data["reference"]),
        "name": form.cleaned_data["name"],
    }
    context = {"about": about, "press": press.make(button=BUTTON, about=about)}
    return render(request, "members/withdraw/confirm.html", context)


@require_http_methods(_METHODS)
@never_cache
def confirm(request: HttpRequest) -> HttpResponse:
    """Store the confirmed statement, once per press; the same page whoever's it is."""
    if request.method != "POST":
        return redirect("withdraw-here")
    try:
        pressed = press.read(request.POST.get("press", ""), button=BUTTON)
    except press.BadPress:
        return _form(request, WithdrawalForm(), status=400, stale=True)
    if not limits.allow_network(
        limits.WITHDRAWALS_PER_NETWORK, what="withdrawals-network", request=request
    ) or not limits.allow_all(limits.WITHDRAWALS_OF_ALL, what="withdrawals", request=request):
        return limits.too_many(
            request, "members/withdraw/too_many.html", limits.WITHDRAWALS_PER_NETWORK
        )
    about = pressed.about
    statement = withdrawals.state(
        email=about["email"],
        reference=UUID(about["reference"]),
        name=about["name"],
        press=pressed.id,
    )
    return render(
        request,
        "members/withdraw/received.html",
        {"about": about, "received": moment_words(statement.received_at)},
    )


def _form(
    request: HttpRequest, form: WithdrawalForm, *, status: int = 200, stale: bool = False
) -> HttpResponse:
    return render(
        request, "members/withdraw/state.html", {"form": form, "stale": stale}, status=status
    )


def _known_already(request: HttpRequest) -> dict[str, Any]:
    """What a signed-in supporter need not type."""
    supporter = signin.current(request)
    if supporter is None:
        return {}
    live = [each.pk for each in supporter.memberships.all() if each.live]
    return {
        "email": supporter.email,
        "name": supporter.name,
        "reference": live[0] if len(live) == 1 else "",
    }
