"""Letters with documents: the acts that call for them, and what one reads in them."""

from datetime import UTC, datetime

from django.core import mail
from django.core.mail import EmailMultiAlternatives

from billing import letters, receipts
from billing.cause import Cause
from billing.letters import links
from billing.letters.links import Purpose
from billing.models import Letter, Membership, Payment, Receipt
from billing.models.letter import LetterState
from billing.models.plan import BenefitClass
from billing.states import RefundState
from members.models import Supporter
from tests import rows

CLOCK = Cause.clock()


def alice_who(**wishes: object) -> Supporter:
    """Alice, with what she wishes of her letters."""
    alice = rows.alice()
    for name, value in wishes.items():
        setattr(alice, name, value)
    alice.save()
    return alice


def pay(membership: Membership | None, paid_at: datetime = rows.START) -> Letter:
    """A payment with its receipt, and the letter that waits to bring it."""
    payment = rows.payment(membership, paid_at=paid_at)
    receipt = receipts.issue(payment, cause=CLOCK, now=paid_at)
    return Letter.objects.get(kind="receipt", key=str(receipt.pk))


def pay_in(membership: Membership, *months: int) -> list[Letter]:
    return [pay(membership, datetime(2026, month, 2, 12, tzinfo=UTC)) for month in months]


def collect(kind: str, key: str, of: Supporter, *waiting: Letter) -> Letter:
    """The collected letter as the planner writes it, and the letters that go with it."""
    letters.queue(kind=kind, key=key, supporter_id=of.pk, cause=CLOCK)
    letter = Letter.objects.get(kind=kind)
    Letter.objects.filter(pk__in=[each.pk for each in waiting]).update(gathered_into=letter)
    return letter


def sent(letter: Letter) -> EmailMultiAlternatives:
    assert letters.deliver(letter.pk) == LetterState.SENT
    message = mail.outbox[-1]
    assert isinstance(message, EmailMultiAlternatives)
    return message


def words_of(message: EmailMultiAlternatives) -> str:
    return " ".join(str(message.body).split())


def files_of(message: EmailMultiAlternatives) -> dict[str, bytes]:
    return {str(name): bytes(content) for name, content, _type in message.attachments}


def reason_of(letter: Letter) -> str:
    letter.refresh_from_db()
    return letter.reason


def leads_to(purpose: Purpose, subject: Membership | Receipt | Supporter, text: str) -> bool:
    """Whether a text holds a link that opens for just this."""
    start = f"http://testserver/letters/{purpose}/{subject.pk}/"
    found = [word for word in text.split() if word.startswith(start)]
    token = found[0].removeprefix(start).rstrip("/") if found else ""
    return links.opens(purpose, subject.pk, token, holder=rows.alice().email_hash)


def statement_of(alice: Supporter, *waiting: Letter, year: int = 2026) -> Letter:
    return collect("statement", f"{alice.pk}:{year}", alice, *waiting)


def every_document(alice: Supporter) -> list[Letter]:
    """A letter of each kind that carries a document."""
    plan = rows.plan("yearly")
    plan.benefit_class, plan.benefits = BenefitClass.MATERIAL, "The magazine by post"
    plan.save()
    waiting = pay_in(rows.membership(alice), 3, 4)
    pay_in(rows.membership(alice, slug="yearly"), 5)
    refund = rows.refund(Payment.objects.latest("paid_at"))
    receipts.credit(refund, cause=CLOCK, now=rows.NEXT_MONTH)
    refund.state = RefundState.FAILED
    receipts.take_back(refund, cause=CLOCK, now=rows.NEXT_MONTH)
    collect("receipts", f"{alice.pk}:2026-Q2", alice, waiting[1])
    statement_of(alice)
    letters_of = {each.kind: each for each in Letter.objects.all()}
    kinds = ["receipt", "credit-note", "debit-note", "receipts", "statement"]
    return [letters_of[kind] for kind in kinds]
