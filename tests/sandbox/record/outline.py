"""An object's outline: which keys it has and what kind of value each holds, never the value itself.

Only words from Stripe's own lists (states, types, reasons) are kept as they are, and only under the
names in WORDS; ids keep their prefix. So a recording holds nothing of an account or a person.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any, Final

Outline = dict[str, set[str]]

ID: Final = re.compile(r"^((?:[a-z]+_)+)(?:test_)?(?=[A-Za-z0-9]*[0-9A-Z])[A-Za-z0-9]{8,}$")
WORD: Final = re.compile(r"^[a-z0-9_.]{1,60}$")
_LISTED: Final = """
object type status reason code decline_code param brand network funding currency interval mode usage
billing_reason billing_scheme collection_method usage_type tax_behavior proration_behavior behavior
payment_behavior payment_status payment_method_types allowed_payment_method_types submit_type
ui_mode capture_method confirmation_method customer_creation payment_method_collection
allow_redirects billing_address_collection setup_future_usage save_default_payment_method
missing_payment_method network_status risk_level reporting_category feedback advice_code
request_three_d_secure cvc_check address_line1_check address_postal_code_check
"""
WORDS: Final = frozenset(_LISTED.split())
# Hashes whose keys are the caller's own.
OPEN: Final = frozenset({"metadata"})


def outline(obj: dict[str, Any]) -> Outline:
    """Return every path of an object ("items.data[].price.id") with the kinds of value it holds."""
    found: Outline = defaultdict(set)
    for name, value in obj.items():
        _note(found, name, name, value)
    return dict(found)


def _note(found: Outline, path: str, name: str, value: Any) -> None:
    if isinstance(value, dict):
        found[path].add("hash")
        for inner, each in value.items() if name not in OPEN else ():
            _note(found, f"{path}.{inner}", inner, each)
    elif isinstance(value, list):
        found[path].add("list" if value else "empty list")
        for each in value:
            _note(found, f"{path}[]", name, each)
    else:
        found[path].add(_kind(name, value))


def _kind(name: str, value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "=true" if value else "=false"
    if isinstance(value, int | float):
        return "integer" if isinstance(value, int) else "number"
    if name in WORDS and WORD.match(value):
        return f"={value}"
    known = ID.match(value)
    return f"id {known[1].rstrip('_')}" if known else "string"


def merged(into: Outline, more: Outline) -> Outline:
    """Return both outlines as one."""
    return {path: into.get(path, set()) | more.get(path, set()) for path in {*into, *more}}
