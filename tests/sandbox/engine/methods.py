"""Means of payment: making them from a test number, attaching them, reading their behaviour."""

from __future__ import annotations

import hashlib
from typing import Any

from ..shapes import no_address, shaped
from ..store import Obj, new_id
from ..wire.errors import card_error, missing
from ..world import World
from .cards import CARDS, IBANS, OK, TOKENS, Behaviour


def _fingerprint(number: str) -> str:
    return hashlib.sha256(number.encode()).hexdigest()[:16]


def _card(number: str) -> Obj:
    brand = "mastercard" if number.startswith("5") else "visa"
    return {
        "brand": brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "pass",
        },
        "country": "IE",
        "description": None,
        "display_brand": brand,
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": _fingerprint(number),
        "funding": "credit",
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
    if method["customer"] != customer:
        method["customer"] = customer
        world.emit("payment_method.attached", method)
    return method


def behaviour_of(world: World, method: Obj) -> Behaviour:
    """Return what this method's card does."""
    number = world.store.peek(method["id"]).get("number", "")
    return CARDS.get(number, OK)


def debit_failure(world: World, method: Obj) -> str | None:
    """Return the code with which this SEPA debit will fail, or None."""
    return IBANS.get(world.store.peek(method["id"]).get("number", ""))
