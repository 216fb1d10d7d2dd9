"""Documents on their way to who paid: receipts, what corrects them, and the year's statement."""

from typing import Any, Final
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from billing import documents, withdrawal
from billing.dates import dublin_date
from billing.documents import collection, listing, statement
from billing.documents import receipt as single
from billing.letters import links
from billing.letters.draft import Attachment, Draft, Gather, Outcome, Skip, composes
from billing.letters.kinds.facts import facts
from billing.letters.kinds.standing import standing
from billing.letters.links import Purpose
from billing.models import Letter, Membership, Receipt
from billing.models.receipt import Series
from billing.money import format_amount
from billing.wording import long_date

_PDF: Final = "application/pdf"
# What a supporter's `receipt_rhythm` is for who wants each receipt at once.
_EVERY: Final = "every"


@composes("receipt", states_identity=True)
def receipt(letter: Letter) -> Outcome:
    """One receipt; it waits for the next collected letter if its supporter wants that, but not
    where it was asked for again: the key then has a second part.

    The first of a membership and that of a gift never wait: somebody has just decided to pay.
    """
    receipt_id, _colon, again = letter.key.partition(":")
    row = Receipt.objects.select_related("payment__membership").get(pk=receipt_id)
    assert letter.supporter is not None  # noqa: S101 - the sender skips letters to nobody
    membership = row.payment.membership
    if membership is None:
        return _document(row, letter, {"once": True})
    first = _is_first(row)
    if not first and not again and letter.supporter.receipt_rhythm != _EVERY:
        return Gather()
    return _document(row, letter, _ways_out(membership, letter, first=first))


@composes("credit-note", states_identity=True)
def credit_note(letter: Letter) -> Outcome:
    row = _row(letter)
    return _document(row, letter, {"returned": row.returned_id is not None})


@composes("debit-note", states_identity=True)
def debit_note(letter: Letter) -> Outcome:
    """A refund did not arrive: the bank sent it back, and we say so rather than keep it.

    Or a debit that the bank had returned was paid by other means.
    """
    row = _row(letter)
    return _document(row, letter, {"returned": row.returned_id is not None})


@composes("receipts", states_identity=True)
def receipts(letter: Letter) -> Outcome:
    """The receipts whose letters were gathered into this one."""
    rows = _gathered(letter)
    if not rows:
        return Skip("there is no receipt to collect")
    holder = letter.supporter.email_hash if letter.supporter else ""
    return Draft(
        facts(*_sums(rows))
        | {
            "time": collection.time_of(rows),
            "lines": [_line(each, holder) for each in rows],
            "total": listing.total_words(rows),
            "in_return": _in_return(rows),
            "standing": standing(letter),
        },
        (_collected(rows, letter),),
    )


@composes("statement", states_identity=True)
def yearly(letter: Letter) -> Outcome:
    """All that was paid and given back in a year, with the receipts that waited for it.

    Who wants no statement gets it all the same where it brings receipts; it then says nothing of
    leaving, since that would not keep the next one away.
    """
    supporter_id, _colon, year = letter.key.partition(":")
    rows = statement.of_year(supporter_id=UUID(supporter_id), year=int(year))
    waited = _gathered(letter)
    assert letter.supporter is not None  # noqa: S101 - the sender skips letters to nobody
    if not rows and not waited:
        return Skip("nothing was paid in this year")
    if not letter.supporter.wants_statement and not waited:
        return Skip("they want no statement")
    holder = letter.supporter.email_hash
    leave_url = "" if waited else links.url(Purpose.STOP, letter.supporter.pk, holder=holder)
    return Draft(
        facts(*_sums(rows))
        | {
            "year": year,
            "lines": [_line(each, holder) for each in rows],
            "total": listing.total_words(rows),
            "in_return": _in_return(rows),
            "waited": len(waited),
            "standing": standing(letter),
            "leave_url": leave_url,
        },
        tuple(_statement_files(rows, waited, letter, year=int(year))),
        leave_url=leave_url,
    )


def _row(letter: Letter) -> Receipt:
    return Receipt.objects.select_related("payment", "refers_to").get(
        pk=letter.key.partition(":")[0]
    )


def _document(row: Receipt, letter: Letter, more: dict[str, Any]) -> Draft:
    pdf = documents.receipt_pdf(row, name=_name(letter))
    return Draft(
        facts(*single.facts(row))
        | {
            "amount": format_amount(row.amount_cents, row.currency),
            "day": long_date(row.paid_at),
            "statement": single.statement(row),
        }
        | more,
        (Attachment(row.file_name, pdf, _PDF),),
    )


def _name(letter: Letter) -> str:
    """The name that a document is drawn for: none where the whole letter goes without."""
    return "" if letter.supporter is None or letter.supporter.discreet else letter.supporter.name


def _is_first(row: Receipt) -> bool:
    """Whether nothing was paid before for this membership. By Stripe's dates, so that it does not
    matter in which order we heard of the payments."""
    own = Receipt.objects.filter(series=Series.RECEIPT, payment__membership=row.payment.membership)
    return not own.filter(paid_at__lt=row.paid_at).exists()


def _ways_out(membership: Membership, letter: Letter, *, first: bool) -> dict[str, Any]:
    """How to end what this payment was for, as it stands now (DOMAIN 2.4 and 2.6)."""
    if not membership.live:
        return {"over": True}
    if membership.ends_on is not None:
        return {"ends": long_date(membership.ends_on)}
    holder = letter.supporter.email_hash if letter.supporter else ""
    ways = {"end_url": links.url(Purpose.CANCEL, membership.pk, holder=holder)}
    last_day = withdrawal.deadline(dublin_date(membership.started_at or membership.created_at))
    if first and dublin_date(timezone.now()) <= last_day:
        ways["withdraw_url"] = links.url(Purpose.WITHDRAW, membership.pk, holder=holder)
        ways["withdraw_by"] = long_date(last_day)
    return ways


def _gathered(letter: Letter) -> list[Receipt]:
    """The receipts of this supporter whose letters wait in this one; oldest first."""
    keys = letter.gathered.filter(kind="receipt").values_list("key", flat=True)
    rows = Receipt.objects.filter(pk__in=list(keys), payment__supporter=letter.supporter_id)
    return listing.in_order(rows.select_related("payment", "refers_to"))


def _line(row: Receipt, holder: str) -> dict[str, str]:
    return {
        "day": long_date(row.paid_at),
        "label": row.label,
        "amount": format_amount(listing.signed_cents(row), row.currency),
        "url": links.url(Purpose.RECEIPT, row.pk, holder=holder),
    }


def _sums(rows: list[Receipt]) -> list[tuple[str, str]]:
    """What it comes to; where there are donations and memberships, each first for itself."""
    parts = list(listing.sections(rows))
    if len(parts) < 2:
        return [sum_ for part in parts for sum_ in part.sums]
    sums = [(f"{part.title}: {label}", text) for part in parts for label, text in part.sums]
    return [*sums, (_("In all"), listing.total_words(rows))]


def _in_return(rows: list[Receipt]) -> list[str]:
    return [text for part in listing.sections(rows) for text in part.in_return]


def _collected(rows: list[Receipt], letter: Letter) -> Attachment:
    pdf = documents.collected_pdf(rows, name=_name(letter))
    return Attachment(collection.file_name(rows), pdf, _PDF)


def _statement_files(
    rows: list[Receipt], waited: list[Receipt], letter: Letter, *, year: int
) -> list[Attachment]:
    files = []
    if rows:
        pdf = statement.render(rows, year=year, name=_name(letter))
        files.append(Attachment(statement.file_name(year), pdf, _PDF))
    if waited:
        files.append(_collected(waited, letter))
    return files
