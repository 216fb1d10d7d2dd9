"""What banks, networks and staff do to money: refunds, disputes, warnings, returns, payouts."""

from __future__ import annotations

from collections.abc import Callable

from ..engine import debits, disputes, fraud, mandates, methods, payouts, refunds
from ..engine.cards import card_number
from ..store import Obj
from ..wire.errors import invalid, required
from ..world import World

Verb = Callable[[World, Obj, tuple[str, ...]], Obj]


def refund(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Refund as from the dashboard, by `charge` or `payment_intent`."""
    if asked.get("charge"):
        charge = _charge(world, asked)
    else:
        intent = world.store.get("payment_intent", asked.get("payment_intent"))
        charge = refunds.refundable(world, intent)
    return refunds.make(world, charge, amount=asked.get("amount"), reason=asked.get("reason"))


def fail_refund(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Let a refund fail, whatever its card."""
    found = world.store.get("refund", ids[0])
    refunds.fail(world, found)
    return found


def deliver_refund(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Let a pending refund arrive now."""
    found = world.store.get("refund", ids[0])
    refunds.succeed(world, found)
    return found


def cancel_refund(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Take a pending refund back, as staff can in the Dashboard."""
    found = world.store.get("refund", ids[0])
    refunds.cancel(world, found)
    return found


def _charge(world: World, asked: Obj) -> Obj:
    """Return the charge that `charge` or `payment_intent` names: of an intent, the latest."""
    if asked.get("charge"):
        return world.store.get("charge", str(asked["charge"]))
    if not asked.get("payment_intent"):
        raise required("charge or payment_intent")
    intent = world.store.get("payment_intent", str(asked["payment_intent"]))
    return world.store.get("charge", intent["latest_charge"])


def dispute(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Let the payer's bank dispute a charge, or only ask about it."""
    inquiry = bool(asked.get("inquiry", False))
    reason = str(asked.get("reason") or ("general" if inquiry else "fraudulent"))
    amount = asked.get("amount")
    whole = None if amount is None else int(amount)
    charge = _charge(world, asked)
    return disputes.open_one(world, charge, amount=whole, reason=reason, inquiry=inquiry)


def close_dispute(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Let the bank decide: won, lost, or warning_closed for an inquiry."""
    found = world.store.get("dispute", ids[0])
    disputes.close(world, found, str(asked.get("status", "lost")))
    return found


def escalate_dispute(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Let an inquiry become a dispute: now the money goes."""
    found = world.store.get("dispute", ids[0])
    disputes.escalate(world, found)
    return found


def fraud_warning(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Let the card's bank warn that a charge may be fraud."""
    kind = str(asked.get("fraud_type") or "unauthorized_use_of_card")
    return fraud.warn(world, _charge(world, asked), kind)


def update_card(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Let the network renew a card; an expiry in the past makes it expired.

    `card` swaps the number, and with it what the card does.
    """
    method = world.store.get("payment_method", ids[0])
    changes: Obj = {n: int(asked[n]) for n in ("exp_month", "exp_year") if n in asked}
    if not 1 <= changes.get("exp_month", 1) <= 12:
        raise invalid("A month is 1 to 12.", "exp_month")
    if "last4" in asked:
        changes["last4"] = str(asked["last4"])
    if "card" in asked:
        number = card_number(str(asked["card"]))
        if number is None:
            raise invalid("Your card number is invalid.", "card", "invalid_number")
        world.store.note(method["id"])["number"] = number
        changes["last4"] = number[-4:]
    if not changes:
        raise required("exp_month, exp_year, last4 or card")
    methods.update_card(world, method, by_network=True, **changes)
    return method


def inactivate_mandate(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Let the payer or their bank withdraw a mandate."""
    found = world.store.get("mandate", ids[0])
    mandates.inactivate(world, found)
    return found


def return_debit(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Let a SEPA debit that had succeeded come back, refunded or not."""
    charge = world.store.get("charge", ids[0])
    reason = str(asked.get("reason") or "debit_not_authorized")
    as_failure = bool(asked.get("as_failure", False))
    return debits.give_back(world, charge, reason=reason, as_failure=as_failure)


def fail_payout(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Let the bank refuse a payout."""
    found = world.store.get("payout", ids[0])
    payouts.fail(world, found)
    return found


VERBS: dict[tuple[str, str], Verb] = {
    ("POST", "refund"): refund,
    ("POST", "refunds/*/fail"): fail_refund,
    ("POST", "refunds/*/succeed"): deliver_refund,
    ("POST", "refunds/*/cancel"): cancel_refund,
    ("POST", "dispute"): dispute,
    ("POST", "disputes/*/close"): close_dispute,
    ("POST", "disputes/*/escalate"): escalate_dispute,
    ("POST", "fraud_warning"): fraud_warning,
    ("POST", "payment_methods/*/update"): update_card,
    ("POST", "mandates/*/inactivate"): inactivate_mandate,
    ("POST", "debits/*/return"): return_debit,
    ("POST", "payouts/*/fail"): fail_payout,
}
