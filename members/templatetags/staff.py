"""The staff's menu, in templates."""

from typing import Any

from django import template
from django.template.context import Context

from members.staff import menu
from members.staff.access import OWN

register = template.Library()


@register.inclusion_tag("staff/menu.html", takes_context=True)
def staff_menu(context: Context) -> dict[str, Any]:
    """The pages that the member of staff of this request may open, the one they are on marked."""
    user, here = context["user"], str(context.get("here", ""))
    match = context["request"].resolver_match
    if not here and match is not None and match.view_name in OWN:
        here = "key"
    groups = [(group, group.holds(here)) for group in menu.of(user)]
    return {"groups": groups, "here": here, "user": user, "csrf_token": context.get("csrf_token")}
