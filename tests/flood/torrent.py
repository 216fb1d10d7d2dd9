"""The torrent: every event as signed posts over HTTP, several times each, in no order, at once."""

import http.client
import json
import random
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from billing.handlers import HANDLERS
from tests.house import House
from tests.local_stripe import LocalStripe
from tests.postman import sign

Event = dict[str, Any]
TIMES: Final = 3
_POSTMEN: Final = 6
_ALL: Final = 20_000


class Spring:
    """Where events come from: each is handed out once, oldest first."""

    def __init__(self, stripe: LocalStripe) -> None:
        self.stripe = stripe
        self.last = ""

    def fresh(self) -> list[Event]:
        """The events of handled types since the last call."""
        found: list[Event] = self.stripe.ask(f"events?limit={_ALL}&after={self.last}")["data"]
        if found:
            self.last = found[-1]["id"]
        return [each for each in found if each["type"] in HANDLERS]


class Torrent:
    """Posts to the web of the house; `told` counts its answers."""

    def __init__(self, house: House, *, chance: random.Random) -> None:
        self.chance = chance
        self.told: Counter[str] = Counter()
        self.port = house.port
        lines = house.env_file.read_text().splitlines()
        variables = dict(line.split("=", 1) for line in lines if "=" in line)
        self.secret = variables["STRIPE_WEBHOOK_SECRETS"].split(",")[0]

    def pour(self, events: Iterable[Event]) -> None:
        """Post each three times, shuffled, and count in `told`. Insists on 200."""
        posts = list(events) * TIMES
        self.chance.shuffle(posts)
        started = time.monotonic()
        with ThreadPoolExecutor(_POSTMEN) as postmen:
            for status, said in postmen.map(self._post, posts):
                assert status == 200, (status, said)
                self.told[f"answered {said}"] += 1
        self.told["posts"] += len(posts)
        self.told["milliseconds"] += int(1000 * (time.monotonic() - started))

    def _post(self, event: Event) -> tuple[int, str]:
        body = json.dumps(event).encode()
        headers = {
            "Content-Type": "application/json",
            "Stripe-Signature": sign(body, secret=self.secret),
        }
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            line.request("POST", "/stripe/webhook", body, headers)
            answer = line.getresponse()
            return answer.status, answer.read().decode()
        finally:
            line.close()
