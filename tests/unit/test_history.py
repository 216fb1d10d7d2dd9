"""The history: all that happened, in kind words, each line explained; papers by year."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from billing import receipts
from billing.cause import Cause
from billing.models import Dispute, Intent, Letter, Membership, MembershipEvent
from billing.models.stripe import IntentKind, IntentState
from members.models import Farewell
from tests import rows
from tests.supporter_desk import path_of, press_in, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]

PATH = "/account/history/"


def alices_year() -> Membership:
    """Paid, refused and paid later, changed, refunded, questioned, written to."""
    member = rows.membership(rows.alice())
    first = rows.payment(member)
    late = rows.payment(
        member, paid_at=datetime(2026, 4, 5, 9, tzinfo=UTC), first_failed_at=rows.NEXT_MONTH
    )
    note = rows.refund(first)
    Dispute.objects.create(
        payment=late,
        stripe_dispute_id="du_test",
        state="won",
        amount_cents=199,
        opened_at=datetime(2026, 5, 1, 9, tzinfo=UTC),
    )
    with transaction.atomic():
        for payment in (first, late):
            receipts.issue(payment, cause=Cause.reconcile(quiet=True))
        receipts.credit(note, cause=Cause.reconcile(quiet=True))
    event(member, "pending", "active")
    event(member, "active", "past_due", past_due_since=[None, rows.NEXT_MONTH.isoformat()])
    event(member, "past_due", "active")
    event(member, "active", "active", ends_on=[None, "2026-06-02T11:00:00+00:00"])
    event(member, "active", "active", ends_on=["2026-06-02T11:00:00+00:00", None])
    event(member, "active", "active", amount_cents=[199, 500])
    Letter.objects.create(
        kind="receipt", key="k", supporter=rows.alice(), state="sent", sent_at=rows.START
    )
    for number, (kind, state) in enumerate(
        [(IntentKind.PAUSE, IntentState.REFUSED), (IntentKind.CHANGE_AMOUNT, IntentState.DONE)]
    ):
        Intent.objects.create(
            kind=kind,
            press=f"{number}" * 32,
            subject=member.pk,
            state=state,
            params={"amount_cents": 500},
            created_at=rows.START,
        )
    Intent.objects.create(kind=IntentKind.END_NOW, press=f"forgiven:{member.pk}", subject=member.pk)
    return member


def event(member: Membership, old: str, new: str, **changes: Any) -> None:
    MembershipEvent.objects.create(
        membership=member,
        old_state=old,
        new_state=new,
        changes=changes,
        source="stripe",
        recorded_at=rows.START + timedelta(minutes=MembershipEvent.objects.count()),
    )


def test_it_tells_everything_in_plain_words_with_the_rule_behind_it() -> None:
    alices_year()
    text = text_of(signed_in(rows.alice()), PATH)
    told = (
        "You paid €1.99: Visa ending 4242.",
        "Your bank refused €1.99 at first. It went through on 5 April 2026.",
        "€1.99 was given back to you.",
        "Your bank looked into €1.99, and it stays paid.",
        "Your support began: €1.99 every month.",
        "A payment did not go through, and your support waits for it.",
        "The overdue payment arrived, and all is as it was.",
        "Your support ends on 2 June 2026.",
        "Your support goes on: the ending was taken back.",
        "You give from now on: €5.00 every month.",
        "We sent you a receipt.",
        "You asked for a pause.",
        "You asked for another amount: €5.00.",
    )
    assert [words for words in told if words not in text] == []
    assert "You asked to end it at once." not in text  # an errand of our own
    assert text.count("<details") == text.count("Explain this") >= len(told)
    assert text.index("it stays paid") < text.index("We sent you a receipt.")
    assert text.count('class="receipt"') == 3


@pytest.mark.parametrize(
    ("show", "there", "elsewhere"),
    [
        ("payments", "You paid", "We sent you"),
        ("changes", "Your support began", "You paid"),
        ("letters", "We sent you", "Your support began"),
        ("looks", "Nobody has looked.", "You paid"),
        ("anything", "You paid", "Nobody has looked."),
    ],
)
def test_it_shows_one_matter_alone(show: str, there: str, elsewhere: str) -> None:
    alices_year()
    text = text_of(signed_in(rows.alice()), f"{PATH}?show={show}")
    assert there in text
    assert elsewhere not in text


def test_it_shows_one_year_at_a_time_and_the_newest_first() -> None:
    member = rows.membership(rows.alice())
    rows.payment(member, paid_at=rows.START.replace(year=2024), amount_cents=300)
    # The last evening of the year in Dublin, which is still that year in UTC, too.
    rows.payment(member, paid_at=datetime(2025, 12, 31, 23, 30, tzinfo=UTC))
    client = signed_in(rows.alice())
    text = text_of(client, PATH)
    assert '<h2 id="year">2025</h2>' in text
    assert "€3.00" not in text
    assert "€3.00" in text_of(client, f"{PATH}?year=2024")
    assert '<h2 id="year">2025</h2>' in text_of(client, f"{PATH}?year=never")


def test_it_is_empty_for_a_stranger() -> None:
    alices_year()
    assert "Nothing yet." in text_of(signed_in(rows.charlie()), PATH)


def test_it_asks_the_database_no_more_for_many_lines() -> None:
    member = alices_year()
    client = signed_in(rows.alice())
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as asked:
            client.get(PATH)
        counts.append(len(asked))
        for number in range(5):
            rows.payment(member, amount_cents=100 + number)
    assert counts[0] == counts[1]


def test_a_year_can_be_had_as_a_statement_and_as_all_receipts_with_neutral_names() -> None:
    alices_year()
    client = signed_in(rows.alice())
    text = text_of(client, "/account/papers/")
    assert "Statement 2026" in text
    assert ">€1.99<" in text  # two payments, one of them given back
    names = []
    for paper in ("statement", "receipts"):
        answer = client.get(f"/account/papers/2026/{paper}/")
        assert answer.content.startswith(b"%PDF")
        assert "no-store" in answer.headers["Cache-Control"]
        names.append(answer.headers["Content-Disposition"])
    assert names == [
        'attachment; filename="statement-2026.pdf"',
        'attachment; filename="receipts-2026-03-to-2026-04.pdf"',
    ]


@pytest.mark.parametrize("year", ["2025", "0", "9999", "99999999"])
@pytest.mark.parametrize("paper", ["statement", "receipts"])
def test_a_year_without_papers_is_not_there(year: str, paper: str) -> None:
    alices_year()
    assert signed_in(rows.alice()).get(f"/account/papers/{year}/{paper}/").status_code == 404
    assert signed_in(rows.charlie()).get(f"/account/papers/2026/{paper}/").status_code == 404


def ending() -> Membership:
    return rows.membership(rows.alice(), ends_on=rows.NEXT_MONTH)


def test_a_reason_is_asked_when_all_is_done_and_kept_without_a_word_more() -> None:
    member = ending()
    client = signed_in(rows.alice())
    path = path_of(member, "cancelled")
    page = text_of(client, path)
    assert "Would you tell us why?" in page
    assert "textarea" not in page
    answers = {"press": press_in(page, path), "reason": "money", "note": "because of her"}
    for _ in range(2):
        assert client.post(path, answers).status_code == 302
    (row,) = Farewell.objects.values()
    assert set(row) == {"id", "membership_id", "reason", "press", "said_at"}
    assert row["reason"] == "money"
    assert "Thank you for telling us." in text_of(client, f"{path}?thanks")


def test_the_page_that_ends_it_asks_for_no_reason_and_offers_nothing_else() -> None:
    page = text_of(signed_in(rows.alice()), path_of(rows.membership(rows.alice()), "cancel"))
    for words in ("why", "pause", "once a year instead"):
        assert words not in page.split("<main")[1].split("</main>")[0].lower()


@pytest.mark.parametrize("answer", [{}, {"reason": "rude words"}])
def test_an_answer_that_is_none_is_said_in_words_and_kept_nowhere(answer: dict[str, str]) -> None:
    member = ending()
    client = signed_in(rows.alice())
    path = path_of(member, "cancelled")
    refused = client.post(path, {"press": press_in(text_of(client, path), path)} | answer)
    assert refused.status_code == 400
    assert 'id="reason-error"' in refused.content.decode()
    assert client.post(path, {"press": "bent", "reason": "money"}).status_code == 400
    assert not Farewell.objects.exists()


def test_a_membership_that_goes_on_has_nothing_to_say_goodbye_to() -> None:
    member = rows.membership(rows.alice())
    answer = signed_in(rows.alice()).get(path_of(member, "cancelled"))
    assert answer.headers["Location"] == "/account/"


def test_the_database_refuses_to_change_an_answer() -> None:
    Farewell.objects.create(membership=ending(), reason="money", press="p")
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Farewell.objects.update(reason="other")
