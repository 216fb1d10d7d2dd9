"""What the letters say, and what they keep to themselves."""

import re
from collections.abc import Callable
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone
from pytest_django import Settings

from billing import letters, receipts
from billing.cause import Cause
from billing.dates import dublin_date
from billing.letters.mail import indiscreet
from billing.models import Intent, Letter, Membership, Payment
from billing.models.letter import LetterState
from billing.models.plan import BenefitClass
from billing.models.stripe import IntentKind
from billing.states import EndReason, MembershipState, PaymentState, RefundState
from billing.tidings import Change, Price, moment_key
from members.models import Supporter
from tests import rows

# Of a payment that failed Stripe is asked, which here knows none of these.
pytestmark = [pytest.mark.django_db, pytest.mark.once, pytest.mark.usefixtures("sandbox")]

CLOCK = Cause.clock()


def _ask(kind: str, about: str, membership: Membership) -> Letter:
    letters.queue(kind=kind, key=about, supporter_id=membership.supporter_id, cause=CLOCK)
    return Letter.objects.get(kind=kind)


def _welcome() -> Letter:
    membership = rows.membership(slug="yearly")
    rows.payment(membership)
    return _ask("welcome", str(membership.pk), membership)


def _receipt() -> Letter:
    receipts.issue(rows.payment(rows.membership()), cause=CLOCK, now=rows.START)
    return Letter.objects.get()


def _credit_note() -> Letter:
    receipts.credit(rows.refund(rows.payment(rows.membership())), cause=CLOCK, now=rows.START)
    return Letter.objects.get(kind="credit-note")


def _payment_failed() -> Letter:
    membership = rows.membership(
        state=MembershipState.PAST_DUE, past_due_since=rows.NEXT_MONTH, period_end=rows.NEXT_MONTH
    )
    rows.payment(membership)
    failed = rows.payment(
        membership, state=PaymentState.PENDING, paid_at=None, first_failed_at=rows.NEXT_MONTH
    )
    return _ask("payment-failed", str(failed.pk), membership)


def _ended() -> Letter:
    membership = rows.membership(state=MembershipState.ENDED, ended_at=rows.NEXT_MONTH)
    return _ask("ended", str(membership.pk), membership)


def _step(step: str) -> Callable[[], Letter]:
    def ask() -> Letter:
        first = _payment_failed()
        since = timezone.now() - timedelta(days=3)
        Membership.objects.update(past_due_since=since)
        Letter.objects.filter(pk=first.pk).update(key=f"{first.key}:{step}")
        return Letter.objects.get(pk=first.pk)

    return ask


def _authenticate() -> Letter:
    letter = _payment_failed()
    Letter.objects.filter(pk=letter.pk).update(kind="authenticate")
    return Letter.objects.get(pk=letter.pk)


def _recovered() -> Letter:
    letter = _payment_failed()
    Letter.objects.update(state=LetterState.SENT, sent_at=rows.NEXT_MONTH)
    Membership.objects.update(state=MembershipState.ACTIVE, past_due_since=None)
    Payment.objects.filter(pk=letter.key).update(state=PaymentState.SUCCEEDED, paid_at=rows.START)
    return _ask("recovered", letter.key, Membership.objects.get())


def _changed() -> Letter:
    membership = rows.membership(amount_cents=500)
    rows.payment(membership, amount_cents=199)
    old, new = Price(199, "month"), Price(500, "month")
    change = Change(membership.pk, old, new, dublin_date(rows.NEXT_MONTH), "price_1")
    return _ask("changed", change.key, membership)


def _paused() -> Letter:
    until = timezone.now() + timedelta(days=40)
    membership = rows.membership(state=MembershipState.PAUSED, resumes_on=until)
    return _ask("paused", f"{membership.pk}:{moment_key(until)}:1", membership)


def _cancelled() -> Letter:
    membership = rows.membership(ends_on=rows.NEXT_MONTH)
    return _ask("cancelled", f"{membership.pk}:1:2026-04-02", membership)


def _withdrawal() -> Letter:
    membership = rows.membership()
    Intent.objects.create(
        kind=IntentKind.END_NOW,
        press="withdraw",
        subject=membership.pk,
        params={"reason": EndReason.WITHDRAWN},
    )
    return _ask("withdrawal", str(membership.pk), membership)


def _refund() -> Letter:
    refund = rows.refund(rows.payment(rows.membership()), state=RefundState.PENDING)
    letters.queue(
        kind="refund", key=refund.stripe_refund_id, supporter_id=rows.alice().pk, cause=CLOCK
    )
    return Letter.objects.get(kind="refund")


def _duplicate() -> Letter:
    rows.membership(created_at=rows.START.replace(day=1))
    second = rows.membership(amount_cents=500, started_at=timezone.now())
    return _ask("duplicate", str(second.pk), second)


# The reminder, for which Stripe is asked, has its words tested in test_reminders.
EVERY_KIND = pytest.mark.parametrize(
    "ask",
    [
        _welcome,
        _duplicate,
        _receipt,
        _credit_note,
        _refund,
        _payment_failed,
        _step("3"),
        _step("7"),
        _step("last"),
        _authenticate,
        _recovered,
        _changed,
        _paused,
        _cancelled,
        _withdrawal,
        _ended,
    ],
)


def _sent(letter: Letter) -> EmailMultiAlternatives:
    assert letters.deliver(letter.pk) == LetterState.SENT
    message = mail.outbox[-1]
    assert isinstance(message, EmailMultiAlternatives)
    return message


def _html(message: EmailMultiAlternatives) -> str:
    return str(message.alternatives[0][0])


class Loads(HTMLParser):
    """Collects what a mail program would fetch to show the letter."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"img", "link", "script", "iframe", "object", "embed", "video", "audio", "base"}:
            self.found.append(tag)
        self.found += [f"{tag} {key}" for key, _ in attrs if key in {"src", "background", "srcset"}]


@EVERY_KIND
def test_it_is_discreet_wherever_others_may_look(ask: Callable[[], Letter]) -> None:
    message = _sent(ask())
    (preheader,) = re.findall(r'id="preheader"[^>]*>([^<]+)<', _html(message))
    names = [str(attachment[0]) for attachment in message.attachments]
    for text in (message.subject, preheader, message.from_email, *names):
        assert not indiscreet(text)


@pytest.mark.parametrize("text", ["Gay", "LGBTQ+", "a pride flag", "Transgender", "QUEER news"])
def test_it_knows_an_indiscreet_word_in_any_dress(text: str) -> None:
    assert indiscreet(text)


def test_it_holds_back_a_letter_that_would_tell(settings: Settings) -> None:
    letter = _welcome()
    settings.INDISCREET_WORDS = ["set up"]
    letters.deliver(letter.pk)
    letter.refresh_from_db()
    assert (letter.state, letter.reason) == (LetterState.QUEUED, "Indiscreet")
    assert not mail.outbox


@EVERY_KIND
def test_it_says_who_writes_as_the_law_wants(ask: Callable[[], Letter]) -> None:
    message = _sent(ask())
    for body in (str(message.body), _html(message)):
        assert "National LGBT Federation CLG" in body
        assert "Registered Charity Number 20034580" in body
        assert "hello@gcn.example" in body
        assert "http://testserver/account/" in body


@EVERY_KIND
@pytest.mark.parametrize(
    "name",
    ["مینا\u200cسادات", "Alice \U0001f469\u200d\U0001f680"],  # noqa: RUF001 - Persian, not l
)
def test_it_greets_by_a_name_whose_letters_are_joined(ask: Callable[[], Letter], name: str) -> None:
    letter = ask()
    assert letter.supporter
    letter.supporter.name = name
    letter.supporter.save()
    message = _sent(letter)
    assert f"Dear {name}," in str(message.body)
    assert f"Dear {name}," in _html(message)
    assert message.message().as_bytes()


@EVERY_KIND
def test_it_fetches_nothing_from_anywhere(ask: Callable[[], Letter]) -> None:
    html = _html(_sent(ask()))
    assert Loads(html).found == []
    assert "url(" not in html
    assert "@import" not in html
    links = set(re.findall(r'href="([^"]+)"', html))
    others = links - {"http://testserver/account/", "mailto:hello@gcn.example"}
    # A link for one purpose, signed: no way to the web of others.
    assert all(each.startswith("http://testserver/letters/") for each in others)


@EVERY_KIND
def test_it_greets_by_the_chosen_name_and_shows_it_as_text(ask: Callable[[], Letter]) -> None:
    letter = ask()
    alice = rows.alice()
    alice.name = "Seán <b>O'Brien</b>"
    alice.save()
    message = _sent(letter)
    assert "Dear Seán <b>O'Brien</b>," in str(message.body)
    assert "Dear Seán &lt;b&gt;O'Brien&lt;/b&gt;," in _html(message).replace("&#x27;", "'")


@EVERY_KIND
def test_it_greets_who_gave_no_name(ask: Callable[[], Letter]) -> None:
    letter = ask()
    alice = rows.alice()
    alice.name = ""
    alice.save()
    assert str(_sent(letter).body).startswith("Hello,\n\n")


@EVERY_KIND
def test_it_writes_in_irish_to_who_wants_it(ask: Callable[[], Letter]) -> None:
    letter = ask()
    Supporter.objects.update(language="ga")
    message = _sent(letter)
    assert str(message.body).startswith("Alice, a chara,\n\n")
    assert "Uimhir Charthanais Chláraithe 20034580" in str(message.body)
    assert '<html lang="ga"' in _html(message)


def test_it_writes_all_in_english_where_one_sentence_has_no_words_in_irish(
    settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "letters" / "welcome"
    folder.mkdir(parents=True)
    (folder / "subject.txt").write_text('{% load i18n %}{% translate "Our own sentence" %}')
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": [str(tmp_path)]}]
    letter = _welcome()
    Supporter.objects.update(language="ga")
    message = _sent(letter)
    assert message.subject == "Our own sentence"
    assert str(message.body).startswith("Dear Alice,\n\nThank you.")
    assert "Registered Charity Number 20034580" in str(message.body)
    assert '<html lang="en-IE"' in _html(message)


@EVERY_KIND
def test_it_leaves_no_hole_and_no_long_line_in_the_text(ask: Callable[[], Letter]) -> None:
    text = str(_sent(ask()).body)
    assert "\n\n\n" not in text
    assert "None" not in text
    lines = text.splitlines()
    # A link is never broken; it stands on a line of its own.
    assert max(len(line) for line in lines if "://" not in line) <= 76
    assert all(" " not in line for line in lines if len(line) > 76)


def test_it_confirms_the_contract_in_full() -> None:
    message = _sent(_welcome())
    assert message.subject == "Your support is set up"
    text = " ".join(str(message.body).split())
    page = " ".join(re.sub(r"<[^>]+>", " ", _html(message)).split())
    for words in (
        "€23.88 every year",
        "Began on: 2 March 2026",
        "Next payment: 2 March 2027",
        "Paid with: Visa ending 4242",
        "renews by itself every year",
        "About 3 weeks before each renewal",
        "within 14 days without giving a reason",
        "at the end of 16 March 2026",
        "I hereby give notice that I withdraw from my contract",
        "To National LGBT Federation CLG, hello@gcn.example",
    ):
        assert words in text
        assert words.replace(": ", " ") in page


def test_it_points_to_the_letter_about_a_second_membership() -> None:
    rows.membership(created_at=rows.START.replace(day=1))
    assert "You now support us more than once." in " ".join(str(_sent(_welcome()).body).split())


@pytest.mark.parametrize(
    "other",
    [
        {"state": MembershipState.ENDED, "ended_at": rows.NEXT_MONTH},
        {"state": MembershipState.PAST_DUE, "past_due_since": rows.START},
    ],
)
def test_it_is_no_second_one_beside_what_has_ended_or_is_replaced(other: dict[str, Any]) -> None:
    rows.membership(rows.charlie(), created_at=rows.START.replace(day=1))
    rows.membership(created_at=rows.START.replace(day=1), **other)
    assert "more than once" not in str(_sent(_welcome()).body)


def test_it_does_not_speak_of_a_second_membership_where_there_is_none() -> None:
    assert "more than once" not in str(_sent(_welcome()).body)


def test_it_says_what_is_given_in_return() -> None:
    plan = rows.plan("yearly")
    plan.benefit_class, plan.benefits = BenefitClass.MATERIAL, "The magazine by post"
    plan.save()
    text = str(_sent(_welcome()).body)
    assert "In return: The magazine by post" in text
    assert "donation" not in text


@pytest.mark.parametrize(
    ("state", "more", "outcome"),
    [
        (MembershipState.PENDING, {}, LetterState.QUEUED),
        (MembershipState.EXPIRED, {}, LetterState.SKIPPED),
        (MembershipState.ENDED, {"ended_at": rows.NEXT_MONTH}, LetterState.SKIPPED),
    ],
)
def test_it_confirms_only_what_began(
    state: MembershipState, more: dict[str, Any], outcome: LetterState
) -> None:
    membership = rows.membership(state=state, **more)
    assert letters.deliver(_ask("welcome", str(membership.pk), membership).pk) == outcome
    assert not mail.outbox


def test_it_sends_the_receipt_with_its_document() -> None:
    message = _sent(_receipt())
    ((name, content, mime_type),) = message.attachments
    assert (name, mime_type) == ("receipt-2026-000001.pdf", "application/pdf")
    assert isinstance(content, bytes)
    assert content.startswith(b"%PDF")
    text = str(message.body)
    assert "Paid: €1.99" in text
    assert "R-2026-000001" in text
    assert "You can end your support" in " ".join(text.split())


def test_it_says_of_a_gift_that_it_was_once() -> None:
    receipts.issue(rows.payment(), cause=CLOCK)
    text = " ".join(str(_sent(Letter.objects.get()).body).split())
    assert "This was a single payment: nothing more will be taken." in text


def test_it_says_until_when_a_failed_payment_can_be_healed() -> None:
    message = _sent(_payment_failed())
    assert message.subject == "Your payment did not go through"
    assert "If it has not worked by 16 April 2026" in str(message.body)


def test_it_keeps_quiet_about_a_failed_payment_that_was_healed() -> None:
    letter = _payment_failed()
    membership = Membership.objects.get()
    rows.payment(membership, paid_at=rows.NEXT_MONTH.replace(day=3))
    assert letters.deliver(letter.pk) == LetterState.SKIPPED
    assert not mail.outbox


def test_it_keeps_quiet_about_a_failed_payment_of_what_has_ended() -> None:
    letter = _payment_failed()
    Membership.objects.update(state=MembershipState.ENDED, ended_at=rows.NEXT_MONTH)
    assert letters.deliver(letter.pk) == LetterState.SKIPPED


def test_it_does_not_say_good_bye_to_what_goes_on() -> None:
    membership = rows.membership()
    assert letters.deliver(_ask("ended", str(membership.pk), membership).pk) == LetterState.SKIPPED
