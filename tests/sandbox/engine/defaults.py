"""What an object says before anything has happened to it: the constants of this account."""

from __future__ import annotations

from ..store import Obj


def no_cancellation() -> Obj:
    """Return cancellation details that hold nothing."""
    return dict.fromkeys(("comment", "feedback", "feedback_option", "reason"))


def subscription_defaults(moment: int) -> Obj:
    """Return the fields of a new subscription that no caller chooses; flexible billing."""
    texts = ("account_tax_ids", "custom_fields", "description", "footer")
    ending = {"billing_cycle_anchor": None, "missing_payment_method": "create_invoice"}
    return {
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": moment,
        "billing_mode": {
            "type": "flexible",
            "flexible": {"proration_discounts": "included"},
            "updated_at": moment,
        },
        "billing_schedules": [],
        "cancel_at_period_end": False,
        "cancellation_details": no_cancellation(),
        "collection_method": "charge_automatically",
        "created": moment,
        "default_tax_rates": [],
        "discounts": [],
        "invoice_settings": dict.fromkeys(texts) | {"issuer": {"type": "self"}},
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "start_date": moment,
        "trial_settings": {"end_behavior": ending},
    }


def invoice_money(total: int, owed: int, balance: int) -> Obj:
    """Return the sums of an unpaid invoice over `total` cents of which `owed` are due."""
    return {
        "amount_due": owed,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_paid_off_stripe": 0,
        "amount_remaining": owed,
        "amount_shipping": 0,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "starting_balance": balance,
        "subtotal": total,
        "subtotal_excluding_tax": total,
        "total": total,
        "total_excluding_tax": total,
        "total_discount_amounts": [],
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
    }


def invoice_defaults() -> Obj:
    """Return the fields of an invoice that are the same on all of them."""
    return {
        "account_country": "IE",
        "account_name": "Local stand-in",
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        "collection_method": "charge_automatically",
        "default_tax_rates": [],
        "discounts": [],
        "issuer": {"type": "self"},
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
    }
