"""Means of payment: making them from a test number, attaching them, reading their behaviour."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from ..shapes import no_address, shaped
from ..store import Obj, new_id
from ..wire.errors import card_error, invalid, missing
from ..world import World
from . import cards
from .cards import CARDS, EXPIRED, IBANS, OK, TOKENS, Behaviour, Debit


def _fingerprint(number: str) -> str:
    return hashlib.sha256(number.encode()).hexdigest()[:16]


def _card(number: str) -> Obj:
    brand = cards.brand(number)
    return {
        "brand": brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "pass",
        },
        "country": cards.country(number),
        "description": None,
        "display_brand": brand,
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": _fingerprint(number),
        "funding": cards.funding(number),
        "generated_from": None,
        "iin": None,
        "issuer": None,
        "last4": number[-4:],
        "networks": {"available": [brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def _sepa(code: str) -> Obj:
    return {
        "bank_code": code[4:12],
        "branch_code": "",
        "country": code[:2],
        "fingerprint": _fingerprint(code),
        "generated_from": {"charge": None, "setup_attempt": None},
        "last4": code[-4:],
    }


def make(
    world: World, kind: str, number: str, *, moment: int, details: dict[str, Any] | None = None
) -> Obj:
    """Keep a new payment method of kind `card` or `sepa_debit`; nothing is charged."""
    billing = no_address() | (details or {})
    method = shaped("payment_method", id=new_id("pm_1"), created=moment, type=kind)
    method |= {"billing_details": billing, "metadata": {}, "allow_redisplay": "limited"}
    method[kind] = _card(number) if kind == "card" else _sepa(number)
    world.store.note(method["id"])["number"] = number
    return world.store.add(method)


def from_token(world: World, token: str, param: str = "id") -> Obj:
    """Return the payment method of this id; `pm_card_...` names make a new one each time."""
    found = world.store.find(token)
    if found is not None and found["object"] == "payment_method":
        return found
    if token not in TOKENS:
        raise missing("payment_method", token, param)
    return make(world, "card", TOKENS[token], moment=world.now())


def attach(world: World, method: Obj, customer: str) -> Obj:
    """Tie the method to the customer; raises 402 for a card that the bank refuses at once."""
    behaviour = behaviour_of(world, method)
    if behaviour.code and behaviour.fails_attached:
        raise card_error(behaviour.failure())
    if method["customer"] == customer:
        return method
    if method["customer"]:
        message = "The payment method you provided has already been attached to a customer."
        raise invalid(message)
    check_free(world, method)
    method["customer"] = customer
    world.emit("payment_method.attached", method)
    return method


def check_free(world: World, method: Obj) -> None:
    """Refuse a method that was used without a customer, or detached from one: it is used up."""
    note = world.store.peek(method["id"])
    if method["customer"] is None and (note.get("detached") or note.get("used")):
        message = (
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer "
            "attachment or was detached from a Customer. It may not be used again."
        )
        raise invalid(message, "payment_method")


def detach(world: World, method: Obj) -> None:
    """Untie the method; it can neither be charged nor attached again."""
    previous = {"customer": method["customer"]}
    method["customer"] = None
    world.store.note(method["id"])["detached"] = True
    world.emit("payment_method.detached", method, previous)


def update_card(world: World, method: Obj, *, by_network: bool, **changes: object) -> None:
    """Change a card's `exp_month`, `exp_year` or `last4`, as its owner or as its network does."""
    if method["type"] != "card":
        raise invalid(f"Payment method {method['id']} is not a card.")
    before = {n: method["card"][n] for n, v in changes.items() if method["card"][n] != v}
    method["card"] |= changes
    told = "automatically_updated" if by_network else "updated"
    world.emit(f"payment_method.{told}", method, {"card": before} if before else {})


def behaviour_of(world: World, method: Obj) -> Behaviour:
    """Return what this method's card does; one whose last month is over is declined."""
    behaviour = CARDS.get(world.store.peek(method["id"]).get("number", ""), OK)
    card = method.get("card")
    if card is None or behaviour.code:
        return behaviour
    now = datetime.fromtimestamp(world.now(method["customer"]), UTC)
    over = (card["exp_year"], card["exp_month"]) < (now.year, now.month)
    return EXPIRED if over else behaviour


def debit_of(world: World, method: Obj) -> Debit:
    """Return what this method's bank account does with a debit."""
    return IBANS.get(world.store.peek(method["id"]).get("number", ""), Debit())
