"""The local Stripe: whatever happens, every cent is somewhere."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from tests.stand_in.desk import OK, Desk

CARDS = [OK, "4000000000000259", "4000000000001976", "4000000000007726", "4000000000005126"]
IBANS = ["DE89370400440532013000", "DE62370400440532013001", "DE35370400440532013002"]
HELD = ("needs_response", "under_review", "lost")

ACTIONS = st.one_of(
    st.tuples(st.just("card"), st.sampled_from(CARDS)),
    st.tuples(st.just("debit"), st.sampled_from(IBANS)),
    st.tuples(st.just("member"), st.sampled_from([OK, "4000000000000341"])),
    st.tuples(st.just("refund"), st.integers(1, 500)),
    st.tuples(st.just("fail refund"), st.integers(0, 5)),
    st.tuples(st.just("dispute"), st.integers(1, 500)),
    st.tuples(st.just("inquiry"), st.integers(0, 5)),
    st.tuples(st.just("decide"), st.sampled_from(["won", "lost", "warning_closed", "escalate"])),
    st.tuples(st.just("return"), st.booleans()),
    st.tuples(st.just("fail payout"), st.integers(0, 5)),
    st.tuples(st.just("days"), st.integers(1, 12)),
    st.tuples(st.just("month"), st.integers(1, 1)),
)


def happen(desk: Desk, what: str, how: Any, turn: int) -> None:
    """Let one thing happen; what is refused by then is refused."""
    if what in ("card", "debit"):
        desk.give(**{"card" if what == "card" else "iban": how})
    elif what == "member":
        paid = desk.join()
        desk.control(f"customers/{paid['customer']}/card", {"card": how})
    elif what == "days":
        desk.control("advance", {"days": how})
    elif what == "month":
        desk.control("advance", {"months": 1})
    else:
        found = targets(desk, what)
        if found:
            touch(desk, what, how, found[turn % len(found)].id)


def targets(desk: Desk, what: str) -> list[Any]:
    """Return what an action can be done to."""
    api = desk.api.v1
    if what == "fail refund":
        return list(api.refunds.list({"limit": 100}).data)
    if what == "fail payout":
        return list(api.payouts.list({"limit": 100}).data)
    if what == "decide":
        return list(api.disputes.list({"limit": 100}).data)
    return list(api.charges.list({"limit": 100}).data)


def touch(desk: Desk, what: str, how: Any, ident: str) -> None:
    """Do something to an object, by control or not at all."""
    escalates = what == "decide" and how == "escalate"
    path, body = {
        "refund": (None, {}),
        "fail refund": (f"refunds/{ident}/fail", {}),
        "fail payout": (f"payouts/{ident}/fail", {}),
        "dispute": ("dispute", {"charge": ident, "amount": how}),
        "inquiry": ("dispute", {"charge": ident, "inquiry": True}),
        "decide": (f"disputes/{ident}/{'escalate' if escalates else 'close'}", {"status": how}),
        "return": (f"debits/{ident}/return", {"as_failure": how}),
    }[what]
    if path is None:
        intent = desk.api.v1.charges.retrieve(ident).payment_intent
        path, body = "refund", {"payment_intent": intent, "amount": how}
    desk.control(path, body, ok=False)


def everything(service: Any) -> list[Any]:
    return list(service.list({"limit": 100}).auto_paging_iter())


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    # Shrinking a life over HTTP takes minutes; the failing one is short enough to read.
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(life=[("debit", IBANS[0]), ("days", 6), ("return", True), ("days", 9)])
@example(life=[("debit", IBANS[0]), ("days", 6), ("refund", 200), ("return", False)])
@example(life=[("card", OK), ("days", 9), ("fail payout", 0), ("days", 5)])
@given(life=st.lists(ACTIONS, min_size=4, max_size=18))
def test_every_cent_is_somewhere(running: Desk, life: list[tuple[str, Any]]) -> None:
    running.reset()
    for turn, (what, how) in enumerate(life):
        happen(running, what, how, turn)
    running.control("advance", {"seconds": 2})
    rows = everything(running.api.v1.balance_transactions)
    told = running.api.v1.balance.retrieve()
    assert sum(row.net for row in rows) == told.available[0].amount + told.pending[0].amount
    assert all(row.net == row.amount - row.fee for row in rows)
    check_payouts(running)
    check_charges(running, rows)


def check_payouts(desk: Desk) -> None:
    """Each payout is the sum of its rows, and no row is in two."""
    seen: set[str] = set()
    for payout in everything(desk.api.v1.payouts):
        found = desk.api.v1.balance_transactions.list({"payout": payout.id, "limit": 100})
        bundle = list(found.auto_paging_iter())
        assert sum(row.net for row in bundle if row.source != payout.id) == payout.amount
        assert sum(row.net for row in bundle) == 0
        assert not seen & {row.id for row in bundle}
        seen |= {row.id for row in bundle}


def check_charges(desk: Desk, rows: list[Any]) -> None:
    """What a charge says it is worth is what the balance says."""
    worth: dict[str, int] = defaultdict(int)
    for row in rows:
        worth[row.source] += row.amount
    refunds, disputes = everything(desk.api.v1.refunds), everything(desk.api.v1.disputes)
    for charge in everything(desk.api.v1.charges):
        given_back = [r.id for r in refunds if r.charge == charge.id]
        taken = [d for d in disputes if d.charge == charge.id]
        held = sum(d.amount for d in taken if d.status in HELD)
        paid = charge.amount if charge.status == "succeeded" else 0
        assert worth[charge.id] == paid
        assert sum(worth[ident] for ident in given_back) == -charge.amount_refunded
        assert sum(worth[d.id] for d in taken) == -held
        assert charge.disputed == bool(taken)
