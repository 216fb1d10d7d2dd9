"""The recorder: the real SDK with an ear on the wire, and what it heard in each step.

Of each step it keeps the calls with their answers, the events in the order in which Stripe lists
them, and the outlines of all objects. Events belong to the run when they name an object of it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import stripe

from .outline import ID, Outline, merged, outline

Json = dict[str, Any]
PAGE = 100
POLL_SECONDS = 0.5
LONGEST_WAIT = 30
SDK_VERSION: str = stripe.VERSION
# What the SDK raises: out of `play` only where going on makes no sense.
Unusable = stripe.StripeError


@dataclass
class Account:
    """Whom the script talks to. `patience`: seconds without a new event that end a step."""

    key: str
    base: str = ""
    patience: float = 0.0

    @property
    def name(self) -> str:
        """What a recording says it was made of."""
        return "a local stand-in" if self.base else "Stripe"


@dataclass
class Step:
    """What was heard in one step."""

    name: str
    calls: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    changed: dict[str, set[str]] = field(default_factory=dict)
    objects: dict[str, Outline] = field(default_factory=dict)

    def hear(self, obj: Json) -> None:
        """Add an object's outline to those of its kind."""
        kind = str(obj.get("object", "error" if "error" in obj else "hash"))
        self.objects[kind] = merged(self.objects.get(kind, {}), outline(obj))


class _Ear(stripe.RequestsClient):
    """The SDK's HTTP client, which tells what it got."""

    tell: Callable[[str, str, int, Json], None]

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        **more: Any,
    ) -> tuple[Any, int, Mapping[str, str]]:
        """Send a request and tell of its answer."""
        body, status, heads = super().request(method, url, headers, post_data, **more)
        self.tell(method, url, status, _read(body))
        return body, status, heads


class Recorder:
    """A run of the script: `api` is the SDK's client, all else is memory."""

    def __init__(self, account: Account) -> None:
        ear = _Ear(timeout=60)
        ear.tell = self._hear
        where: Any = {"base_addresses": {"api": account.base}} if account.base else {}
        self.api = stripe.StripeClient(account.key, max_network_retries=2, http_client=ear, **where)
        self.account = account
        self.step = Step("")
        self.steps: list[Step] = []
        self._listening = False
        self._expected: set[str] = set()
        self._mine: set[str] = set()
        self._seen: set[str] = set()
        # Events bear the real time, whatever a test clock says; our own may be ahead.
        self._since = int(time.time()) - 60

    def play(self, name: str, act: Callable[[], None]) -> Step:
        """Play one step; a refusal ends it and is part of what is written down.

        Raises Unusable where the account or the server cannot be used at all.
        """
        self.step = Step(name)
        self._listening = True
        try:
            act()
        except stripe.StripeError as refused:
            if refused.http_status in {None, 401, 403} or (refused.http_status or 0) >= 500:
                raise
        except KeyError as missing:
            self.step.calls.append(f"not played: there is no {missing.args[0]}")
        finally:
            self._listening = False
        self._collect()
        self.steps.append(self.step)
        return self.step

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Talk to Stripe without writing it down."""
        before, self._listening = self._listening, False
        try:
            yield
        finally:
            self._listening = before

    def try_aside(self, act: Callable[[], None]) -> bool:
        """Do something without writing it down; False if Stripe refused."""
        with self.aside():
            try:
                act()
            except stripe.StripeError:
                return False
        return True

    def _hear(self, method: str, url: str, status: int, body: Json) -> None:
        if method == "post" and "id" in body:
            self._mine.add(body["id"])
        if not self._listening:
            return
        what = body.get("error", {}).get("code") or body.get("object") or "error"
        self.step.calls.append(f"{method.upper()} {_pattern(url)} -> {status} {what}")
        self.step.hear(body)

    def expect(self, event: str) -> None:
        """Let the step not end before this event came, though half a minute is the longest."""
        self._expected.add(event)

    def _collect(self) -> None:
        """Take down the events of this step, until none has come for a while."""
        began = quiet_since = time.monotonic()
        while True:
            fresh = [event for event in self._unseen() if self._claims(event["data"]["object"])]
            for event in fresh:
                self._take(event)
            now = time.monotonic()
            quiet_since = now if fresh else quiet_since
            waits = self._expected - set(self.step.events) and now - began < LONGEST_WAIT
            if now - quiet_since >= self.account.patience and not waits:
                break
            time.sleep(POLL_SECONDS if waits else min(POLL_SECONDS, self.account.patience))
        self._expected.clear()

    def _unseen(self) -> list[Json]:
        """Return events of this run's time that were not looked at yet, oldest first."""
        found: list[Json] = []
        asked: Json = {"created": {"gte": self._since}, "limit": PAGE}
        more = True
        while more:
            page = self.api.raw_request("get", "/v1/events", **asked).data
            found += page["data"]
            more = page["has_more"]
            asked["starting_after"] = page["data"][-1]["id"] if more else ""
        fresh = [event for event in reversed(found) if event["id"] not in self._seen]
        self._seen.update(event["id"] for event in fresh)
        return fresh

    def _claims(self, obj: Json) -> bool:
        """Whether the object, or what it hangs on, was made by this run."""
        named = {value for value in obj.values() if isinstance(value, str)}
        if not named & self._mine:
            return False
        self._mine.update([obj["id"]] if "id" in obj else [])
        return True

    def _take(self, event: Json) -> None:
        self.step.events.append(event["type"])
        self.step.hear(event["data"]["object"])
        before = event["data"].get("previous_attributes")
        if before is not None:
            self.step.changed.setdefault(event["type"], set()).update(before)


def _read(body: bytes) -> Json:
    try:
        found: Json = json.loads(body)
    except ValueError:
        return {"error": {"code": "no_json"}}
    return found


def _pattern(url: str) -> str:
    """The path of a call with its ids left out."""
    parts = urlsplit(url).path.split("/")
    return "/".join("{}" if ID.match(part) else part for part in parts)
