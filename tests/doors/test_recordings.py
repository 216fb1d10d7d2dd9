"""Events that Stripe really sent, if the machine has a folder of them (STRIPE_RECORDINGS).

Third-party data, so none of it is in this project. Every one is taken or refused with a 4xx, none
makes a row of money, and what the local Stripe does not know is set aside, not tried for ever.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from billing.handlers import HANDLERS
from billing.models import Letter, Membership, Payment, Receipt, StripeEvent
from billing.models.stripe import EventState
from tests.doors.conftest import Desk

FOLDER = Path(os.environ.get("STRIPE_RECORDINGS", ""))

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not os.environ.get("STRIPE_RECORDINGS"), reason="no recordings here"),
]


def recordings() -> Iterator[bytes]:
    for part in ("events", "variants", "replay", "wrapped"):
        for path in sorted((FOLDER / part).rglob("*.json")):
            if json.loads(path.read_bytes()).get("object") == "event":
                yield path.read_bytes()


def test_every_recorded_event_is_taken_and_none_makes_money(desk: Desk) -> None:
    answers = Counter(desk.postman.post(body) for body in recordings())
    assert answers[200] > 500
    assert set(answers) <= {200, 400}
    assert set(StripeEvent.objects.values_list("type", flat=True)) <= set(HANDLERS)
    desk.work()
    left = {EventState.WAITING, EventState.CLAIMED, EventState.PARKED, EventState.DONE}
    assert not StripeEvent.objects.filter(state__in=left).exists()
    for table in (Membership, Payment, Receipt, Letter):
        assert not table.objects.exists()
