"""Lists of documents: their order, their sections, their lines, their sums."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from billing.documents.words import cited, in_return, method, period, purpose
from billing.models import Receipt
from billing.models.plan import BenefitClass
from billing.models.receipt import Series
from billing.money import format_amount
from billing.wording import long_date

Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Section:
    """Donations, or memberships: what was given for something in return."""

    donations: bool
    documents: Sequence[Receipt]

    @property
    def title(self) -> str:
        return _("Donations") if self.donations else _("Memberships")

    @property
    def sums(self) -> Pairs:
        """What was paid, what was given back, and what is left of it."""
        total = (_("Total"), total_words(self.documents))
        back = [each for each in self.documents if each.series != Series.RECEIPT]
        if not back:
            return [total]
        paid = [each for each in self.documents if each.series == Series.RECEIPT]
        return [(_("Paid"), total_words(paid)), (_("Given back"), total_words(back)), total]

    @property
    def in_return(self) -> list[str]:
        """What was given in return, each sentence once."""
        if self.donations:
            return [_("These are donations. No goods or services were provided in return.")]
        return list(dict.fromkeys(in_return(_origin(each)) for each in self.documents))


def sections(documents: Sequence[Receipt]) -> Iterator[Section]:
    """Donations and memberships apart, each where there is any."""
    for donations in (True, False):
        of_kind = [each for each in documents if _is_donation(each) == donations]
        if of_kind:
            yield Section(donations, of_kind)


def in_order(documents: Iterable[Receipt]) -> list[Receipt]:
    """By the moment of payment; what happened at the same one, by number."""
    return sorted(documents, key=lambda each: (each.paid_at, each.series, each.year, each.number))


def total_cents(documents: Iterable[Receipt]) -> dict[str, int]:
    """What documents come to, by currency."""
    totals: dict[str, int] = {}
    for each in documents:
        totals[each.currency] = totals.get(each.currency, 0) + signed_cents(each)
    return totals


def total_words(documents: Iterable[Receipt]) -> str:
    """What documents come to: "€23.88", or "€23.88, £5.00"."""
    totals = total_cents(documents)
    return ", ".join(format_amount(totals[each], each) for each in sorted(totals))


def signed_cents(document: Receipt) -> int:
    """What it adds to what was given: a credit note takes from it."""
    given = document.series != Series.CREDIT_NOTE
    return document.amount_cents if given else -document.amount_cents


def section_data(section: Section, *, titled: bool, detailed: bool) -> dict[str, Any]:
    """A section as listing.typ wants it."""
    return {
        "title": section.title if titled else "",
        "lines": [_line(each, detailed=detailed) for each in section.documents],
        "sums": section.sums,
        "in_return": section.in_return,
    }


def _line(document: Receipt, *, detailed: bool) -> dict[str, str]:
    """One document: cells, and what stands small beneath them."""
    details = (method(document), period(document)) if detailed else ()
    return {
        "day": long_date(document.paid_at),
        "label": document.label,
        "what": purpose(_origin(document)),
        "amount": format_amount(signed_cents(document), document.currency),
        "note": cited(document.refers_to) or " · ".join(each for each in details if each),
    }


def _is_donation(document: Receipt) -> bool:
    return _origin(document).benefit_class == BenefitClass.NONE


def _origin(document: Receipt) -> Receipt:
    """The receipt that it corrects: what a plan gives in return may have changed since."""
    while document.refers_to is not None:
        document = document.refers_to
    return document
