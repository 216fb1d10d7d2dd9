"""The review page: all that the law wants read before the button that pays."""

from dataclasses import asdict
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from billing import charity, withdrawal
from billing.dates import dublin_date
from billing.models import Plan
from billing.money import format_amount
from billing.wording import long_date, named, price, rhythm
from members import consent, offers, orders, press, signin
from members.models import JoinLink
from members.orders import Order
from members.views import bank_line

BUTTON: Final = "join"


def review_page(
    request: HttpRequest,
    order: Order,
    *,
    plan: Plan,
    unused: str = "",
    by_letter: JoinLink | None = None,
) -> HttpResponse:
    """Show the order once more, with the one button that obliges to pay.

    `unused` is what was typed beside a preset, and does not count. `by_letter` is an order that
    came back by a letter: its page names nobody, and its button is always the same press. Its box
    may have been ticked by anybody, so the mailbox's owner reads what they agree to.
    """
    supporter = signin.current(request) if order.supporter_id else None
    context = _sums(order, plan) | {
        "press": press.make(
            button=BUTTON,
            about=asdict(order),
            press_id=by_letter.pk.hex if by_letter else "",
            shown_at=by_letter.asked_at if by_letter else None,
        ),
        "by_letter": by_letter is not None,
        "consent_text": consent.statement(name=charity.current().trading_name, read=order.locale),
        "order": order,
        "plan": plan,
        "plan_name": named(plan.name),
        "unused": unused,
        "email": supporter.email if supporter else order.email,
        "label": orders.label(plan, order.amount_cents),
        "bank_lines": [bank_line.line(plan, order.amount_cents)],
        "withdraw_by": long_date(withdrawal.deadline(dublin_date(timezone.now()))),
        "reminder_days": settings.REMINDER_DAYS,
    }
    return render(request, "members/review.html", context)


def _sums(order: Order, plan: Plan) -> dict[str, str]:
    """What is paid, of which part it is made, and how much of it arrives."""
    rates, currency = offers.offer_of(plan).own_rates, plan.currency
    return {
        "amount": format_amount(order.amount_cents, currency),
        "rhythm": rhythm(plan.interval),
        "price": price(order.amount_cents, currency, plan.interval),
        "arrives": format_amount(rates.arrives(order.amount_cents), currency),
        "extra": format_amount(order.extra_cents, currency) if order.extra_cents else "",
        "own": format_amount(order.own_cents, currency),
        "own_price": price(order.own_cents, currency, plan.interval),
    }
