"""The weekly digest of staff: sums, no persons, once a week."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
import time_machine
from django.core import mail

from billing import letters
from billing.letters import links
from billing.letters.links import Purpose
from billing.models import Letter
from billing.models.letter import LetterState
from members import digests, vault
from members.models import StaffMember
from members.models.supporter import supporter_for
from tests import rows

pytestmark = pytest.mark.django_db

# Eight in Dublin on a Monday of summer time.
MONDAY = datetime(2026, 4, 6, 7, 0, tzinfo=UTC)


@pytest.fixture
def reader() -> StaffMember:
    return StaffMember.objects.create_user("staff@newsroom.example", name="Fionn")


def sent_text() -> str:
    letter = Letter.objects.get(state=LetterState.QUEUED)
    with time_machine.travel(MONDAY + timedelta(minutes=1), tick=True):
        assert letters.deliver(letter.pk) == LetterState.SENT
    return " ".join(str(mail.outbox[-1].body).split())


def members(count: int, *, cents: int = 199) -> None:
    for number in range(count):
        who = supporter_for(email=f"member{number}-{cents}@example.org")
        member = rows.membership(who, amount_cents=cents, started_at=MONDAY - timedelta(days=2))
        rows.payment(member, paid_at=MONDAY - timedelta(days=2))


@pytest.mark.case("E22")
def test_each_reader_has_one_a_week_at_eight_on_monday(reader: StaffMember) -> None:
    StaffMember.objects.create_user("gone@newsroom.example", is_active=False)
    StaffMember.objects.create_user("quiet@newsroom.example", wants_digest=False)
    assert digests.plan(now=MONDAY - timedelta(hours=26)) == 1
    for hours in range(-25, 7 * 24 - 26, 3):
        assert digests.plan(now=MONDAY + timedelta(hours=hours)) == 0
    letter = Letter.objects.get()
    assert (letter.key, letter.due_at) == (f"2026-W14:{reader.pk}", MONDAY)
    assert digests.plan(now=MONDAY + timedelta(days=6)) == 1


@pytest.mark.parametrize(
    ("days", "state"), [(2, LetterState.QUEUED), (3, LetterState.SKIPPED), (5, LetterState.SKIPPED)]
)
def test_one_that_was_missed_is_made_good_until_thursday(
    reader: StaffMember, days: int, state: LetterState
) -> None:
    assert digests.plan(now=MONDAY + timedelta(days=days)) == 1
    assert Letter.objects.get().state == state


def test_it_tells_the_sums_of_the_week_and_how_to_be_rid_of_it(reader: StaffMember) -> None:
    members(6)
    rows.payment(
        paid_at=MONDAY - timedelta(hours=7, minutes=30)
    )  # after the week, in Dublin's reckoning
    digests.plan(now=MONDAY)
    text = sent_text()
    for words in (
        "Dear Fionn,",
        "from 30 March 2026 to 5 April 2026",
        "New: 6",
        "Payments: 6",
        "Came in: €11.94",
        "Members now: 6",
        "Letters given up: 0",
        "http://testserver/staff/reports/",
    ):
        assert words in text
    message = mail.outbox[-1]
    assert message.to == [reader.email]
    leave = str(message.extra_headers["List-Unsubscribe"]).strip("<>")
    assert leave in str(message.body)
    purpose, subject, token = leave.rstrip("/").split("/")[-3:]
    holder = vault.lookup_hash(reader.email)
    assert (purpose, subject) == ("stop", str(reader.pk))
    with time_machine.travel(MONDAY + timedelta(days=3)):
        assert links.opens(Purpose.STOP, reader.pk, token, holder=holder)
        assert not links.opens(Purpose.STOP, reader.pk, token, holder=vault.lookup_hash("x@y"))


def test_what_points_at_a_few_persons_is_not_told(reader: StaffMember) -> None:
    members(4, cents=777)
    rows.payment(paid_at=MONDAY - timedelta(days=1), amount_cents=123_400)
    digests.plan(now=MONDAY)
    text = sent_text()
    assert "New: under 5" in text
    assert "Gifts: under 5" in text
    assert "Ended: 0" in text
    for amount in ("7.77", "31.08", "1,234"):
        # Five payments: their sum is told, none of them is.
        assert amount not in text.replace("€1,265.08", "")
    assert isinstance(mail.outbox[-1].message(), EmailMessage) or mail.outbox[-1].message()
    assert "example.org" not in mail.outbox[-1].message().as_string()


def test_who_left_or_wants_none_is_not_written_to(reader: StaffMember) -> None:
    digests.plan(now=MONDAY)
    StaffMember.objects.update(wants_digest=False)
    assert letters.deliver(Letter.objects.get().pk, now=MONDAY) == LetterState.SKIPPED
    assert not mail.outbox
