"""Chaos: what goes wrong on the way, drawn from a seed so that the same can be had again.

No draw depends on the moment or on other threads: each is made of the seed and of a count, that of
the event and endpoint for deliveries, that of the path for answers.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any

from .store import Obj
from .wire.errors import invalid

# Faults of single deliveries, each a share from 0 to 1.
SHARES = ("duplicate", "drop", "stale", "wrong_signature", "thin", "legacy")
ANSWERS = ("429", "500_before", "409", "500_after_commit", "500_kept", "timeout_after_commit")
# These spoil the answer of a write that was carried out.
AFTER = frozenset(ANSWERS[2:])
# Seconds that a place in the order is worth, where `reorder` shuffles it.
PLACE = 0.005
LONGEST = 60.0


@dataclass
class Chaos:
    """What was asked for, and how many of what it has been drawn for; seconds and shares."""

    seed: int = 0
    duplicate: float = 0.0
    reorder: int = 0
    drop_first: int = 0
    drop: float = 0.0
    delay: list[float] = field(default_factory=lambda: [0.0, 0.0])
    slow: float = 0.0
    stale: float = 0.0
    wrong_signature: float = 0.0
    thin: float = 0.0
    legacy: float = 0.0
    burst: int = 3
    answers: dict[str, float] = field(default_factory=dict)
    on: bool = False
    counts: dict[str, int] = field(default_factory=dict)
    struck: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.struck = Counter(self.struck)

    def told(self) -> Obj:
        """Return what was asked for, the seed, and how often each fault struck."""
        return {
            **{f.name: getattr(self, f.name) for f in fields(self) if f.name != "counts"},
            "struck": dict(self.struck),
        }

    def dump(self) -> Obj:
        """Return everything as JSON-ready data."""
        return {**self.told(), "counts": dict(self.counts)}

    def draw(self, *key: object) -> float:
        """Return a number from 0 to 1 that depends on the seed and the key alone."""
        text = ":".join(str(part) for part in (self.seed, *key))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2**64

    def count(self, name: str) -> int:
        """Return how often this name was counted before now."""
        seen = self.counts.get(name, 0)
        self.counts[name] = seen + 1
        return seen

    def plan(self, event: int, endpoint: str) -> Obj:
        """Return what will befall the delivery of the nth event to an endpoint.

        Keys that are left out do not happen: drop, duplicate (`twin` or `later`), stale (seconds of
        age), wrong_signature, thin, legacy, wait (seconds), slow (seconds).
        """
        if not self.on:
            return {}
        at = self._place(endpoint)
        told: Obj = {
            name: True for name in SHARES if self.draw(name, event, at) < getattr(self, name)
        }
        if self.count(f"for {endpoint}") < self.drop_first:
            told["drop"] = True
        if "duplicate" in told:
            told["duplicate"] = "twin" if self.draw("twin", event, at) < 0.5 else "later"
        if "stale" in told:
            told["stale"] = 301 + int(3600 * self.draw("age", event, at))
        self.struck.update(told.keys())
        return told | self._waits(event, at)

    def _waits(self, event: int, at: int) -> Obj:
        low, high = self.delay
        wait = low + (high - low) * self.draw("delay", event, at)
        wait += PLACE * self.reorder * self.draw("reorder", event, at)
        told: Obj = {"wait": round(wait, 4)} if wait else {}
        return told | ({"slow": self.slow} if self.slow else {})

    def _place(self, endpoint: str) -> int:
        # Ids are random: what counts is which endpoint it is, the first, the second...
        name = f"endpoint {endpoint}"
        if name not in self.counts:
            self.counts[name] = self.count("endpoints")
        return self.counts[name]

    def answer(self, method: str, pattern: str) -> str | None:
        """Return the fault of the next answer to this kind of request, None when it is a good one.

        `429` comes in bursts: each that is drawn takes the `burst` - 1 after it along.
        """
        if not self.on or not self.answers:
            return None
        name = f"{method} {pattern}"
        at = self.count(name)
        for fault in ANSWERS:
            share = self.answers.get(fault, 0.0)
            if not share or (fault in AFTER and method == "GET"):
                continue
            span = self.burst if fault == "429" else 1
            if any(self.draw(fault, name, n) < share for n in range(max(at - span + 1, 0), at + 1)):
                self.struck[fault] += 1
                return fault
        return None


def asked_for(given: Obj) -> Chaos:
    """Return the chaos that a control asks for; raises a 400 that names what is wrong.

    `{}` asks for none. Without a seed one is drawn.
    """
    if not given:
        return Chaos()
    seed = given.get("seed")
    if seed is not None and type(seed) is not int:
        raise invalid("A seed is a whole number.", "seed")
    told = Chaos(seed=secrets.randbelow(10**9) if seed is None else seed, on=True)
    for name, value in given.items():
        if name != "seed":
            setattr(told, name, _read(name, value))
    return told


def _read(name: str, value: Any) -> Any:
    if name in SHARES:
        return _number(name, value, 1.0)
    if name in ("reorder", "drop_first", "burst"):
        if type(value) is not int or not 0 <= value <= 10_000:
            raise invalid(f"{name} is a whole number from 0 to 10000.", name)
        return value
    if name == "slow":
        return _number(name, value, LONGEST)
    if name == "delay":
        if not isinstance(value, list) or len(value) != 2 or value[0] > value[1]:
            raise invalid("delay is [least, most] seconds.", name)
        return [_number(name, one, LONGEST) for one in value]
    if name == "answers" and isinstance(value, dict):
        unknown = set(value) - set(ANSWERS)
        if unknown:
            raise invalid(f"answers has no {sorted(unknown)[0]}, only {', '.join(ANSWERS)}.", name)
        return {fault: _number(f"answers[{fault}]", share, 1.0) for fault, share in value.items()}
    raise invalid(f"Unknown or unreadable: {name}", name)


def _number(name: str, value: Any, most: float) -> float:
    if type(value) not in (int, float) or not 0 <= value <= most:
        raise invalid(f"{name} is a number from 0 to {most:g}.", name)
    return float(value)
