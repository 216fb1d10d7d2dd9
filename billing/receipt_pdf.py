"""A receipt or credit note as a PDF, drawn from its row whenever it is wanted (DESIGN 7).

Typst draws it: tagged, PDF/UA-1 and PDF/A-2a, the same bytes for the same row and name. The data
goes in as JSON, so that a name which looks like a command stays a name.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import typst
from django.conf import settings

from billing import charity as identity
from billing.charity import Charity
from billing.dates import dublin_date
from billing.models import Receipt
from billing.models.plan import BenefitClass
from billing.models.receipt import Series
from billing.money import format_amount
from billing.wording import long_date

_SOURCE: Final = Path(__file__).with_name("typst") / "receipt.typ"

ACCOUNT_PATH: Final = "/account/"

Facts = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Words:
    """What a document of one series calls things."""

    title: str
    amount: str
    day: str
    summary: str
    method: str
    payer: str
    statement: str = ""


_WORDS: Final = {
    Series.RECEIPT: _Words(
        title="Receipt",
        amount="Paid",
        day="Date of payment",
        summary="paid on",
        method="Paid with",
        payer="Received from",
    ),
    Series.CREDIT_NOTE: _Words(
        title="Credit note",
        amount="Refunded",
        day="Date of refund",
        summary="refunded on",
        method="Refunded to",
        payer="Payer",
        statement="This credit note corrects the receipt it refers to, "
        "which stays as it was issued.",
    ),
    Series.DEBIT_NOTE: _Words(
        title="Debit note",
        amount="Not refunded",
        day="Date",
        summary="could not be refunded,",
        method="Could not be sent to",
        payer="Payer",
        statement="This debit note takes back the credit note it refers to: the bank did not "
        "accept the refund, so the receipt stands again.",
    ),
}


def render(receipt: Receipt, *, name: str) -> bytes:
    """Draw the document for a payer of this name; "" leaves the name out (DOMAIN 1.4).

    A name in a script for which we have no letters is left out too: a receipt without a name is
    good, one with boxes in its place is not. Raises typst.TypstError if even that cannot be drawn.
    """
    try:
        return _draw(receipt, name)
    except typst.TypstError:
        if not name:
            raise
        return _draw(receipt, "")


def facts(receipt: Receipt) -> Facts:
    """What the document states, a label and a text each, without the payer's name."""
    words = _WORDS[Series(receipt.series)]
    headline = [
        (words.amount, format_amount(receipt.amount_cents, receipt.currency)),
        (words.day, long_date(receipt.paid_at)),
        (f"{words.title} number", receipt.label),
    ]
    return headline + _details(receipt)


def statement(receipt: Receipt) -> str:
    """What was given in return (DOMAIN 1.4). Never "tax deductible": in Ireland it is not."""
    words = _WORDS[Series(receipt.series)]
    if words.statement:
        return words.statement
    if receipt.benefit_class == BenefitClass.NONE:
        return "This is a donation. No goods or services were provided in return."
    including = f" including: {receipt.benefits.rstrip('.')}" if receipt.benefits else ""
    size = " with a token benefit" if receipt.benefit_class == BenefitClass.TOKEN else ""
    return f"Membership{size}{including}. Not eligible for the Charitable Donation Scheme."


def _details(receipt: Receipt) -> Facts:
    rows = [
        (_WORDS[Series(receipt.series)].method, receipt.method),
        ("For", _purpose(receipt)),
        ("Period covered", _period(receipt)),
        ("Refers to", _original(receipt.refers_to)),
        ("Issued on", long_date(receipt.issued_at)),
        ("Reference", str(receipt.id)),
    ]
    return [(label, text) for label, text in rows if text]


def _original(receipt: Receipt | None) -> str:
    if receipt is None:
        return ""
    amount = format_amount(receipt.amount_cents, receipt.currency)
    title = _WORDS[Series(receipt.series)].title
    return f"{title} {receipt.label} of {long_date(receipt.issued_at)}, {amount}"


def _purpose(receipt: Receipt) -> str:
    kind = "Donation" if receipt.benefit_class == BenefitClass.NONE else "Membership"
    return f"{kind}: {receipt.plan_name}"


def _period(receipt: Receipt) -> str:
    if receipt.period_start is None or receipt.period_end is None:
        return ""
    return f"{long_date(receipt.period_start)} to {long_date(receipt.period_end)}"


def _draw(receipt: Receipt, name: str) -> bytes:
    drawn: bytes = typst.compile(
        _SOURCE,
        root=_SOURCE.parent,
        ignore_system_fonts=True,
        sys_inputs={"receipt": json.dumps(_data(receipt, name))},
        pdf_standards=["a-2a", "ua-1"],
    )
    return drawn


def _data(receipt: Receipt, name: str) -> dict[str, Any]:
    charity = Charity.from_snapshot(receipt.charity)
    words = _WORDS[Series(receipt.series)]
    payer = [(words.payer, name.strip())] if name.strip() else []
    return {
        "title": words.title,
        "label": receipt.label,
        "issuer": charity.trading_name or charity.legal_name,
        "amount": format_amount(receipt.amount_cents, receipt.currency),
        "summary": f"{words.summary} {long_date(receipt.paid_at)}",
        "facts": payer + _details(receipt),
        "statement": statement(receipt),
        "manage": _how_to_manage(receipt, charity),
        "identity": charity.identity_lines,
        "issued": dublin_date(receipt.issued_at).isoformat(),
    }


def _how_to_manage(receipt: Receipt, charity: Charity) -> list[str]:
    """Where to end it, and whom to ask: as they are now, since old ones may be gone."""
    account = settings.SITE_URL + ACCOUNT_PATH
    contact = identity.current().support_email or charity.support_email
    lines = [
        f"End your support at any time: {account}"
        if receipt.payment.membership_id and receipt.series == Series.RECEIPT
        else f"Your receipts: {account}",
        f"Questions: {contact}" if contact else "",
    ]
    return [line for line in lines if line]
