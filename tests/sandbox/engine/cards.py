"""Stripe's test cards and IBANs, and what each of them does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Behaviour:
    """What a means of payment does: when it fails, how, and what becomes of its refunds."""

    code: str | None = None
    decline: str | None = None
    message: str = "Your card was declined."
    fails_attached: bool = True
    fails_in_checkout: bool = True
    asks: str = "never"
    refund: str = "succeeded"

    def failure(self) -> dict[str, Any]:
        """Return the fields that charge, intent and error share."""
        return {"code": self.code, "decline_code": self.decline, "message": self.message}


OK = Behaviour()
DECLINED = Behaviour("card_declined", "generic_decline")
POOR = Behaviour("card_declined", "insufficient_funds", "Your card has insufficient funds.")
EXPIRED = Behaviour("expired_card", "expired_card", "Your card has expired.")
WRONG_CVC = Behaviour("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.")
# Real Stripe declines 0341 in Checkout as well; here the first payment succeeds, so that a
# demo can have a membership whose next renewal fails (README: simplified).
LATER = Behaviour("card_declined", "generic_decline", fails_attached=False, fails_in_checkout=False)
ASKS_ONCE = Behaviour(asks="once")
ASKS_ALWAYS = Behaviour(asks="always")

CARDS: dict[str, Behaviour] = {
    "4242424242424242": OK,
    "5555555555554444": OK,
    "4000000000000002": DECLINED,
    "4000000000009995": POOR,
    "4000000000000069": EXPIRED,
    "4000000000000127": WRONG_CVC,
    "4000000000000341": LATER,
    "4000002500003155": ASKS_ONCE,
    "4000000000003220": ASKS_ONCE,
    "4000002760003184": ASKS_ALWAYS,
    "4000000000007726": Behaviour(refund="pending"),
    "4000000000005126": Behaviour(refund="failing"),
}

TOKENS = {
    "pm_card_visa": "4242424242424242",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_chargeDeclined": "4000000000000002",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_chargeDeclinedExpiredCard": "4000000000000069",
    "pm_card_chargeDeclinedIncorrectCvc": "4000000000000127",
    "pm_card_chargeCustomerFail": "4000000000000341",
    "pm_card_threeDSecure2Required": "4000000000003220",
    "pm_card_authenticationRequiredOnSetup": "4000002500003155",
    "pm_card_authenticationRequired": "4000002760003184",
    "pm_card_pendingRefund": "4000000000007726",
    "pm_card_refundFail": "4000000000005126",
}

# IBAN to the failure code days later; None when the money arrives.
IBANS: dict[str, str | None] = {
    "DE89370400440532013000": None,
    "DE08370400440532013003": None,
    "DE62370400440532013001": "debit_not_authorized",
    "DE78370400440532013004": "debit_not_authorized",
    "DE65370400440002222227": "insufficient_funds",
    "DE65370400440000343434": "charge_exceeds_source_limit",
}


def card_number(typed: str) -> str | None:
    """Return the digits of a card number as typed, or None when it cannot be one (Luhn)."""
    digits = "".join(typed.split()).replace("-", "")
    if not digits.isdigit() or not 12 <= len(digits) <= 19:
        return None
    doubled = [int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits))]
    return digits if sum(d // 10 + d % 10 for d in doubled) % 10 == 0 else None


def iban(typed: str) -> str | None:
    """Return an IBAN without spaces, or None when its check digits are wrong (mod 97)."""
    code = "".join(typed.split()).upper()
    if not 15 <= len(code) <= 34 or not code.isalnum() or not code.isascii():
        return None
    number = "".join(str(int(c, 36)) for c in code[4:] + code[:4])
    return code if int(number) % 97 == 1 else None
