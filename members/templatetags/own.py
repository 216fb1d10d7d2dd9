"""What a membership costs, how often, and what a browser is called, in templates."""

from datetime import datetime

from django import template
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _

from billing import wording
from billing.dates import dublin_date
from billing.models import Membership
from members import sessions
from members.models import Browser
from members.standing import Standing

register = template.Library()


@register.filter
def price(of: Standing | Membership) -> str:
    """What is paid, and how often: {{ standing|price }} is "€1.99 every month".

    Of a standing from the next payment on; of a membership as its row has it.
    """
    if isinstance(of, Standing):
        return wording.price(of.price.cents, of.membership.currency, of.price.interval)
    return wording.price(of.amount_cents, of.currency, of.interval)


@register.filter
def rhythm(interval: str) -> str:
    """How often: {{ "month"|rhythm }} is "every month"."""
    return wording.rhythm(interval)


@register.filter
def named(name: str) -> str:
    """A plan by its name in the active language."""
    return wording.named(name)


@register.filter
def means(label: str) -> str:
    """What was paid with, in the active language."""
    return wording.means(label)


@register.filter
def browser(row: Browser) -> str:
    """What its owner may know a browser by."""
    return sessions.label(row)


@register.filter
def days(moments: list[datetime]) -> str:
    """Some days of one year: "2 April, 2 May and 2 June"."""
    named = [format_date(dublin_date(each), "j F") for each in moments]
    if len(named) < 2:
        return "".join(named)
    return _("%(days)s and %(last)s") % {"days": ", ".join(named[:-1]), "last": named[-1]}
