"""The recorder works: it plays its whole script, says the same twice, and sees what differs."""

import copy
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import ROOT, clean_environment
from tests.sandbox.record.comparison import differences
from tests.stand_in.desk import Desk, open_desk

# What Stripe refuses by rights, and in which step.
REFUSED = {
    "decline_gift": ["POST /v1/payment_intents -> 402 card_declined"],
    "send_unknown_parameter": ["POST /v1/customers -> 400 parameter_unknown"],
    "ask_for_missing": ["GET /v1/subscriptions/sub_missing -> 404 resource_missing"],
}


def record(*words: str, key: str = "") -> subprocess.CompletedProcess[str]:
    env = clean_environment(**({"STRIPE_TEST_KEY": key} if key else {}))
    command = [sys.executable, "-m", "tests.sandbox.record", *words]
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.fixture(scope="module")
def there() -> Iterator[Desk]:
    """A stand-in that is there before the recorder comes."""
    with open_desk() as desk:
        yield desk


@pytest.fixture(scope="module")
def files(there: Desk, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two recordings: of a stand-in that the recorder started itself, and of the one there."""
    folder = tmp_path_factory.mktemp("recordings")
    own, other = folder / "own.json", folder / "other.json"
    for done in (
        record("local", "--out", str(own)),
        record("local", "--base", there.base, "--out", str(other)),
    ):
        assert done.returncode == 0, done.stderr
    return own, other


@pytest.fixture(scope="module")
def recording(files: tuple[Path, Path]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files[0].read_text())
    return found


@pytest.mark.usefixtures("files")
def test_it_leaves_nothing_behind_but_an_archived_product(there: Desk) -> None:
    assert not there.api.v1.test_helpers.test_clocks.list().data
    assert not there.api.v1.customers.list().data
    products = there.api.v1.products.list().data
    assert [each.active for each in products if each.name.startswith("recording")] == [False]


@pytest.mark.usefixtures("files")
def test_everything_that_was_sent_on_the_way_has_the_shape_that_the_sdk_knows(there: Desk) -> None:
    assert there.control("problems")["data"] == []


def test_two_recordings_of_the_same_thing_are_the_same(files: tuple[Path, Path]) -> None:
    done = record("diff", *map(str, files))
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "0 differences"), done.stdout


def test_the_whole_script_is_played_and_only_the_right_calls_are_refused(
    recording: dict[str, Any],
) -> None:
    refused = {
        step["name"]: wrong
        for step in recording["steps"]
        if (wrong := [call for call in step["calls"] if not re.search(r" -> 200 \w", call)])
    }
    assert refused == REFUSED
    assert len(recording["steps"]) == 21


def test_it_hears_what_happens_by_itself(recording: dict[str, Any]) -> None:
    heard = {step["name"]: step["events"] for step in recording["steps"]}
    assert "invoice.paid" in heard["renew"]
    assert "invoice.payment_failed" in heard["fail_renewal"]
    assert "customer.subscription.deleted" in heard["end_with_period"]
    assert "charge.dispute.created" in heard["dispute_gift"]
    failed = next(step for step in recording["steps"] if step["name"] == "fail_renewal")
    assert "=past_due" in failed["objects"]["subscription"]["status"]
    assert "status" in failed["changed"]["customer.subscription.updated"]


def test_it_keeps_no_id_no_name_and_no_amount(files: tuple[Path, Path]) -> None:
    text = files[0].read_text()
    assert not re.search(r"alice|@|example\.com|127\.0\.0\.1|4242", text, re.IGNORECASE)
    kinds = {
        kind
        for step in json.loads(text)["steps"]
        for paths in step["objects"].values()
        for found in paths.values()
        for kind in found
    }
    plain = "null|hash|list|empty list|integer|number|string|id [a-z_]+"
    words = {kind for kind in kinds if not re.fullmatch(plain, kind)}
    assert all(re.fullmatch(r"=[a-z][a-z0-9_.]*", word) for word in words)
    assert not {word for word in words if re.search(r"_\w*\d\w{6,}", word)}, "an id"
    assert {"=succeeded", "=subscription_cycle", "=true"} <= words


def doctored(recording: dict[str, Any]) -> dict[str, Any]:
    """The recording as another Stripe would have given it."""
    other = copy.deepcopy(recording)
    steps = {step["name"]: step for step in other["steps"]}
    steps["join"]["events"].remove("invoice.paid")
    events = steps["renew"]["events"]
    first, last = events[0], events[-1]
    events[0], events[-1] = last, first
    invoice = steps["renew"]["objects"]["invoice"]
    del invoice["collection_method"]
    invoice["new_in_the_next_release"] = ["string"]
    invoice["footer"] = ["hash"]
    invoice["footer.text"] = ["string"]
    steps["end_with_period"]["objects"]["subscription"]["status"] = ["=canceled"]
    steps["mend"]["calls"][-1] += "?"
    other["steps"].remove(steps["clear_up"])
    return other


def test_it_tells_in_words_how_another_recording_differs(
    recording: dict[str, Any], files: tuple[Path, Path], tmp_path: Path
) -> None:
    other = tmp_path / "doctored.json"
    other.write_text(json.dumps(doctored(recording)))
    done = record("diff", str(files[0]), str(other))
    said = done.stdout
    assert done.returncode == 1
    assert "join: event invoice.paid: 1 here, 0 there" in said
    assert "renew: events in another order: " in said
    assert "renew: invoice.collection_method: key only here" in said
    assert "renew: invoice.new_in_the_next_release: key only there" in said
    assert "renew: invoice.footer: null here, hash there" in said
    assert "invoice.footer.text" not in said, "the line of its parent says it"
    assert "end_with_period: subscription.status: active or canceled here, canceled there" in said
    assert re.search(r"mend: call \d: POST /v1/invoices/{}/pay -> 200 invoice here, ", said)
    assert "clear_up: this step is only here" in said
    assert said.splitlines()[-1] == "8 differences"


def test_a_difference_is_the_same_from_both_sides(recording: dict[str, Any]) -> None:
    other = doctored(recording)
    one, two = differences(recording, other), differences(other, recording)
    assert len(one) == len(two) == 8


@pytest.mark.parametrize(
    ("words", "key", "why"),
    [
        (["stripe", "--out", "x"], "", "no test key"),
        (["stripe", "--out", "x", "--yes"], "sk_live_" + "a" * 24, "a live key"),
        (["stripe", "--out", "x", "--yes"], "rk_live_" + "a" * 24, "a live key"),
        (["local", "--base", "https://api.stripe.com", "--out", "x"], "", "no address of this"),
        (["diff", "README.md", "README.md"], "", "README.md"),
    ],
)
def test_it_does_not_begin_where_it_should_not(words: list[str], key: str, why: str) -> None:
    done = record(*words, key=key)
    assert done.returncode == 2
    assert why in done.stderr
    assert not (ROOT / "x").exists()


def test_a_stand_in_that_is_down_gives_no_recording(there: Desk, tmp_path: Path) -> None:
    there.control("down", {"seconds": 60})
    done = record("local", "--base", there.base, "--out", str(tmp_path / "none.json"))
    there.control("reset", {})
    assert done.returncode == 2
    assert "cannot be recorded: APIError" in done.stderr
    assert not list(tmp_path.iterdir())


def test_interrupted_it_still_deletes_what_it_made(there: Desk, tmp_path: Path) -> None:
    out = tmp_path / "none.json"
    # The script takes a second: on a busy machine it may be over before the interrupt arrives.
    for _ in range(5):
        code = interrupted(there, out)
        if code:
            break
        out.unlink()
    assert code == 130
    assert not there.api.v1.test_helpers.test_clocks.list().data
    assert not there.api.v1.customers.list().data
    assert not list(tmp_path.iterdir())


def interrupted(there: Desk, out: Path) -> int:
    """Interrupt a recording after its first step; its exit code."""
    words = ["local", "--base", there.base, "--out", str(out)]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.sandbox.record", *words],
        cwd=ROOT,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # What a shell starts in the background ignores interrupts, and so does all that it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("set_out: ")
        process.send_signal(signal.SIGINT)
        return process.wait(30)


def test_it_says_what_it_will_make_and_asks_before_it_does() -> None:
    words = [sys.executable, "-m", "tests.sandbox.record", "stripe", "--out", os.devnull]
    done = subprocess.run(
        words,
        cwd=ROOT,
        env=clean_environment(STRIPE_TEST_KEY="sk_test_" + "a" * 24),
        capture_output=True,
        text=True,
        check=False,
        input="no\n",
        timeout=60,
    )
    assert done.returncode == 2
    assert "renew: A month later it is renewed." in done.stdout
    assert "not begun" in done.stderr
