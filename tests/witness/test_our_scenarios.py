"""billing-e2e plays our five scenarios and asks our application, running as it does in production.

Each has its own supporter, who chose at our door and is signed in; the subscription that follows is
billing-e2e's, on its own test clock, with the reference that our door gave the membership.
"""

import sys
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest

from billing.models import Letter, Membership, Payment
from billing.states import PaymentState
from tests.house import House
from tests.journeys.test_life import sign_in
from tests.processes import ROOT
from tests.stand_in.desk import Desk
from tests.witness.stage import Play, complaints, monthly, perform

SCENARIOS: Final = sorted((ROOT / "tests/witness/scenarios").glob("*.yml"))
# What was taken in each, in cents, oldest first: every payment has its receipt.
TAKEN: Final = {
    "amount-change": [199, 500],
    "cancel-keeps-access": [199],
    "declined-signup": [],
    "failed-renewal-grace": [199],
    "renewal-extends": [199, 199, 199],
}


@pytest.mark.once
def test_all_five_of_ours_pass(house: House, tmp_path: Path) -> None:
    entered = {scenario.stem: enter(house, scenario) for scenario in SCENARIOS}
    plays = [play_for(house, scenario, *entered[scenario.stem]) for scenario in SCENARIOS]
    verdicts = perform(plays, stripe=house.stripe.url, folder=tmp_path)
    assert all(each.good for each in verdicts), complaints(verdicts)
    assert sum(each.good for each in verdicts) == len(TAKEN) == 5
    assert sum(step.startswith("PASS check") for each in verdicts for step in each.passed) == 18
    assert house.stripe.ask("problems")["data"] == []
    house.stripe.flush()
    for stem, (membership, _) in entered.items():
        house.wait_for(lambda pk=membership.pk, stem=stem: taken(pk) == TAKEN[stem])  # type: ignore[misc]  # bound now
        # One receipt is for the gift that she gave before.
        assert letters(membership) == (bool(TAKEN[stem]), 1 + len(TAKEN[stem])), stem


def enter(house: House, scenario: Path) -> tuple[Membership, str]:
    """Let Alice choose €1.99 a month at our door and sign in; her waiting row and her cookies.

    She gave €2 before: a link to the account is sent to nobody who never gave anything.
    """
    email = f"alice+{scenario.stem}@example.org"
    house.pay(house.join(plan="once", amount="2", email=email))
    house.wait_for(lambda: house.letters(to=email))
    house.join(amount="1.99", email=email)
    visitor, _ = sign_in(house, email)
    cookies = "; ".join(f"{each.name}={each.value}" for each in visitor.cookies)
    return Membership.objects.latest("created_at"), cookies


def play_for(house: House, scenario: Path, membership: Membership, cookies: str) -> Play:
    """The scenario with her membership's reference, and how its checks reach her account."""
    desk = Desk(house.stripe.url, product=membership.plan.stripe_product_id)
    values = {
        "membership": str(membership.pk),
        "account": f"{sys.executable} -m tests.witness.account",
        "monthly_price": monthly(desk, 199),
        "upgrade_price": monthly(desk, 500),
    }
    environment = {
        "WITNESS_SITE": house.site,
        "WITNESS_STRIPE": house.stripe.url,
        "WITNESS_COOKIE": cookies,
    }
    return Play(scenario, values, environment)


def taken(membership_id: UUID) -> list[int]:
    paid = Payment.objects.filter(membership=membership_id, state=PaymentState.SUCCEEDED)
    return list(paid.order_by("paid_at").values_list("amount_cents", flat=True))


def letters(membership: Membership) -> tuple[int, int]:
    """How many welcomes and receipts she was written."""
    hers = Letter.objects.filter(supporter=membership.supporter)
    return hers.filter(kind="welcome").count(), hers.filter(kind="receipt").count()
