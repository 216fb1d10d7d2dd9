"""Events that never reached us: dropped, held back, cut off half-way, asked for twice at once."""

import subprocess
import sys
from contextlib import suppress
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import stripe as sdk
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from billing import backfill, inbox, reconcile, stripe_api, walks
from billing.handlers import HANDLERS
from billing.models import Membership, Payment, Receipt, StripeEvent, Tally, Walk
from billing.models.stripe import EventState
from billing.states import MembershipState, PaymentState
from tests import rows
from tests.doors.conftest import Desk
from tests.house import House
from tests.local_stripe import LocalStripe
from tests.processes import ROOT, clean_environment

pytestmark = [pytest.mark.django_db, pytest.mark.real]


class Crash(BaseException):
    """The worker dies here: nothing catches it."""


@pytest.fixture
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists come five at a time, so that a few events make several pages."""
    monkeypatch.setattr(stripe_api.client, "_PAGE", 5)


def run(*flags: str) -> tuple[int, str]:
    """The command's exit code and its last line."""
    said = StringIO()
    code = 0
    try:
        call_command("backfill", *flags, stdout=said, stderr=said)
    except SystemExit as left:
        code = int(str(left.code))
    return code, said.getvalue().strip().splitlines()[-1]


def lived(desk: Desk) -> set[str]:
    """Alice joins and Bob gives, and no event arrives; the ids of all that there was to tell."""
    desk.stripe.pay(desk.open(rows.alice(), "monthly", 300).url)
    desk.stripe.pay(desk.open(rows.bob(), "once", 700).url)
    return {each["id"] for each in desk.postman.fetch()}


def die_while_taking_in(number: int, *, now: datetime | None = None) -> None:
    """Run, and die over the event of this number; nothing is tidied up, and the lease runs out."""
    stored = 0

    def die(execute: Any, sql: str, *rest: Any) -> Any:
        nonlocal stored
        stored += sql.startswith('INSERT INTO "billing_stripeevent"')
        if stored == number:
            raise Crash  # and from then on: a dead worker gives back no claim either
        return execute(sql, *rest)

    with connection.execute_wrapper(die), suppress(Crash):
        backfill.run(now=now)
    assert backfill.run() is None
    Walk.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def test_what_was_dropped_arrives_within_one_run(desk: Desk) -> None:
    told = lived(desk)
    assert run() == (0, f"{len(told)} events had been missed and are in the inbox now")
    assert set(StripeEvent.objects.values_list("pk", flat=True)) == told
    desk.work()
    assert set(StripeEvent.objects.values_list("state", flat=True)) == {EventState.DONE}
    assert Membership.objects.get().state == MembershipState.ACTIVE
    assert set(Payment.objects.values_list("state", flat=True)) == {PaymentState.SUCCEEDED}
    assert Receipt.objects.count() == 2
    assert run() == (0, "0 events had been missed and are in the inbox now")


def test_what_arrived_by_itself_is_not_taken_in_again(desk: Desk) -> None:
    told = lived(desk)
    desk.postman.carry(desk.postman.fetch()[::2])
    desk.work()
    known = StripeEvent.objects.count()
    assert backfill.run() == len(told) - known
    desk.work()
    assert StripeEvent.objects.count() == len(told)
    assert Receipt.objects.count() == 2


@pytest.mark.usefixtures("short_pages")
@pytest.mark.parametrize("number", [1, 3, 6, 8])
def test_a_kill_in_the_middle_loses_nothing(desk: Desk, number: int) -> None:
    told, now = lived(desk), timezone.now()
    # Hours later, so that the overlap of two runs does not reach back to what happened.
    die_while_taking_in(number, now=now + timedelta(hours=1))
    assert StripeEvent.objects.count() == number - 1
    assert backfill.run(now=now + timedelta(hours=2)) == len(told) - number + 1
    assert set(StripeEvent.objects.values_list("pk", flat=True)) == told


@pytest.mark.usefixtures("short_pages")
def test_what_happens_between_the_kill_and_the_next_run_is_taken_in_too(desk: Desk) -> None:
    told = lived(desk)
    die_while_taking_in(7)
    desk.stripe.pay(desk.open(rows.charlie(), "monthly", 199).url)
    later = {each["id"] for each in desk.postman.fetch()}
    backfill.run()
    assert set(StripeEvent.objects.values_list("pk", flat=True)) == told | later


@pytest.mark.usefixtures("short_pages")
def test_the_next_run_reads_on_where_the_last_one_was_cut_short(desk: Desk) -> None:
    lived(desk)
    die_while_taking_in(7)
    place = Walk.objects.get(name="backfill").place
    assert place["after"]
    desk.stripe.tell("requests/clear")
    backfill.run()
    asked = [each for each in desk.stripe.ask("requests")["data"] if each["path"] == "/v1/events"]
    # What was taken in is not read again before the rest has been.
    assert asked[0]["params"]["starting_after"] == place["after"]


@pytest.mark.usefixtures("short_pages")
def test_a_place_that_stripe_has_forgotten_is_looked_for_from_the_top(desk: Desk) -> None:
    told = lived(desk)
    die_while_taking_in(7)
    place = Walk.objects.get(name="backfill").place | {"after": "evt_of_last_month"}
    Walk.objects.update(place=place)
    backfill.run()
    assert set(StripeEvent.objects.values_list("pk", flat=True)) == told


def test_a_second_run_leaves_it_to_the_first(desk: Desk) -> None:
    lived(desk)
    with walks.alone(backfill.NAME) as first:
        assert first is not None
        assert backfill.run() is None
        assert run() == (0, "Another run is at work. Nothing was done here.")
    assert not StripeEvent.objects.exists()
    assert backfill.run()


def test_a_run_whose_worker_died_is_gone_on_with_once_its_lease_is_over(desk: Desk) -> None:
    told = lived(desk)
    now = timezone.now()
    Walk.objects.create(name=backfill.NAME, claim=rows.alice().pk, lease_until=now + walks.LEASE)
    assert backfill.run() is None
    Walk.objects.update(lease_until=now - timedelta(seconds=1))
    assert backfill.run() == len(told)


def test_stripe_being_away_moves_the_place_nowhere(desk: Desk) -> None:
    told = lived(desk)
    desk.stripe.tell("down", seconds=60)
    code, said = run()
    assert code == 2
    assert "could not be read" in said
    desk.stripe.tell("down", seconds=0)
    assert backfill.run() == len(told)


def test_what_we_did_not_ask_to_be_told_is_no_news(desk: Desk) -> None:
    lived(desk)
    backfill.run()
    listed = {each["type"] for each in desk.stripe.ask("events")["data"]}
    assert listed - set(HANDLERS), "Stripe lists more than we handle"
    assert not Tally.objects.exists()


def test_it_looks_further_back_when_told_to(desk: Desk) -> None:
    told = lived(desk)
    Walk.objects.create(
        name=backfill.NAME, place={"since": (timezone.now() + timedelta(days=2)).isoformat()}
    )
    assert backfill.run() == 0
    assert run("--days", "3")[1].startswith(f"{len(told)} events")


def test_an_event_that_came_before_its_row_is_not_foreign_for_ever(desk: Desk) -> None:
    """E3: a charity brings in subscriptions that it sold before it had us."""
    api = sdk.StripeClient("sk_test_local", base_addresses={"api": desk.stripe.url}).v1
    customer = api.customers.create({"email": "alice@example.org"})
    card = api.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    price: Any = {
        "currency": "eur",
        "unit_amount": 300,
        "recurring": {"interval": "month"},
        "product": "meitheal_monthly",
    }
    bought = api.subscriptions.create(
        {
            "customer": customer.id,
            "default_payment_method": card.id,
            "items": [{"price_data": price}],
        }
    )
    desk.catch_up()
    foreign = StripeEvent.objects.filter(state=EventState.FOREIGN)
    seemed = foreign.count()
    assert seemed == StripeEvent.objects.count() > 0
    assert backfill.run() == 0
    assert inbox.reclaim() == 0, "nothing is ours yet"
    rows.membership(stripe_subscription_id=bought.id, amount_cents=300, state="active")
    backfill.run()
    desk.work()
    assert Membership.objects.get().customer is not None
    assert not foreign.filter(object_id=bought.id).exists()
    # What is about the payment is ours once the night has found the payment.
    assert reconcile.run(apply=True).remaining == 0
    for _ in range(2):
        backfill.run()
        desk.work()
    assert not foreign.exists()
    assert Receipt.objects.count() == 1


def test_what_is_foreign_twice_stays_so(desk: Desk) -> None:
    seemed = StripeEvent.objects.create(
        id="evt_foreign",
        type="customer.subscription.updated",
        object_id="sub_theirs",
        livemode=False,
        created=timezone.now(),
        state=EventState.FOREIGN,
        attempts=2,
    )
    rows.membership(stripe_subscription_id="sub_theirs")
    assert inbox.reclaim() == 0
    assert inbox.retry([seemed.pk]) == 1, "a person may look as often as they like"


@pytest.mark.once
def test_webhooks_that_stripe_dropped_arrive_by_the_command(house: House) -> None:
    """The whole service: the local Stripe drops every delivery, and the worker does the rest."""
    dropped(house)
    house.manage("backfill")
    house.wait_for(lambda: Membership.objects.filter(state=MembershipState.ACTIVE).count() == 2)
    house.wait_for(lambda: len(house.letters(subject="receipt")) == 2)
    assert not StripeEvent.objects.filter(state=EventState.PARKED).exists()


@pytest.mark.servers
def test_two_commands_at_once_do_no_harm(house: House) -> None:
    dropped(house)
    both = [started(house, "backfill") for _ in range(2)]
    assert [each.wait(timeout=60) for each in both] == [0, 0]
    house.wait_for(lambda: Membership.objects.filter(state=MembershipState.ACTIVE).count() == 2)
    house.wait_for(lambda: len(house.letters(subject="receipt")) == 2)
    told = {each["id"] for each in house.stripe.ask("events")["data"] if each["type"] in HANDLERS}
    assert set(StripeEvent.objects.values_list("pk", flat=True)) == told


def dropped(house: House) -> None:
    """Alice and Charlie join, and every webhook about them is dropped."""
    hold(house.stripe, on=True)
    for email in ("alice@example.org", "charlie@example.org"):
        house.pay(house.join(email=email))
    hold(house.stripe, on=False)
    house.stripe.flush()
    assert not StripeEvent.objects.exists()


def hold(stripe: LocalStripe, *, on: bool) -> None:
    stripe.tell("webhooks/hold", hold=on, discard=not on)


def started(house: House, *arguments: str) -> subprocess.Popen[bytes]:
    """A command that runs beside us, as an operator would start it."""
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=clean_environment(ENV_FILE=str(house.env_file)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
