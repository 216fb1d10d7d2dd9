"""/i/{invoice}: the hosted invoice, and its print-out."""

from __future__ import annotations

from html import escape

from ..engine import hosted_invoices, payers
from ..periods import day_text
from ..store import Obj
from ..wire.errors import StripeError, missing
from ..wire.message import Reply, Request, page, see_other
from ..world import World
from . import means
from .html import button, frame, lines, link, money, notice, press, problem, tag

_TAGS = {"paid": "ok", "open": "so", "void": "", "uncollectible": "no"}
_CLOSED = {
    "paid": ("This invoice is paid. Thank you.", "good"),
    "void": ("This invoice was voided: there is nothing to pay.", "warm"),
    "uncollectible": ("This invoice is no longer asked for. You can still pay it.", "warm"),
}


def show(world: World, request: Request, ident: str) -> Reply:
    """Show an invoice, with a form while it can be paid."""
    return form(world, _finalised(world, ident), {})


def submit(world: World, request: Request, ident: str) -> Reply:
    """Pay with what was typed or saved."""
    invoice = _finalised(world, ident)
    if not hosted_invoices.payable(world, invoice):
        return see_other(f"/i/{ident}")
    typed = request.fields()
    try:
        outcome = hosted_invoices.pay(world, invoice, payers.typed(typed))
    except StripeError as error:
        return form(world, invoice, typed, error)
    return see_other(outcome.url)


def show_print(world: World, request: Request, ident: str) -> Reply:
    """Show the invoice as a page to print, in place of Stripe's PDF."""
    invoice = _finalised(world, ident)
    inner = f"{_head(invoice)}{_lines(invoice)}{_facts(invoice)}"
    told = "A print-out of the local stand-in: not a PDF, not an invoice, and not from Stripe."
    return page(frame(f"Invoice {invoice['number']}", f'{inner}<p class="foot">{told}</p>'))


def form(
    world: World, invoice: Obj, typed: dict[str, str], error: StripeError | None = None
) -> Reply:
    """Return the page of an invoice, with what was wrong with the last try."""
    wrong = str(error.fields.get("param") or error.fields.get("code") or "") if error else ""
    inner = f"{_head(invoice)}{_told(world, invoice)}{problem(str(error or ''))}{_lines(invoice)}"
    if hosted_invoices.payable(world, invoice):
        intent = hosted_invoices.intent_of(world, invoice)
        types = intent["payment_method_types"] if intent else ["card"]
        saved = payers.offered(world, invoice["customer"])
        amount = money(invoice["amount_remaining"], invoice["currency"])
        inner += (
            f'<form method="post" action="/i/{invoice["id"]}">{press()}'
            f"{means.form(types, typed, wrong, saved)}"
            f'<p class="soft small">What you pay with is used for the next payments, too.</p>'
            f"{button(f'Pay {amount}', 'pay')}</form>{means.hints()}"
        )
    inner += f"{_facts(invoice)}<p>{link(invoice['invoice_pdf'], 'Print', 'pdf')}</p>"
    return page(frame(f"Invoice {invoice['number']}", inner), error.status if error else 200)


def _finalised(world: World, ident: str) -> Obj:
    invoice = world.store.get("invoice", ident)
    # A draft has no page yet.
    if invoice["hosted_invoice_url"] is None:
        raise missing("invoice", ident)
    return invoice


def _head(invoice: Obj) -> str:
    amount = money(invoice["amount_due"], invoice["currency"])
    state = tag(invoice["status"], _TAGS.get(invoice["status"], ""))
    return (
        f'<p class="from">{means.ACCOUNT}</p><h1>Invoice {escape(invoice["number"] or "")}</h1>'
        f'<p class="sum" data-testid="amount">{amount}</p>'
        f'<p data-testid="status-{invoice["status"]}">{state}</p>'
    )


def _told(world: World, invoice: Obj) -> str:
    if hosted_invoices.on_its_way(world, invoice):
        text = "Your debit is on its way. Your bank takes some days."
        return notice(text, "on-its-way", kind="warm")
    words = _CLOSED.get(invoice["status"])
    return notice(words[0], "told", kind=words[1]) if words else ""


def _lines(invoice: Obj) -> str:
    currency = invoice["currency"]
    rows = [
        (_described(line), money(line["amount"], currency)) for line in invoice["lines"]["data"]
    ]
    rest = invoice["total"] - invoice["amount_due"]
    if rest:
        rows += [
            ("Total", money(invoice["total"], currency)),
            ("From your balance", money(-rest, currency)),
        ]
    return lines(rows, ("Amount due", money(invoice["amount_due"], currency)))


def _described(line: Obj) -> str:
    period = line["period"]
    text = line["description"] or "Membership"
    if period["start"] == period["end"]:
        return str(text)
    return f"{text}, {day_text(period['start'])} to {day_text(period['end'])}"


def _facts(invoice: Obj) -> str:
    moves = invoice["status_transitions"]
    facts = [
        ("To", invoice["customer_name"] or invoice["customer_email"]),
        ("Issued", day_text(invoice["effective_at"] or invoice["created"])),
        ("Paid on", day_text(moves["paid_at"]) if moves["paid_at"] else None),
        ("Paid", money(invoice["amount_paid"], invoice["currency"])),
    ]
    rows = "".join(f"<dt>{a}</dt><dd>{escape(str(b))}</dd>" for a, b in facts if b)
    return f"<dl>{rows}</dl>"
