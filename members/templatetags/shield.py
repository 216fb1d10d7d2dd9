"""The button before the payment page, with whatever the shield wants done before it is pressed."""

from typing import Any

from django import template
from django.http import HttpRequest
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from members import press
from members.models.shield import Level
from members.shield import proofs
from members.views import shield

register = template.Library()


@register.simple_tag
def form_stamp() -> SafeString:
    """The hidden field that says when the form was made."""
    return format_html('<input type="hidden" name="made" value="{}">', shield.stamp())


@register.inclusion_tag("members/shield/button.html", takes_context=True)
def pay_button(context: Context) -> dict[str, Any]:
    """The button of the review page; its form holds `press`, and `label` is what it says."""
    request: HttpRequest = context["request"]
    level = shield.level_for(request)
    match = request.resolver_match
    # Who holds a letter from us has shown their mailbox, who is signed in theirs.
    if level != Level.CALM and match is not None and match.view_name == "letter-link":
        level = Level.CALM
    pressed = press.read(context["press"], button=shield.FORM)
    if pressed.about.get("supporter_id"):
        level = Level.CALM
    asked = level == Level.PRESSED
    return {
        "label": context.get("label", ""),
        "level": level,
        "challenge": proofs.make(form=shield.FORM, about=pressed.id) if asked else None,
        "again": context.get("again", False),
    }
