"""The statement of a year: it agrees with the ledger to the cent, and says so to its supporter."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.utils import translation
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from billing import documents, ledger, receipts
from billing.cause import Cause
from billing.documents import statement
from billing.documents.listing import sections, total_cents
from billing.models import Dispute, LedgerLine, Payment, Refund
from billing.models.ledger import LineKind
from billing.models.plan import BenefitClass
from billing.snapshots import BookedSnapshot
from billing.states import DisputeState, RefundState
from members.models import Supporter
from tests import rows, statements
from tests.reading import language_of, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]

CLOCK = Cause.clock()
YEARS = (2025, 2026, 2027)
# Around every edge that a year, a quarter or a clock change has, and some plain days.
EDGES = st.sampled_from(
    [
        datetime(2025, 12, 31, 23, 30, tzinfo=UTC),
        datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2026, 1, 1, 0, 0, tzinfo=UTC),
        datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC),
        datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
        datetime(2026, 6, 30, 23, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
        datetime(2026, 12, 31, 23, 30, tzinfo=UTC),
        datetime(2027, 1, 1, 0, 0, tzinfo=UTC),
    ]
)
MOMENTS = EDGES | st.integers(0, 450 * 24 * 60).map(
    lambda minutes: datetime(2025, 11, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
FATES = ["kept", "refunded", "refund on its way", "refund came back", "refund failed at once"]
FATES += ["dispute open", "dispute lost", "dispute won", "dispute won on appeal"]


@dataclass(frozen=True)
class Story:
    """One payment and what became of it."""

    paid_at: datetime
    cents: int
    back: int
    fate: str
    after: timedelta
    donation: bool


STORIES = st.lists(
    st.builds(
        Story,
        paid_at=MOMENTS,
        cents=st.integers(100, 100_000),
        back=st.integers(1, 100),
        fate=st.sampled_from(FATES),
        after=st.sampled_from([timedelta(0), timedelta(minutes=30), timedelta(days=40)]),
        donation=st.booleans(),
    ),
    max_size=8,
)


def _booked(kind: str, source: str, cents: int, moment: datetime, payment: Payment) -> None:
    movement = BookedSnapshot(
        id=f"txn_{kind}_{source}",
        category=kind,
        amount_cents=cents,
        fee_cents=0,
        net_cents=cents,
        currency="eur",
        source_id=source,
        booked_at=moment,
        available_on=moment,
    )
    ledger.post([movement], payment=payment)


def _live(supporter: Supporter, story: Story) -> None:
    """Write down a payment and its fate as the product does when Stripe tells of them."""
    plan = rows.plan("monthly" if story.donation else "yearly")
    payment = rows.payment(
        supporter=supporter, plan=plan, amount_cents=story.cents, paid_at=story.paid_at
    )
    _booked("charge", payment.stripe_charge_id, story.cents, story.paid_at, payment)
    receipts.issue(payment, cause=CLOCK, now=story.paid_at)
    if story.fate.startswith("refund"):
        _send_back(payment, story)
    elif story.fate.startswith("dispute"):
        _question(payment, story)


def _send_back(payment: Payment, story: Story) -> None:
    cents, moment = min(story.back, story.cents), story.paid_at + story.after
    refund: Refund = rows.refund(
        payment, amount_cents=cents, refunded_at=moment, state=RefundState.PENDING
    )
    _booked("refund", refund.stripe_refund_id, -cents, moment, payment)
    if story.fate in {"refunded", "refund came back"}:
        refund.state = RefundState.SUCCEEDED
        receipts.credit(refund, cause=CLOCK, now=moment)
    if story.fate in {"refund came back", "refund failed at once"}:
        refund.state = RefundState.FAILED
        back_at = moment + story.after
        _booked("refund_failure", refund.stripe_refund_id, cents, back_at, payment)
        # We hear of it long after: what counts is when it happened.
        receipts.take_back(refund, cause=CLOCK, now=back_at + timedelta(days=50))


def _question(payment: Payment, story: Story) -> None:
    moment = story.paid_at + story.after
    dispute = Dispute.objects.create(
        payment=payment,
        stripe_dispute_id=f"dp_{payment.pk.hex}",
        state=DisputeState(story.fate.removeprefix("dispute ").removesuffix(" on appeal")),
        amount_cents=story.cents,
        opened_at=moment,
    )
    _booked("dispute", dispute.stripe_dispute_id, -story.cents, moment, payment)
    if dispute.state == DisputeState.LOST or story.fate.endswith("appeal"):
        dispute.state, final = DisputeState.LOST, dispute.state
        receipts.credit_dispute(dispute, cause=CLOCK, now=moment + timedelta(days=60))
        dispute.state = final
    if dispute.state == DisputeState.WON:
        won = moment + timedelta(days=70)
        LedgerLine.objects.create(
            id=f"txn_won_{payment.pk.hex}",
            kind=LineKind.DISPUTE,
            payment=payment,
            amount_cents=story.cents,
            fee_cents=0,
            net_cents=story.cents,
            currency="eur",
            source_id=dispute.stripe_dispute_id,
            booked_at=won,
            available_on=won,
        )
        receipts.take_back_dispute(dispute, now=won + timedelta(days=50))


@given(STORIES)
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    derandomize=True,
)
def test_it_comes_to_what_the_ledger_has_for_each_year(stories: list[Story]) -> None:
    before = transaction.savepoint()
    try:
        _sell_something()
        _live(rows.charlie(), Story(rows.START, 500, 1, "kept", timedelta(0), donation=True))
        for story in stories:
            _live(rows.alice(), story)
        for year in YEARS:
            stated = statements.net(rows.alice().pk, year)
            assert stated == statements.of_ledger(rows.alice().pk, year)
            assert stated == _of_sections(year), "each document is in one section"
    finally:
        transaction.savepoint_rollback(before)


def _sell_something() -> None:
    plan = rows.plan("yearly")
    plan.benefit_class, plan.benefits = BenefitClass.MATERIAL, "The magazine by post"
    plan.save()


def _of_sections(year: int) -> int:
    found = statement.of_year(supporter_id=rows.alice().pk, year=year)
    return sum(total_cents(each.documents).get("eur", 0) for each in sections(found))


def _a_year_of_everything() -> None:
    _sell_something()
    _live(rows.alice(), Story(datetime(2026, 1, 5, 12, tzinfo=UTC), 199, 1, *_KEPT))
    late = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)
    _live(rows.alice(), Story(late, 1234, 34, "refunded", timedelta(days=3), donation=True))
    _live(rows.alice(), Story(rows.START, 2388, 1, "kept", timedelta(0), donation=False))
    _live(rows.alice(), Story(datetime(2027, 1, 1, tzinfo=UTC), 777, 1, *_KEPT))


_KEPT = ("kept", timedelta(0), True)


def test_it_tells_donations_and_memberships_apart_and_what_was_given_back() -> None:
    _a_year_of_everything()
    text = text_of(documents.statement_pdf(supporter_id=rows.alice().pk, year=2026))
    for words in (
        "Your support in 2026 €37.87 given in 2026, less what was given back",
        "Received from Alice",
        "Donations Day Document For Amount",
        "5 January 2026 R-2026-000001 Donation: Monthly support €1.99",
        "1 July 2026 R-2026-000002 Donation: Monthly support €12.34",
        "4 July 2026 C-2026-000001 Donation: Monthly support "
        "Receipt R-2026-000002 of 1 July 2026, €12.34 -€0.34",
        "Paid €14.33 Given back -€0.34 Total €13.99",
        "These are donations. No goods or services were provided in return.",
        "2 March 2026 R-2026-000003 Membership: Yearly support €23.88 Total €23.88",
        "Membership including: The magazine by post. "
        "Not eligible for the Charitable Donation Scheme.",
        "It counts what was issued until 4 July 2026, by the day of payment.",
        "Registered Charity Number 20034580",
    ):
        assert words in text
    assert "€7.77" not in text, "the next year's"
    assert "deductible" not in text


def test_it_keeps_what_a_plan_gave_when_it_was_paid() -> None:
    payment = rows.payment(rows.membership())
    receipts.issue(payment, cause=CLOCK, now=rows.START)
    plan = rows.plan()
    plan.benefit_class, plan.benefits = BenefitClass.MATERIAL, "The magazine by post"
    plan.save()
    payment.refresh_from_db()
    receipts.credit(rows.refund(payment), cause=CLOCK, now=rows.START)
    (only,) = sections(statement.of_year(supporter_id=rows.alice().pk, year=2026))
    assert only.donations


def test_it_is_drawn_in_the_language_of_its_supporter() -> None:
    _a_year_of_everything()
    alice = rows.alice()
    alice.language = "ga"
    alice.save()
    pdf = documents.statement_pdf(supporter_id=alice.pk, year=2026)
    assert language_of(pdf) == "ga-IE"
    assert "5 Eanáir 2026" in text_of(pdf)
    assert translation.get_language() != "ga"


def test_it_is_none_where_nothing_was_paid() -> None:
    _a_year_of_everything()
    with pytest.raises(documents.NothingInYear):
        documents.statement_pdf(supporter_id=rows.alice().pk, year=2025)
    with pytest.raises(documents.NothingInYear):
        documents.statement_pdf(supporter_id=rows.bob().pk, year=2026)


def test_it_goes_on_for_as_many_pages_as_it_takes() -> None:
    monthly = rows.membership()
    for day in range(1, 29):
        paid_at = datetime(2026, 2, day, 12, tzinfo=UTC)
        payment = rows.payment(monthly, paid_at=paid_at)
        receipts.issue(payment, cause=CLOCK, now=paid_at)
    pdf = documents.statement_pdf(supporter_id=rows.alice().pk, year=2026)
    text = text_of(pdf, pages=2)
    assert text.count("Day Document For Amount") == 2, "its columns are named on each page"
    assert "Page 1 of 2" in text
    assert "Page 2 of 2" in text
    assert f"Total €{28 * 1.99:.2f}" in text
