"""The plain pages: what we keep of people, and how support works."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from members import offers


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "members/privacy.html")


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    context = {
        "offers": offers.current(),
        "bank_line": settings.STRIPE_STATEMENT_DESCRIPTOR,
        "reminder_days": settings.REMINDER_DAYS,
        "grace_days": settings.GRACE_DAYS,
    }
    return render(request, "members/terms.html", context)
