"""Snapshots in memory, and the state file: what is kept comes back, whole or not at all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.stand_in.desk import ROOT, Desk, Listener, open_desk, start, stop, unix


def test_a_restored_snapshot_has_everything_as_it_was(desk: Desk, listener: Listener) -> None:
    paid = desk.join()
    clock = desk.api.v1.test_helpers.test_clocks.create({"frozen_time": unix(2026, 1, 31)})
    desk.control("settings", {"after_retries": "unpaid"})
    desk.control("chaos", {"seed": 5, "delay": [0, 0.01]})
    asked: Any = {"idempotency_key": "snapshot:1"}
    made = desk.api.v1.customers.create({"name": "Alice"}, asked)
    desk.control("webhooks/hold", {"hold": True})
    desk.api.v1.webhook_endpoints.create({"url": listener.url, "enabled_events": ["*"]})
    desk.api.v1.customers.update(made.id, {"name": "Bob"})
    before = everything(desk)
    taken = desk.control("snapshots", {"name": "one"})
    assert taken["took_seconds"] < 1

    desk.control("webhooks/hold", {"hold": False, "discard": True})
    desk.control("advance", {"months": 3})
    desk.control("settings", {"after_retries": "cancel"})
    desk.api.v1.customers.delete(made.id)
    after: Any = {"idempotency_key": "snapshot:2"}
    later = desk.api.v1.customers.create({"name": "Charlie"}, after)
    target: Any = {"frozen_time": unix(2026, 2, 20)}
    desk.api.v1.test_helpers.test_clocks.advance(clock.id, target)
    assert everything(desk) != before

    for _ in range(2):
        restored = desk.control("snapshots/one/restore", {})
        assert abs(restored["now"] - taken["now"]) <= 1
        assert everything(desk) == before
    assert desk.api.v1.customers.create({"name": "Alice"}, asked).id == made.id
    assert desk.api.v1.customers.create({"name": "Charlie"}, after).id != later.id
    assert desk.api.v1.test_helpers.test_clocks.retrieve(clock.id).frozen_time == unix(2026, 1, 31)
    # What was to happen still happens, once.
    desk.control("advance", {"days": 32})
    assert len(desk.invoices(paid["subscription"])) == 2
    desk.control("webhooks/hold", {"hold": False})
    assert desk.control("deliveries/flush", {"timeout": 20})["flushed"]
    assert listener.types().count("customer.updated") >= 1


def everything(desk: Desk) -> Any:
    """Return what can be seen from outside, but for what the time of looking changes."""
    told = desk.control("state")
    return {
        "counts": told["counts"],
        "timers": told["clock"]["timers"],
        "settings": desk.control("settings"),
        "chaos": desk.control("chaos"),
        "events": desk.control("events?limit=5000")["data"],
        "deliveries": desk.control("deliveries?limit=5000"),
        "customers": desk.api.v1.customers.list({"limit": 100}).to_dict(),
        "subscriptions": str(desk.api.v1.subscriptions.list({"limit": 100})),
        "clocks": desk.api.v1.test_helpers.test_clocks.list({"limit": 100}).to_dict(),
    }


def test_snapshots_outlive_a_reset_and_an_unknown_one_is_refused(desk: Desk) -> None:
    desk.api.v1.customers.create({"name": "Alice"})
    desk.control("snapshots", {"name": "two"})
    desk.control("reset", {})
    assert desk.api.v1.customers.list().data == []
    desk.control("snapshots/two/restore", {})
    assert desk.api.v1.customers.list().data[0].name == "Alice"
    assert "two" in [row["name"] for row in desk.control("snapshots")["data"]]
    assert "error" in desk.control("snapshots/none/restore", {}, ok=False)
    assert "error" in desk.control("snapshots", {}, ok=False)


def test_a_kill_at_any_moment_leaves_a_file_that_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "stripe.json"
    made: list[str] = []
    for turn in range(4):
        process, base = start("--state", str(file))
        desk = Desk(base)
        known = {c.id for c in desk.api.v1.customers.list({"limit": 100}).auto_paging_iter()}
        # A second of work may be lost, and nothing else.
        assert len([ident for ident in made if ident not in known]) <= 60
        made = [ident for ident in made if ident in known]
        until = time.monotonic() + 1.2 + 0.17 * turn
        while time.monotonic() < until:
            made.append(desk.api.v1.customers.create({"name": "Alice"}).id)
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
        with process:
            process.wait(5)
        lines = file.read_text(encoding="utf-8").splitlines()
        assert all(json.loads(part) for line in lines for part in line.split("\t"))
    process, base = start("--state", str(file))
    assert len(Desk(base).api.v1.customers.list({"limit": 100}).data) > 20
    assert stop(process) == 0
    assert not file.with_name("stripe.json.new").exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"store": {}, "lines": {}}\n', "not a state file"),
        ('{"local_stripe": 1, "stripe": "2019-01-01"}\n{}\n', "another version"),
        ("", "not a state file"),
        ("\x00\x01", "not a state file"),
    ],
)
def test_a_file_that_cannot_be_taken_up_is_refused_and_left_alone(
    tmp_path: Path, text: str, told: str
) -> None:
    file = tmp_path / "stripe.json"
    file.write_text(text)
    command = [sys.executable, "-m", "tests.sandbox", "--port", "0", "--state", str(file)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=20)
    assert run.returncode == 2
    assert told in run.stderr
    assert file.read_text() == text


def test_half_a_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "stripe.json"
    with open_desk("--state", str(file)) as desk:
        desk.join()
    whole = file.read_text()
    file.write_text(whole[: len(whole) * 2 // 3])
    command = [sys.executable, "-m", "tests.sandbox", "--port", "0", "--state", str(file)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=20)
    assert run.returncode == 2
    assert "damaged" in run.stderr


def test_events_deliveries_and_chaos_survive_a_restart(tmp_path: Path, listener: Listener) -> None:
    file = tmp_path / "stripe.json"
    with open_desk("--state", str(file)) as desk:
        desk.control("chaos", {"seed": 21, "drop": 0.5})
        desk.api.v1.webhook_endpoints.create({"url": listener.url, "enabled_events": ["*"]})
        desk.join()
        assert desk.control("deliveries/flush", {})["flushed"]
        events = [event["id"] for event in desk.control("events?limit=5000")["data"]]
        log = desk.control("deliveries?limit=5000")
        chaos = desk.control("chaos")
    process, base = start("--state", str(file))
    try:
        desk = Desk(base)
        assert [e["id"] for e in desk.control("events?limit=5000")["data"]] == events
        assert desk.control("deliveries?limit=5000") == log
        assert desk.control("chaos") == chaos
        assert desk.control("deliveries/resend_failed", {})["resent"] > 0
        assert desk.control("deliveries/flush", {})["flushed"]
        assert {json.loads(body)["id"] for body, _ in listener.got} == set(events[2:]) | {
            e for e in events[:2] if e in {json.loads(b)["id"] for b, _ in listener.got}
        }
    finally:
        assert stop(process) == 0


def test_two_advances_at_once_add_up(desk: Desk) -> None:
    desk.join()
    before = desk.control("clock")["now"]
    both = [threading.Thread(target=desk.control, args=("advance", {"days": 40})) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert abs(desk.control("clock")["now"] - before - 80 * 86_400) < 30


def test_a_test_clock_is_advanced_by_one_at_a_time_and_ends_ready(desk: Desk) -> None:
    clock = desk.api.v1.test_helpers.test_clocks.create({"frozen_time": unix(2026, 1, 31)})
    for _ in range(3):
        customer = desk.api.v1.customers.create({"test_clock": clock.id})
        card = desk.api.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
        desk.api.v1.customers.update(
            customer.id, {"invoice_settings": {"default_payment_method": card.id}}
        )
        price = desk.api.v1.prices.create(
            {
                "currency": "eur",
                "unit_amount": 199,
                "product": desk.product,
                "recurring": {"interval": "month"},
            }
        )
        desk.api.v1.subscriptions.create({"customer": customer.id, "items": [{"price": price.id}]})
    answers: list[int | None] = []

    def advance() -> None:
        target: Any = {"frozen_time": unix(2026, 3, 15)}
        try:
            told = desk.client("sk_test_unit", 0).v1.test_helpers.test_clocks.advance(
                clock.id, target
            )
            assert told.status == "advancing"
            answers.append(200)
        except stripe.StripeError as refused:
            answers.append(refused.http_status)

    several = [threading.Thread(target=advance) for _ in range(4)]
    for one in several:
        one.start()
    for one in several:
        one.join()
    # Who comes while it moves is told to wait, who comes later that this is no future any more.
    assert sorted(a or 0 for a in answers)[0] == 200
    assert answers.count(200) == 1
    assert set(answers) <= {200, 400, 429}
    told = desk.api.v1.test_helpers.test_clocks.retrieve(clock.id)
    assert (told.status, told.frozen_time) == ("ready", unix(2026, 3, 15))
    assert desk.api.v1.test_helpers.test_clocks.delete(clock.id).deleted
