"""Whether an Optional field of the SDK is null or absent when it holds nothing.

Read from `nullable.json` (see `convert`), one API version behind the SDK: for a field that it
does not know, null and absent are both right.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path

# Only in answers that were asked to expand (or, for Customer, to include) them, although the
# document calls some of them nullable. Source: the SDK's docstrings, Stripe's "expanding objects".
ON_REQUEST = {
    "account": "external_accounts",
    "charge": "refunds",
    "checkout.session": "line_items",
    "customer": "cash_balance sources subscriptions tax tax_ids",
    "file": "links",
    "invoice": "confirmation_secret payments",
    "plan": "tiers",
    "price": "currency_options tiers",
    "webhook_endpoint": "secret",
}

# Optional in the document because a publishable key may not see them, or for no known reason; there
# in all recordings of 2025-11-17.clover and 2026-03-25.dahlia that were looked at (29 to 212 each,
# of sessions only 3).
ALWAYS = {
    "charge": "radar_options",
    "checkout.session": "branding_settings phone_number_collection",
    "customer": "balance invoice_settings metadata next_invoice_sequence",
    "invoiceitem": "net_amount",
    "payment_intent": "amount_details",
    "payment_method": "allow_redisplay",
    "subscription_item": "quantity",
}


def always(kind: str, where: str, name: str) -> bool:
    """Tell whether a field that the SDK calls Optional is always sent, and never as null."""
    return not where and name in ALWAYS.get(kind, "").split()


def null(kind: str, where: str, name: str) -> bool | None:
    """Return True for a field always sent, perhaps as null; False for one absent; None: unknown.

    `where` is the path of the hash inside the object of this kind, empty for the object itself.
    """
    if not where and name in ON_REQUEST.get(kind, "").split():
        return False
    nullable, optional = _table().get(kind, {}).get(where, _NOTHING)
    if name in nullable:
        return True
    return False if name in optional else None


_NOTHING: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
_Hashes = dict[str, tuple[frozenset[str], frozenset[str]]]


@functools.cache
def _table() -> dict[str, _Hashes]:
    text = Path(__file__).with_name("nullable.json").read_text(encoding="utf-8")
    return {
        kind: {
            where: (frozenset(nullable.split()), frozenset(optional.split()))
            for where, (nullable, optional) in hashes.items()
        }
        for kind, hashes in json.loads(text)["kinds"].items()
    }
