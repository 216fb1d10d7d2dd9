"""The rollups are kept up with the facts, whichever door they come by, and are what they say."""

import time
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
import structlog
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from billing import figures, tasks, wishes
from billing.figures import names
from billing.figures.names import Move
from billing.figures.sums import Sums
from billing.ids import new_id
from billing.models import Intent, JobRun, MembershipEvent, Payment, Rollup
from billing.models.stripe import IntentKind
from billing.states import MembershipState
from members.models import Supporter
from members.reports import movement
from tests import rows
from tests.cases.acts import (
    at_stripes_time,
    dashboard,
    dispute,
    refund_there,
    settle,
    stripes_now,
)
from tests.doors.conftest import Desk
from tests.postman import Event

pytestmark = pytest.mark.django_db


def _moves(now: datetime) -> dict[str, int]:
    """What became of people in the month that runs, and how often."""
    [month] = movement.movement(now=now, count=1)
    return {kind.value: each.people for kind, each in month.moves.items() if each.people}


def _turns() -> list[tuple[str, str, datetime | None]]:
    lines = MembershipEvent.objects.order_by("recorded_at", "pk")
    return [
        (line.old_state, line.new_state, line.happened_at)
        for line in lines
        if MembershipState.PAUSED in {line.old_state, line.new_state} and line.old_state
    ]


def _equal() -> bool:
    return figures.compare().equal


def test_every_event_keeps_the_rollups_as_its_facts_say(desk: Desk) -> None:
    member, gift = desk.join(), desk.give(500)
    assert _equal()
    paid = Payment.objects.get(membership=member)
    # Who left in the very second in which they paid was never a member.
    desk.stripe.advance(to=int(stripes_now(desk).timestamp()) + 60)
    refund_there(desk, gift, amount=200)
    dispute(desk, paid)
    settle(desk)
    assert _equal()
    assert _moves(stripes_now(desk)) == {Move.NEW: 1, Move.DISPUTE: 1}
    assert Rollup.objects.get(figure=names.REFUNDED).value == -200


def test_the_same_facts_in_another_order_are_the_same_figures(desk: Desk) -> None:
    started, gift = desk.open(rows.alice(), "monthly", 199), desk.open(rows.bob(), "once", 500)
    desk.stripe.pay(started.url)
    desk.stripe.pay(gift.url)
    there = dashboard(desk)
    [subscription] = there.subscriptions.list().data
    [item] = subscription["items"].data
    price = {
        "currency": "eur",
        "unit_amount": 500,
        "recurring": {"interval": "month"},
        "product": "meitheal_monthly",
    }
    for change in (
        {"items": [{"id": item.id, "price_data": price}], "proration_behavior": "none"},
        {"pause_collection": {"behavior": "void"}},
        {"pause_collection": ""},
    ):
        there.subscriptions.update(subscription.id, change)
        desk.stripe.advance(to=int(stripes_now(desk).timestamp()) + 31 * 86400)
    there.subscriptions.cancel(subscription.id)
    events = desk.postman.fetch()
    told = [_told(desk, order) for order in (events, events[::-1], events[1::2] + events[::2])]
    assert told[0] == told[1] == told[2]
    assert {cell.key: number for cell, (number, _) in told[0].items() if cell.figure == "gross"}


def _told(desk: Desk, events: list[Event]) -> Sums:
    """What the rollups say once these events have come, in this order; then all is forgotten."""
    before = transaction.savepoint()
    with at_stripes_time(desk):
        desk.postman.carry(events)
        settle(desk)
        assert _equal()
        kept = figures.stored()
    transaction.savepoint_rollback(before)
    return kept


def test_the_database_cuts_months_in_dublin_as_we_do() -> None:
    # Summer time: half an hour before midnight UTC is half an hour into October.
    rows.payment(paid_at=datetime(2026, 9, 30, 23, 30, tzinfo=UTC))
    assert Rollup.objects.get(figure=names.GROSS).month == date(2026, 10, 1)
    assert _equal()


def test_a_pause_is_dated_by_the_wish_and_its_end_by_the_day_that_was_set(desk: Desk) -> None:
    member = desk.join()
    until = stripes_now(desk) + timedelta(days=40)
    wishes.pause(membership=member, until=until, press=new_id().hex)
    wish = Intent.objects.get(kind=IntentKind.PAUSE)
    desk.stripe.advance(to=int((until + timedelta(hours=5)).timestamp()))
    with at_stripes_time(desk):
        settle(desk)
        [begin, end] = _turns()
        assert begin[2] == wish.created_at
        assert end[2] == until.replace(microsecond=0)
        assert _moves(timezone.now()).get(Move.RESUMED) == 1
    assert _equal()


def test_the_longest_pause_that_we_offer_is_no_leaving(desk: Desk) -> None:
    member = desk.join()
    with at_stripes_time(desk) as begun:
        longest = wishes.breaks(member, now=begun)[-1]
        wishes.skip_next(membership=member, payments=3, press=new_id().hex)
        settle(desk)
    assert longest.until - begun > timedelta(days=names.PAUSE_DAYS)
    # On its last day, and on the day after.
    for moment in (longest.until - timedelta(hours=2), longest.until + timedelta(hours=5)):
        desk.stripe.advance(to=int(moment.timestamp()))
        with at_stripes_time(desk) as now:
            settle(desk)
            assert sum(sum(each.from_pause.values()) for each in _half_a_year(now)) == 0
    assert _moves(stripes_now(desk)) == {Move.RESUMED: 1}
    assert _equal()


def test_a_pause_that_nobody_ends_is_leaving_on_its_ninetieth_day(desk: Desk) -> None:
    member = desk.join()
    # Events bear whole seconds of real time: who pauses in the very second of joining never gave.
    time.sleep(1)
    there = dashboard(desk).subscriptions
    there.update(member.stripe_subscription_id, {"pause_collection": {"behavior": "void"}})
    with at_stripes_time(desk) as begun:
        settle(desk)
    for days, left in ((89, 0), (91, 1)):
        now = begun + timedelta(days=days)
        assert sum(sum(each.from_pause.values()) for each in _half_a_year(now)) == left
    assert _equal()


def _half_a_year(now: datetime) -> list[movement.MovementMonth]:
    return movement.movement(now=now, count=6)


def test_a_pause_from_the_dashboard_is_dated_by_the_event_that_told_of_it(desk: Desk) -> None:
    member = desk.join()
    there = dashboard(desk).subscriptions
    there.update(member.stripe_subscription_id, {"pause_collection": {"behavior": "void"}})
    with at_stripes_time(desk) as now:
        settle(desk)
    [(_old, _new, begun)] = _turns()
    assert begun is not None
    assert begun.microsecond == 0
    assert abs(begun - now) < timedelta(minutes=1)


def test_a_line_of_history_is_still_refused_a_change() -> None:
    member = rows.membership()
    line = MembershipEvent.objects.create(membership=member, new_state="active", source="test")
    with pytest.raises(IntegrityError), transaction.atomic():
        MembershipEvent.objects.filter(pk=line.pk).update(happened_at=timezone.now())


def test_the_check_tells_what_differs_and_the_command_makes_it_right() -> None:
    rows.payment(rows.membership())
    Rollup.objects.filter(figure=names.GROSS).update(value=200)
    said = StringIO()
    with pytest.raises(CommandError, match="1 places and 0 people differ"):
        call_command("rollups", check=True, stdout=said)
    assert "gross 2026-03-01 month: 1/200, facts 1/199" in said.getvalue()
    call_command("rollups", stdout=said)
    assert "The rollups are what the facts say" in said.getvalue()
    assert _equal()


def test_each_night_what_differs_is_named_and_made_right() -> None:
    rows.payment(rows.membership())
    Rollup.objects.filter(figure=names.STANDING).delete()
    with structlog.testing.capture_logs() as told:
        tasks.prove_rollups()
    assert [each["difference"] for each in told if each["event"] == "rollup differs"] == [
        "standing 2026-03-01 : 0/0, facts 1/2388"
    ]
    assert _equal()
    run = JobRun.objects.get(job="rollups")
    assert (run.result, run.counts["healed"]) == ("clean", 1)


def test_a_row_that_was_written_past_us_is_seen_as_a_person_who_differs() -> None:
    member = rows.membership()
    type(member).objects.filter(pk=member.pk).update(started_at=rows.NEXT_MONTH)
    found = figures.compare()
    assert (found.people, len(found.differences) > 0) == (1, True)
    figures.recount(member.supporter_id)
    assert _equal()


def test_what_is_forgotten_of_a_person_is_taken_off() -> None:
    paid = rows.payment(rows.membership())
    rows.payment()
    alone = figures.stored()
    with transaction.atomic():
        figures.forget(paid.supporter_id)
        Payment.objects.filter(pk=paid.pk).delete()
        paid.supporter.memberships.all().delete()
    assert _equal()
    left = {cell.figure for cell in figures.stored()}
    assert names.STANDING not in left
    assert left < {cell.figure for cell in alone}
    assert Supporter.objects.filter(pk=paid.supporter_id).exists()
