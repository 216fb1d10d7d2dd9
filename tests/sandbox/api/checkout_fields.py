"""What a new Checkout Session says: the wishes of its request, and what nobody chooses."""

from __future__ import annotations

from typing import Any

from ..shapes import shaped
from ..store import Obj, new_id
from ..wire.errors import invalid, unmodelled
from ..wire.params import choice, flag, known, metadata, rows, table, text
from ..wire.routes import Call

_TEXTS = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
_LONGEST_TEXT = 1200


def build(call: Call, mode: str, lines: list[Obj]) -> Obj:
    """Return a new, open session, not kept yet."""
    params = call.params
    ident = new_id("cs_test_a1", 56)
    total = sum(line["amount_total"] for line in lines) if lines else None
    free = mode == "setup"
    session = shaped("checkout.session", id=ident, mode=mode, created=call.world.now())
    session |= _echoed(params) | _empty()
    session |= {
        "adaptive_pricing": {"enabled": False},
        "allow_promotion_codes": flag(params, "allow_promotion_codes"),
        "amount_subtotal": total,
        "amount_total": total,
        "consent_collection": _consent(params),
        "custom_text": _texts(params),
        "metadata": metadata(params),
        "payment_status": "no_payment_required" if free else "unpaid",
        "phone_number_collection": {"enabled": False},
        "saved_payment_method_options": _saving(params),
        "status": "open",
        "ui_mode": "hosted_page",
        "url": f"{call.world.base}/c/pay/{ident}",
    }
    names = _names_asked(params)
    if names:
        session["name_collection"] = names
    collection = choice(params, "payment_method_collection", ("always", "if_required"), "always")
    creation = choice(params, "customer_creation", ("always", "if_required"), "if_required")
    session["payment_method_collection"] = collection
    if mode == "subscription":
        creation = "always"
    session["customer_creation"] = None if text(params, "customer") else creation
    if mode == "payment":
        session["invoice_creation"] = _no_invoice()
    return session


def _echoed(params: Obj) -> dict[str, Any]:
    names = """cancel_url client_reference_id integration_identifier locale origin_context
    submit_type success_url"""
    told: Obj = {name: text(params, name) for name in names.split()}
    told["billing_address_collection"] = text(params, "billing_address_collection")
    told["allowed_payment_method_types"] = rows(params, "allowed_payment_method_types") or None
    if excluded := rows(params, "excluded_payment_method_types"):
        told["excluded_payment_method_types"] = excluded
    told["wallet_options"] = table(params, "wallet_options") or None
    return told


def _empty() -> Obj:
    return {
        "branding_settings": {
            "background_color": "#ffffff",
            "border_style": "rounded",
            "button_color": "#3446c8",
            "display_name": "Local stand-in",
            "font_family": "default",
            "icon": None,
            "logo": None,
        },
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "custom_fields": [],
        "discounts": [],
        "payment_method_options": {},
        "shipping_options": [],
        "total_details": {
            "amount_discount": 0,
            "amount_shipping": 0,
            "amount_tax": 0,
        },
    }


def _no_invoice() -> Obj:
    names = "account_tax_ids custom_fields description footer issuer metadata rendering_options"
    return {"enabled": False, "invoice_data": dict.fromkeys(names.split())}


def _texts(params: Obj) -> Obj:
    given = table(params, "custom_text")
    known(given, _TEXTS, "custom_text")
    for name, words in given.items():
        message = (text(words, "message") or "") if isinstance(words, dict) else ""
        if len(message) > _LONGEST_TEXT:
            raise invalid("Text can be up to 1200 characters.", f"custom_text[{name}][message]")
    return {name: given.get(name) or None for name in _TEXTS}


def _consent(params: Obj) -> Obj | None:
    given = table(params, "consent_collection")
    names = ("payment_method_reuse_agreement", "promotions", "terms_of_service")
    known(given, names, "consent_collection")
    if text(given, "promotions") == "auto":
        raise unmodelled("consent to promotions (for the United States only)")
    if text(given, "terms_of_service"):
        choice(given, "terms_of_service", ("none", "required"))
    return {name: given.get(name) for name in names} if given else None


def _names_asked(params: Obj) -> Obj | None:
    given = table(params, "name_collection")
    known(given, ("business", "individual"), "name_collection")
    if not given:
        return None
    return {
        kind: {
            "enabled": bool(flag(table(given, kind), "enabled")),
            "optional": bool(flag(table(given, kind), "optional")),
        }
        for kind in ("business", "individual")
        if kind in given
    }


def _saving(params: Obj) -> Obj | None:
    given = table(params, "saved_payment_method_options")
    names = ("allow_redisplay_filters", "payment_method_remove", "payment_method_save")
    known(given, names, "saved_payment_method_options")
    if text(given, "payment_method_remove") == "enabled":
        raise unmodelled("removing saved payment methods in Checkout")
    if not given:
        return None
    filters = rows(given, "allow_redisplay_filters")
    return {
        "allow_redisplay_filters": filters or ["always"],
        "payment_method_remove": text(given, "payment_method_remove"),
        "payment_method_save": text(given, "payment_method_save"),
    }
