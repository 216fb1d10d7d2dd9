"""The stage: billing-e2e plays several scenarios at once, and each verdict is its own report."""

import json
import time
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from tests.processes import Service, clean_environment
from tests.stand_in.desk import Desk

KEY: Final = "sk_test_localstandin"
PATIENCE_SECONDS: Final = 120


@dataclass(frozen=True)
class Play:
    """A scenario file with the values it is played with."""

    scenario: Path
    values: Mapping[str, str]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """What billing-e2e wrote in its report and how it ended; `said` is all that it printed."""

    name: str
    code: int
    steps: int
    passed: tuple[str, ...]
    seconds: float
    said: str

    @property
    def good(self) -> bool:
        """Whether it ended well after it had passed every step of the file."""
        return self.code == 0 and len(self.passed) == self.steps


def perform(plays: Sequence[Play], *, stripe: str, folder: Path) -> list[Verdict]:
    """Play all of them at the same time, a process of billing-e2e each; verdicts in their order."""
    began = time.monotonic()
    running = [_start(play, stripe, folder) for play in plays]
    try:
        return [_verdict(play, each, began) for play, each in zip(plays, running, strict=True)]
    finally:
        for each in running:
            each.kill()


def _start(play: Play, stripe: str, folder: Path) -> Service:
    stem = folder / play.scenario.stem
    # JSON is YAML, and needs no quoting of ours.
    config = json.dumps({"stripe": {"key": KEY}, "vars": dict(play.values)})
    stem.with_suffix(".config").write_text(config)
    words = [
        *("-m", "tests.witness.launch", stripe),
        *("--config", str(stem.with_suffix(".config"))),
        *("run", str(play.scenario), "--junit", str(stem.with_suffix(".xml"))),
    ]
    env = clean_environment(**play.environment)
    return Service(play.scenario.stem, words, env=env, log=stem.with_suffix(".log"))


def _verdict(play: Play, service: Service, began: float) -> Verdict:
    code = service.process.wait(PATIENCE_SECONDS)
    report = service.log.with_suffix(".xml")
    seconds = time.monotonic() - began
    told: dict[str, Any] = yaml.safe_load(play.scenario.read_text())
    name, passed = _read(report) if report.exists() else (play.scenario.stem, ())
    return Verdict(name, code, len(told["steps"]), passed, seconds, service.last_words())


def _read(report: Path) -> tuple[str, tuple[str, ...]]:
    case = ET.parse(report).getroot().find("testcase")  # noqa: S314 - written by a process of ours
    assert case is not None
    lines = (case.findtext("system-out") or "").splitlines()
    return case.get("name", ""), tuple(line for line in lines if line.startswith("PASS "))


def monthly(desk: Desk, cents: int) -> str:
    """Make a monthly price of so many euro cents at the local Stripe and return its id."""
    made = desk.api.v1.prices.create(
        {
            "currency": "eur",
            "unit_amount": cents,
            "product": desk.product,
            "recurring": {"interval": "month"},
        }
    )
    return made.id


def complaints(verdicts: Sequence[Verdict]) -> str:
    """What went wrong, in billing-e2e's own words; empty if nothing did."""
    return "\n".join(each.said for each in verdicts if not each.good)
