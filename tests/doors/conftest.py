"""The doors, tried in one process: real rows, the real local Stripe over HTTP, no worker."""

from datetime import datetime
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django.fixtures import Settings

from billing import checkout, sweeper
from billing.ids import new_id
from billing.models import Membership, Payment, Plan
from members.models import Supporter
from tests import rows
from tests.local_stripe import LocalStripe
from tests.postman import Postman


@pytest.fixture
def stripe(sandbox: LocalStripe, settings: Settings, db: None, tmp_path: Path) -> LocalStripe:
    """An empty local Stripe with our products in place, whose events the postman carries."""
    sandbox.tell("webhooks/hold", hold=True)
    settings.SITE_URL = "http://127.0.0.1"
    call_command("stripe_setup", verbosity=0, env_file=tmp_path / "env")
    return sandbox


@pytest.fixture
def postman(stripe: LocalStripe) -> Postman:
    return Postman(stripe)


class Desk:
    """What a supporter and the clock do, in the words of a test."""

    def __init__(self, stripe: LocalStripe, postman: Postman) -> None:
        self.stripe, self.postman = stripe, postman

    def open(self, supporter: Supporter, slug: str, cents: int) -> checkout.Started:
        """Press the pay button."""
        plan = Plan.objects.get(slug=slug)
        return checkout.start(
            supporter=supporter, plan=plan, amount_cents=cents, press=new_id().hex
        )

    def join(self, slug: str = "monthly", cents: int = 199, **paid: str) -> Membership:
        """Alice presses, pays, and the events arrive."""
        started = self.open(rows.alice(), slug, cents)
        self.stripe.pay(started.url, **paid)
        self.catch_up()
        return Membership.objects.get(pk=started.subject)

    def give(self, cents: int = 500, **paid: str) -> Payment:
        """Bob gives once."""
        started = self.open(rows.bob(), "once", cents)
        self.stripe.pay(started.url, **paid)
        self.catch_up()
        return Payment.objects.get(pk=started.subject)

    def catch_up(self, now: datetime | None = None) -> None:
        """Every event arrives and everything that waits is done."""
        assert set(self.postman.carry()) <= {200}
        self.work(now)

    def work(self, now: datetime | None = None) -> None:
        sweeper.do_what_waits(now=now or timezone.now())


@pytest.fixture
def desk(stripe: LocalStripe, postman: Postman) -> Desk:
    return Desk(stripe, postman)
