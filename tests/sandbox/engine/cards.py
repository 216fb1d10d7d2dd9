"""Stripe's test cards and IBANs, and what each of them does (docs.stripe.com/testing)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Behaviour:
    """What a card does: how it fails, when the bank asks, what becomes of the money later.

    `asks`: never | once (until authenticated) | on_session (whenever the payer is there, and off
    session until authenticated) | set_up (on session only) | always. `refund`: succeeded |
    pending | failing. `trouble`: what follows a payment, a dispute reason or `warning`.
    """

    code: str | None = None
    decline: str | None = None
    message: str = "Your card was declined."
    fails_attached: bool = True
    asks: str = "never"
    refund: str = "succeeded"
    trouble: str = ""
    risk: str = "normal"
    blocked: bool = False
    at_once: bool = False

    def failure(self) -> dict[str, Any]:
        """Return the fields that charge, intent and error share."""
        return {"code": self.code, "decline_code": self.decline, "message": self.message}


@dataclass(frozen=True)
class Debit:
    """What a bank account does with a SEPA debit: fails with a code, takes longer, is disputed."""

    code: str | None = None
    slow: bool = False
    trouble: str = ""


OK = Behaviour()
DECLINED = Behaviour("card_declined", "generic_decline")
POOR = Behaviour("card_declined", "insufficient_funds", "Your card has insufficient funds.")
EXPIRED = Behaviour("expired_card", "expired_card", "Your card has expired.")
WRONG_CVC = Behaviour("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.")
BUSY = Behaviour(
    "processing_error",
    "processing_error",
    "An error occurred while processing your card. Try again in a little bit.",
)
# Attaches, then is declined every time it is charged, in Checkout too.
LATER = replace(DECLINED, fails_attached=False)
BLOCKED = Behaviour("card_declined", "fraudulent", fails_attached=False, risk="highest")
SLOW_SECONDS = 180

CARDS: dict[str, Behaviour] = {
    "4000000000000002": DECLINED,
    "4000000000009995": POOR,
    "4000000000009987": replace(DECLINED, decline="lost_card"),
    "4000000000009979": replace(DECLINED, decline="stolen_card"),
    "4000000000006975": replace(DECLINED, decline="card_velocity_exceeded"),
    "4000000000000069": EXPIRED,
    "4000000000000127": WRONG_CVC,
    "4000000000000119": BUSY,
    "4000000000000341": LATER,
    "4100000000000019": replace(BLOCKED, blocked=True),
    "4000000000004954": replace(BLOCKED, blocked=True),
    "4000000000009235": Behaviour(risk="elevated"),
    "4000002500003155": Behaviour(asks="once"),
    "4000000000003220": Behaviour(asks="on_session"),
    "4000003800000446": Behaviour(asks="set_up"),
    "4000002760003184": Behaviour(asks="always"),
    "4000008260003178": replace(POOR, asks="always", fails_attached=False),
    "4000008400001629": replace(DECLINED, asks="always", fails_attached=False),
    "4000000000000259": Behaviour(trouble="fraudulent"),
    "4000000000002685": Behaviour(trouble="product_not_received"),
    "4000000000001976": Behaviour(trouble="inquiry"),
    "4000000000005423": Behaviour(trouble="warning"),
    "4000000000007726": Behaviour(refund="pending"),
    "4000000000005126": Behaviour(refund="failing"),
    "4000000000000077": Behaviour(at_once=True),
    "4000003720000278": Behaviour(at_once=True),
}

TOKENS = {
    "pm_card_visa": "4242424242424242",
    "pm_card_visa_debit": "4000056655665556",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_mastercard_debit": "5200828282828210",
    "pm_card_mastercard_prepaid": "5105105105105100",
    "pm_card_amex": "378282246310005",
    "pm_card_discover": "6011111111111117",
    "pm_card_diners": "3056930009020004",
    "pm_card_jcb": "3566002020360505",
    "pm_card_unionpay": "6200000000000005",
    "pm_card_ie": "4000003720000005",
    "pm_card_de": "4000002760000016",
    "pm_card_fr": "4000002500000003",
    "pm_card_gb": "4000008260000000",
    "pm_card_us": "4242424242424242",
    "pm_card_chargeDeclined": "4000000000000002",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_visa_chargeDeclinedLostCard": "4000000000009987",
    "pm_card_visa_chargeDeclinedStolenCard": "4000000000009979",
    "pm_card_visa_chargeDeclinedVelocityLimitExceeded": "4000000000006975",
    "pm_card_chargeDeclinedExpiredCard": "4000000000000069",
    "pm_card_chargeDeclinedIncorrectCvc": "4000000000000127",
    "pm_card_chargeDeclinedProcessingError": "4000000000000119",
    "pm_card_chargeCustomerFail": "4000000000000341",
    "pm_card_radarBlock": "4100000000000019",
    "pm_card_riskLevelHighest": "4000000000004954",
    "pm_card_riskLevelElevated": "4000000000009235",
    "pm_card_threeDSecure2Required": "4000000000003220",
    "pm_card_threeDSecureRequired": "4000000000003220",
    "pm_card_threeDSecureRequiredChargeDeclined": "4000008400001629",
    "pm_card_authenticationRequiredOnSetup": "4000002500003155",
    "pm_card_authenticationRequiredSetupForOffSession": "4000003800000446",
    "pm_card_authenticationRequired": "4000002760003184",
    "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds": "4000008260003178",
    "pm_card_createDispute": "4000000000000259",
    "pm_card_createDisputeProductNotReceived": "4000000000002685",
    "pm_card_createDisputeInquiry": "4000000000001976",
    "pm_card_createIssuerFraudRecord": "4000000000005423",
    "pm_card_pendingRefund": "4000000000007726",
    "pm_card_refundFail": "4000000000005126",
    "pm_card_bypassPending": "4000000000000077",
    "pm_card_bypassPendingInternational": "4000003720000278",
}

IBANS: dict[str, Debit] = {
    "DE89370400440532013000": Debit(),
    "DE08370400440532013003": Debit(slow=True),
    "DE62370400440532013001": Debit("debit_not_authorized"),
    "DE78370400440532013004": Debit("debit_not_authorized", slow=True),
    "DE35370400440532013002": Debit(trouble="debit_not_authorized"),
    "DE65370400440002222227": Debit("insufficient_funds"),
    "DE65370400440000343434": Debit("charge_exceeds_source_limit"),
}

_BRANDS = {
    "34": "amex",
    "37": "amex",
    "35": "jcb",
    "30": "diners",
    "36": "diners",
    "60": "discover",
    "62": "unionpay",
    "5": "mastercard",
    "4": "visa",
}
_FUNDING = {
    "4000056655665556": "debit",
    "5200828282828210": "debit",
    "5105105105105100": "prepaid",
}
_COUNTRIES = {"400000372": "IE", "400000276": "DE", "400000250": "FR", "400000826": "GB"}


def brand(number: str) -> str:
    """Return the network of a card number, `visa` when in doubt."""
    return next((name for start, name in _BRANDS.items() if number.startswith(start)), "visa")


def funding(number: str) -> str:
    """Return credit, debit or prepaid."""
    return _FUNDING.get(number, "credit")


def country(number: str) -> str:
    """Return the country of the issuing bank; this stand-in's own (IE) unless the number says."""
    return _COUNTRIES.get(number[:9], "IE")


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
