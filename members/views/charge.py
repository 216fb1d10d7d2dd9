"""I don't recognise this charge: reported without a name, and answered alike whatever was typed."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from members import charges, limits, press
from members.statement_forms import ChargeForm

BUTTON: Final = "charge"


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def report(request: HttpRequest) -> HttpResponse:
    """Take a report, once per press; the same page whether anything of ours fits or not."""
    if request.method != "POST":
        return _form(request, ChargeForm())
    form = ChargeForm(request.POST)
    if not form.is_valid():
        return _form(request, form, status=400)
    try:
        pressed = press.read(request.POST.get("press", ""), button=BUTTON)
    except press.BadPress:
        return _form(request, form, status=400, stale=True)
    if not _within_limits(request):
        return limits.too_many(request, "members/charge/too_many.html", limits.CHARGES_PER_NETWORK)
    charges.report(
        day=form.cleaned_data["day"],
        amount_cents=form.cleaned_data["amount"],
        last4=form.cleaned_data["last4"],
        press=pressed.id,
    )
    return render(request, "members/charge/received.html", _ceiling())


def _form(
    request: HttpRequest, form: ChargeForm, *, status: int = 200, stale: bool = False
) -> HttpResponse:
    context = {
        "form": form,
        "press": press.make(button=BUTTON, about={}),
        "stale": stale,
        "bank_line": settings.STRIPE_STATEMENT_DESCRIPTOR,
        **_ceiling(),
    }
    return render(request, "members/charge/report.html", context, status=status)


def _ceiling() -> dict[str, int]:
    return {"ceiling_cents": settings.CHARGE_REFUND_CEILING_CENTS}


def _within_limits(request: HttpRequest) -> bool:
    if not limits.allow_network(
        limits.CHARGES_PER_NETWORK, what="charges-network", request=request
    ):
        return False
    return limits.allow(limits.CHARGES_OF_ALL, what="charges", who="everybody")
