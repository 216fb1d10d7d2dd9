"""The part of a form in which one pays: a saved card, a new one, or an account to debit."""

from __future__ import annotations

from html import escape

from ..store import Obj
from .html import field

ACCOUNT = "Local stand-in"
_HINTS = (
    ("4242 4242 4242 4242", "is paid"),
    ("4000 0000 0000 0002", "is declined"),
    ("4000 0000 0000 9995", "has insufficient funds"),
    ("4000 0000 0000 3220", "the bank asks on a page of its own"),
    ("4000 0027 6000 3184", "the bank asks every time"),
    ("DE89 3704 0044 0532 0130 00", "debit that succeeds, days later"),
    ("DE62 3704 0044 0532 0130 01", "debit that fails, days later"),
)


def described(method: Obj | None) -> str:
    """Return a means of payment in words, e.g. `Visa •••• 4242`."""
    if method is None:
        return "None yet"
    if method["type"] == "card":
        return f"{str(method['card']['brand']).title()} •••• {method['card']['last4']}"
    if method["type"] == "sepa_debit":
        return f"SEPA debit •••• {method['sepa_debit']['last4']}"
    return str(method["type"])


def form(
    types: list[str], typed: dict[str, str], wrong: str = "", saved: list[Obj] | None = None
) -> str:
    """Return the fields to pay with; `wrong` names the one that the last try stumbled over."""
    chosen = _saved(saved or [], typed)
    card = _card(typed, wrong) if "card" in types else ""
    debit = _debit(typed, wrong) if "sepa_debit" in types else ""
    between = '<div class="or">or</div>' if card and debit else ""
    label = "Name on card or account" if debit else "Name on card"
    name = field("name", label, typed.get("name", ""), wrong=wrong == "name")
    return chosen + card + between + debit + name


def hints() -> str:
    """Return the numbers that can be tried."""
    rows = "".join(f"<dt><code>{number}</code></dt><dd>{what}</dd>" for number, what in _HINTS)
    return f'<details data-testid="hints"><summary>Test numbers</summary><dl>{rows}</dl></details>'


def _saved(methods: list[Obj], typed: dict[str, str]) -> str:
    if not methods:
        return ""
    first = typed.get("saved") or methods[0]["id"]
    rows = [(m["id"], described(m)) for m in methods] + [("new", "Another card or account")]
    items = "".join(
        f'<label class="box"><input type="radio" name="saved" value="{escape(ident)}" '
        f'data-testid="saved-{escape(ident)}"{" checked" if ident == first else ""}>'
        f"<span>{escape(words)}</span></label>"
        for ident, words in rows
    )
    return f'<fieldset data-testid="saved"><legend>Saved</legend>{items}</fieldset>'


def _card(typed: dict[str, str], wrong: str) -> str:
    number = field(
        "card",
        "Card number",
        typed.get("card", ""),
        hint="4242 4242 4242 4242",
        wrong=wrong in ("card", "invalid_number", "card_declined"),
    )
    expiry = field(
        "expiry",
        "Expiry",
        typed.get("expiry", ""),
        hint="12 / 34",
        wrong=wrong.startswith("invalid_expiry"),
    )
    cvc = field("cvc", "CVC", hint="123", wrong=wrong == "invalid_cvc")
    return (
        f'<fieldset><legend>Card</legend>{number}<div class="pair"><div>{expiry}</div>'
        f"<div>{cvc}</div></div></fieldset>"
    )


def _debit(typed: dict[str, str], wrong: str) -> str:
    iban = field(
        "iban",
        "IBAN",
        typed.get("iban", ""),
        hint="DE89 3704 0044 0532 0130 00",
        wrong=wrong == "iban",
    )
    mandate = (
        f'<p class="soft small" data-testid="mandate">By giving your IBAN you allow {ACCOUNT} to '
        "have your bank debit your account, and your bank to do so. You can ask your bank for the "
        "money back within eight weeks of a debit.</p>"
    )
    return f"<fieldset><legend>SEPA direct debit</legend>{iban}{mandate}</fieldset>"
