"""What somebody typed on a hosted page, and the means of payment it stands for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..store import Obj
from ..wire.errors import StripeError, card_error, invalid
from ..world import World
from . import mandates, methods
from .cards import card_number, iban

_EXPIRY = re.compile(r"^\s*(\d{1,2})\s*/?\s*(\d{2}|\d{4})\s*$")
_EMAIL = re.compile(r"^[^@\s<>]+@[^@\s<>]+$")


@dataclass(frozen=True)
class Payer:
    """The fields of a payment form; `shown` once the bank's page has been passed.

    `saved` is the id of a means of payment that was saved before, and goes before the rest.
    """

    card: str = ""
    expiry: str = ""
    cvc: str = ""
    iban: str = ""
    saved: str = ""
    email: str = ""
    name: str = ""
    individual_name: str = ""
    business_name: str = ""
    terms: bool = True
    save: bool = False
    shown: bool = False


def typed(fields: dict[str, str]) -> Payer:
    """Return the payer of a submitted form.

    What was typed goes before what is saved, and a card before an IBAN.
    """
    names = ("expiry", "cvc", "email", "name", "individual_name", "business_name")
    plain: dict[str, Any] = {name: fields.get(name, "").strip() for name in names}
    saved = fields.get("saved", "")
    card, code = fields.get("card", "").strip(), fields.get("iban", "").strip()
    return Payer(
        **plain,
        saved="" if saved == "new" or card or code else saved,
        card=card,
        iban="" if card else code,
        terms="terms" in fields,
        save="save" in fields,
    )


def address(text: str) -> str:
    """Return an e-mail address as typed; raises 400 where it cannot be one."""
    email = text.strip()
    if not _EMAIL.match(email) or len(email) > 512:
        raise invalid("Please enter your e-mail address.", "email", "email_invalid")
    return email


def means(
    world: World, payer: Payer, *, types: list[str], customer: str | None, email: str | None
) -> Obj:
    """Return the means of payment that was typed or chosen; nothing is charged or attached.

    Raises 402 for a card number, 400 for an IBAN, that cannot be one or is not offered here.
    """
    if payer.saved:
        return _saved(world, payer.saved, customer)
    moment = world.now(customer)
    details = {"email": email, "name": payer.name or None}
    if payer.iban:
        code = iban(payer.iban)
        if code is None or "sepa_debit" not in types:
            raise invalid("This IBAN is not valid.", "iban", "invalid_bank_account_iban")
        return methods.make(world, "sepa_debit", code, moment=moment, details=details)
    number = card_number(payer.card)
    if number is None or "card" not in types:
        raise _wrong("invalid_number", "Your card number is invalid.")
    month, year = _expiry(payer.expiry, moment)
    if payer.cvc and not re.fullmatch(r"\d{3,4}", payer.cvc):
        raise _wrong("invalid_cvc", "Your card's security code is invalid.")
    method = methods.make(world, "card", number, moment=moment, details=details)
    if month:
        method["card"] |= {"exp_month": month, "exp_year": year}
    return method


def offered(world: World, customer: str | None) -> list[Obj]:
    """Return the customer's saved cards and accounts, the latest first, at most three."""
    found: list[Obj] = [
        method
        for method in world.store.newest("payment_method")
        if customer and method["customer"] == customer
    ]
    return found[:3]


def _saved(world: World, ident: str, customer: str | None) -> Obj:
    method = world.store.find(ident)
    # Somebody else's card must look like one that does not exist.
    if method is None or method["object"] != "payment_method" or not customer:
        raise invalid("This payment method is not saved here.", "saved", "resource_missing")
    if method["customer"] != customer:
        raise invalid("This payment method is not saved here.", "saved", "resource_missing")
    # Whoever pays from an account under the words of a mandate gives a new one.
    mandate = mandates.find(world, method)
    if mandate and mandate["status"] != "active":
        mandates.renew(world, method, world.now(customer))
    return method


def _expiry(text: str, moment: int) -> tuple[int, int]:
    """Return month and year, zeros when nothing was typed (a script needs the number only)."""
    if not text:
        return 0, 0
    found = _EXPIRY.match(text)
    month = int(found[1]) if found else 0
    if not found or not 1 <= month <= 12:
        raise _wrong("invalid_expiry_month", "Your card's expiration date is invalid.")
    year = int(found[2]) % 100 + 2000
    today = datetime.fromtimestamp(moment, UTC)
    if (year, month) < (today.year, today.month):
        raise _wrong("invalid_expiry_year", "Your card's expiration year is in the past.")
    return month, year


def _wrong(code: str, message: str) -> StripeError:
    failure: dict[str, Any] = {"code": code, "message": message}
    return card_error(failure)
