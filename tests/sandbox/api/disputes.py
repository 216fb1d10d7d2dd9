"""/v1/disputes and /v1/radar/early_fraud_warnings."""

from __future__ import annotations

from ..engine import disputes
from ..shapes import part
from ..store import Obj
from ..wire.errors import invalid, missing
from ..wire.params import flag, known, metadata, table, text
from ..wire.routes import Call, listing, retrieval, route

_FILES = [
    "cancellation_policy",
    "customer_communication",
    "customer_signature",
    "duplicate_charge_documentation",
    "receipt",
    "refund_policy",
    "service_documentation",
    "shipping_documentation",
    "uncategorized_file",
]


def update(call: Call) -> Obj:
    """Add evidence and metadata; evidence goes to the bank unless `submit` is false."""
    world, params = call.world, call.params
    dispute = world.store.get("dispute", call.id)
    evidence = _evidence(call)
    submit = flag(params, "submit")
    if submit is None:
        submit = bool(evidence)
    before = {n: dispute[n] for n in ("evidence", "metadata", "status")}
    before["evidence_details"] = dict(dispute["evidence_details"])
    if evidence or submit:
        _expect_open(dispute)
        dispute["evidence"] = dispute["evidence"] | evidence
        details = dispute["evidence_details"]
        details["has_evidence"] = any(
            dispute["evidence"][n] for n in part("dispute", "evidence") if n != "appeal"
        )
    dispute["metadata"] = metadata(params, dispute["metadata"])
    if submit:
        disputes.submit(world, dispute)
    previous = {n: v for n, v in before.items() if dispute[n] != v}
    world.emit("charge.dispute.updated", dispute, previous)
    return dispute


def _evidence(call: Call) -> Obj:
    given = table(call.params, "evidence")
    names = [name for name in part("dispute", "evidence") if name != "appeal"]
    known(given, names, "evidence")
    for name in _FILES:
        if given.get(name):
            # There is no file storage here, so no id can be right.
            raise missing("file", given[name], f"evidence[{name}]")
    return {name: text(given, name) for name in given}


def _expect_open(dispute: Obj) -> None:
    if dispute["status"] not in ("needs_response", "warning_needs_response"):
        message = f"This dispute is {dispute['status']}: its evidence can no longer be changed."
        raise invalid(message)


def close(call: Call) -> Obj:
    """Accept the dispute: it is lost; an inquiry is closed."""
    dispute = call.world.store.get("dispute", call.id)
    if dispute["status"] == "won":
        raise invalid(f"Dispute {dispute['id']} is already closed: won.")
    inquiry = dispute["status"].startswith("warning_")
    disputes.close(call.world, dispute, "warning_closed" if inquiry else "lost")
    return dispute


_WARNINGS = "/v1/radar/early_fraud_warnings"
ROUTES = [
    retrieval("/v1/disputes/{}", "dispute"),
    listing("/v1/disputes", "dispute", "charge payment_intent"),
    route("POST", "/v1/disputes/{}", update, "evidence metadata submit"),
    route("POST", "/v1/disputes/{}/close", close),
    retrieval(f"{_WARNINGS}/{{}}", "radar.early_fraud_warning"),
    listing(_WARNINGS, "radar.early_fraud_warning", "charge payment_intent"),
]
