"""Campaigns for a stall, a story or a letter: made, switched off, and printed with a code."""

from dataclasses import dataclass
from typing import Any, Final

import structlog
from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import override
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing import wording
from billing.dates import dublin_date
from billing.figures import names
from billing.models import Campaign, Plan
from billing.models.plan import Interval
from members.embed import qr
from members.reports import rollups
from members.roles import May
from members.staff.access import needs, who

log = structlog.get_logger(__name__)
PAPERS: Final = {"a5": "A5", "a4": "A4"}


class StallForm(forms.Form):
    """A new campaign."""

    name = forms.CharField(
        max_length=64,
        label="Name",
        help_text="For us: “Book fair, October 2026”. It is never printed.",
        error_messages={"required": "Enter a name, so that you find it again."},
    )
    slug = forms.SlugField(
        max_length=32,
        label="In the link",
        help_text="Short, small letters, digits and hyphens: “book-fair”. Everybody can read it.",
        error_messages={
            "required": "Enter what stands in the link.",
            "invalid": "Use small letters a to z, digits and hyphens only.",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slug"].widget.attrs.update(autocapitalize="none", spellcheck="false")

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"].lower()
        if Campaign.objects.filter(slug=slug).exists():
            raise ValidationError("Another one has this link already. Choose another word.")
        return slug


@require_http_methods(["GET", "HEAD", "POST"])
@needs(May.MEMBERS)
def stalls(request: HttpRequest) -> HttpResponseBase:
    """The campaigns, newest first, with what came of them; and the form for a new one."""
    form = StallForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        _make(request, form)
        return redirect("staff-stalls")
    context = {"here": "stalls", "form": form, "stalls": _with_figures()}
    return render(request, "staff/stalls.html", context, status=400 if form.errors else 200)


@require_POST
@needs(May.MEMBERS)
def switch(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Let a campaign count, or count no more. Its link goes on leading to the join page."""
    campaign = get_object_or_404(Campaign, slug=slug)
    active = request.POST.get("to") == "on"
    Campaign.objects.filter(pk=campaign.pk).update(active=active)
    log.info("campaign switched", staff=str(who(request).pk), campaign=str(campaign.pk), on=active)
    told = "It counts again." if active else "It counts no more. Its link still works."
    messages.info(request, f"{campaign.name}: {told}")
    return redirect("staff-stalls")


@require_safe
@needs(May.MEMBERS)
def poster(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A page to print: the code of the campaign's short link, in English or Irish, A5 or A4."""
    campaign = get_object_or_404(Campaign, slug=slug)
    languages = dict(settings.LETTER_LANGUAGES)
    language = request.GET.get("lang", "")
    paper = request.GET.get("paper", "")
    link = f"{settings.SITE_URL}/s/{campaign.slug}/"
    context: dict[str, Any] = {
        "here": "stalls",
        "campaign": campaign,
        "language": language if language in languages else "en",
        "languages": languages,
        "paper": paper if paper in PAPERS else "a5",
        "papers": PAPERS,
        "link": link.partition("://")[2].rstrip("/"),
        "code": qr.code(link),
    }
    # The sheet speaks its own language; the page around it is the staff's.
    with override(context["language"]):
        context["least"] = _least()
    return render(request, "staff/stalls_poster.html", context)


def _make(request: HttpRequest, form: StallForm) -> None:
    slug, name = form.cleaned_data["slug"], form.cleaned_data["name"]
    campaign, made = Campaign.objects.get_or_create(slug=slug, defaults={"name": name})
    if made:
        log.info("campaign made", staff=str(who(request).pk), campaign=str(campaign.pk))
        messages.info(request, f"{name}: the link is ready to print.")


@dataclass(frozen=True, slots=True)
class Stall:
    """A campaign, and how many memberships and gifts began with its link."""

    campaign: Campaign
    members: int
    gifts: int


def _with_figures() -> list[Stall]:
    """Every campaign with what came of it, as the report of campaigns counts it. Three queries."""
    today = dublin_date(timezone.now())
    joins, gifts = (
        rollups.histogram(figure, until=today)
        for figure in (names.CAMPAIGN_JOIN, names.CAMPAIGN_GIFT)
    )
    return [
        Stall(each, members=joins.get(str(each.pk), 0), gifts=gifts.get(str(each.pk), 0))
        for each in Campaign.objects.all()
    ]


def _least() -> str:
    """The smallest support there is: "€1.99 every month"; "" if none is offered."""
    monthly = Plan.objects.filter(active=True, interval=Interval.MONTH)
    plan = monthly.order_by("least_cents").first()
    return wording.price(plan.least_cents, plan.currency, plan.interval) if plan else ""
