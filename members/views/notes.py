"""The papers: what we keep of people, how support works, and how well these pages can be used.

The charity may have its own, in PAPERS_DIR: `privacy.html`, and `privacy.ga.html` for Irish. What
it has in English alone everybody reads in English, lest two languages promise two things.
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from billing import keeping, lapse, withdrawal, wording
from members import access, languages, offers, retention, signin
from members.shield import orders


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return _paper(request, "privacy")


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    prices = [
        {
            "name": wording.named(plan.name),
            "price": wording.price(plan.suggested_cents, plan.currency, plan.interval),
            "plan": plan,
        }
        for plan in (offer.plan for offer in offers.current())
    ]
    return _paper(request, "terms", prices=prices)


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    return _paper(request, "accessibility")


def _paper(request: HttpRequest, name: str, **more: Any) -> HttpResponse:
    template = _own_template(request, name) or get_template(f"members/{name}.html")
    return HttpResponse(template.render({**_facts(), **more}, request))


def _own_template(request: HttpRequest, name: str) -> Any:
    """The charity's own paper in the language that is spoken; else in English, for everybody."""
    for candidate, language in (
        (f"{name}.{get_language()}.html", get_language()),
        (f"{name}.html", languages.ENGLISH),
    ):
        try:
            template = get_template(candidate)
        except TemplateDoesNotExist as missing:
            if str(missing) != candidate:
                raise
            continue
        languages.speak(request, language or languages.ENGLISH)
        return template
    return None


def _facts() -> dict[str, Any]:
    """What the papers promise, from where it is kept: so that they cannot say something else."""
    return {
        "reminder_days": settings.REMINDER_DAYS,
        "debit_days": settings.SEPA_NOTICE_DAYS,
        "grace_days": settings.GRACE_DAYS,
        "pause_days": settings.PAUSE_DAYS,
        "withdrawal_days": withdrawal.PERIOD.days,
        "book_years": keeping.FULL_YEARS,
        "lapse_months": lapse.MONTHS,
        "look_months": access.MONTHS,
        "abandoned_days": retention.ABANDONED_AFTER.days,
        "stray_days": retention.STRAY_STATEMENT_KEPT.days,
        "order_hours": int(orders.KEPT.total_seconds() // 3600),
        "link_minutes": int(signin.LASTS.total_seconds() // 60),
        "session_days": settings.SESSION_COOKIE_AGE // (24 * 60 * 60),
        "bank_line": settings.STRIPE_STATEMENT_DESCRIPTOR,
        "mail_carrier": settings.MAIL_CARRIED_BY,
        "host": settings.HOSTED_BY,
        "session_cookie": settings.SESSION_COOKIE_NAME,
        "form_cookie": settings.CSRF_COOKIE_NAME,
        "language_cookie": settings.LANGUAGE_COOKIE_NAME,
    }
