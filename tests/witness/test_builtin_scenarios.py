"""billing-e2e's own five scenarios, as published, against a local Stripe that knows nothing yet."""

import base64
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.processes import ROOT
from tests.stand_in.desk import Desk, open_desk
from tests.witness.stage import Play, complaints, monthly, perform

PUBLISHED = {
    "cancel-at-period-end",
    "failed-renewal",
    "plan-change",
    "renewal",
    "signup-card-problems",
}


def scenarios() -> list[Path]:
    """The scenario files of the installed package, each as its publisher hashed it."""
    files = distribution("billing-e2e").files or []
    found = [each for each in files if each.match("billing_e2e/scenarios/*.yml")]
    for each in found:
        assert each.hash is not None
        digest = hashlib.new(each.hash.mode, each.read_binary()).digest()
        assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == each.hash.value
    return sorted(Path(str(each.locate())) for each in found)


@pytest.fixture
def fresh() -> Iterator[Desk]:
    with open_desk() as desk:
        yield desk


def test_all_five_pass_unmodified(fresh: Desk, tmp_path: Path) -> None:
    values = {"monthly_price": monthly(fresh, 199), "upgrade_price": monthly(fresh, 500)}
    plays = [Play(each, values) for each in scenarios()]
    assert {each.scenario.stem for each in plays} == PUBLISHED
    verdicts = perform(plays, stripe=fresh.base, folder=tmp_path)
    assert all(each.good for each in verdicts), complaints(verdicts)
    assert sum(each.good for each in verdicts) == 5
    assert sum(len(each.passed) for each in verdicts) == sum(each.steps for each in verdicts) > 40
    assert max(each.seconds for each in verdicts) < 60, "its waits have become long"
    assert fresh.control("problems")["data"] == []
    assert not fresh.api.v1.test_helpers.test_clocks.list().data, "it clears up after itself"


def test_a_scenario_that_stripe_does_not_go_along_with_fails(fresh: Desk, tmp_path: Path) -> None:
    [renewal] = [each for each in scenarios() if each.stem == "renewal"]
    play = Play(renewal, {"monthly_price": "price_missing"})
    [verdict] = perform([play], stripe=fresh.base, folder=tmp_path)
    assert (verdict.good, verdict.code, len(verdict.passed)) == (False, 1, 1)
    assert "No such price: 'price_missing'" in complaints([verdict])


@pytest.mark.parametrize("address", ["https://api.stripe.com", "http://10.0.0.1:8010", ""])
def test_the_launcher_leads_nowhere_but_to_this_machine(address: str) -> None:
    words = [sys.executable, "-m", "tests.witness.launch", address, "list"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no address of this machine" in done.stderr
