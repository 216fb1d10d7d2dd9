"""Amounts in templates."""

from django import template

from billing.money import decimal_amount, format_amount

register = template.Library()


@register.filter
def money(cents: int, currency: str = "eur") -> str:
    """Write cents as all pages do: {{ 199|money }} is €1.99."""
    return format_amount(cents, currency)


@register.filter
def decimal(cents: int) -> str:
    """Write cents as an address says them: {{ 199|decimal }} is 1.99."""
    return decimal_amount(cents)
