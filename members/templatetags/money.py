"""Amounts in templates."""

from django import template

from billing.money import format_amount

register = template.Library()


@register.filter
def money(cents: int, currency: str = "eur") -> str:
    """Write cents as all pages do: {{ 199|money }} is €1.99."""
    return format_amount(cents, currency)
