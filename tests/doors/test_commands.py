"""stripe_setup and run_due, as an operator runs them."""

import stat
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django.fixtures import Settings

from billing import stripe_api
from billing.dates import dublin_date
from billing.handlers import HANDLERS
from billing.letters import ahead
from billing.models import Letter, Plan
from tests.doors.conftest import Desk
from tests.local_stripe import LocalStripe

pytestmark = pytest.mark.django_db


def setup(env_file: Path) -> str:
    said = StringIO()
    call_command("stripe_setup", env_file=env_file, stdout=said)
    return said.getvalue()


@pytest.mark.case("E24")
def test_setup_may_be_run_again_and_leaves_one_of_each(stripe: LocalStripe, tmp_path: Path) -> None:
    assert "webhook secret was written" not in setup(tmp_path / "env")
    [endpoint] = stripe_api.webhook_endpoints()
    assert sorted(endpoint["enabled_events"]) == sorted(HANDLERS)
    assert endpoint["api_version"] == stripe_api.API_VERSION
    configuration = stripe_api.portal_configuration()
    setup(tmp_path / "env")
    assert stripe_api.portal_configuration() == configuration != ""
    assert {plan.stripe_product_id for plan in Plan.objects.all()} == {
        "meitheal_monthly",
        "meitheal_yearly",
        "meitheal_once",
    }


def test_setup_makes_an_endpoint_anew_when_nobody_knows_its_secret(
    stripe: LocalStripe, settings: Settings, tmp_path: Path
) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = []
    env_file = tmp_path / "live.env"
    env_file.write_text("DEBUG=0\nSTRIPE_WEBHOOK_SECRETS=whsec_old\n")
    secret_shown = "whsec_" in setup(env_file)
    line = env_file.read_text().splitlines()[-1]
    assert not secret_shown
    assert line.startswith("STRIPE_WEBHOOK_SECRETS=whsec_")
    assert line.endswith(",whsec_old")
    assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
    assert len(stripe_api.webhook_endpoints()) == 1


def run_due(now: str) -> str:
    said = StringIO()
    call_command("run_due", now=now, stdout=said)
    return said.getvalue()


@pytest.mark.case("E15")
def test_the_yearly_reminder_goes_out_once_three_weeks_before(desk: Desk) -> None:
    membership = desk.join("yearly", 2388)
    assert membership.period_end is not None
    reminders = Letter.objects.filter(kind="reminder")
    morning = ahead.morning(dublin_date(membership.period_end) - timedelta(days=21))
    run_due((morning - timedelta(hours=27)).isoformat())
    assert not reminders.exists()
    run_due((morning - timedelta(hours=1)).isoformat())
    assert [each.state for each in reminders.all()] == ["queued"]
    for hour in range(3):
        run_due((morning + timedelta(hours=hour)).isoformat())
    assert [each.state for each in reminders.all()] == ["sent"]


@pytest.mark.case("E15")
def test_no_reminder_goes_to_who_is_leaving(desk: Desk) -> None:
    membership = desk.join("yearly", 2388)
    assert membership.period_end and membership.stripe_subscription_id
    due = membership.period_end - timedelta(days=20)
    # Cancelled in Stripe's dashboard a moment ago: we have not heard of it yet.
    stripe_api.update_subscription(
        membership.stripe_subscription_id, {"cancel_at_period_end": True}, key="dashboard"
    )
    run_due(due.isoformat())
    assert Letter.objects.get(kind="reminder").state == "skipped"


def test_the_clock_cannot_be_moved_with_a_live_key(settings: Settings) -> None:
    settings.STRIPE_LIVEMODE = True
    with pytest.raises(CommandError, match="live key"):
        run_due(timezone.now().isoformat())


def test_a_moment_that_is_none_is_refused() -> None:
    with pytest.raises(CommandError, match="ISO 8601"):
        run_due("tomorrow")
