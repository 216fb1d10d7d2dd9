"""The words of the documents, in the language that is active."""

from dataclasses import dataclass, replace
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from billing import charity
from billing.charity import Charity
from billing.models import Receipt
from billing.models.plan import BenefitClass
from billing.models.receipt import Series
from billing.money import format_amount
from billing.wording import long_date, means, named

ACCOUNT_PATH: Final = "/account/"
WITHDRAW_PATH: Final = "/withdraw/"

Facts = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Words:
    """What a document of one series calls things. `summary` and `cited` have places to fill."""

    title: str
    number: str
    amount: str
    day: str
    summary: str
    method: str
    payer: str
    cited: str


def words_of(series: str) -> Words:
    """The words of a series."""
    return {Series.RECEIPT: _receipt, Series.CREDIT_NOTE: _credit, Series.DEBIT_NOTE: _debit}[
        Series(series)
    ]()


def words_for(receipt: Receipt) -> Words:
    """The words of one document: what it is about may be a refund, a dispute or a return."""
    credit = receipt.series == Series.CREDIT_NOTE
    if receipt.series == Series.DEBIT_NOTE and receipt.dispute_id is not None:
        return _won_back()
    if receipt.returned_id is not None:
        return _returned() if credit else _paid_again()
    if credit and receipt.dispute_id is not None:
        return _disputed()
    return words_of(receipt.series)


def _receipt() -> Words:
    return Words(
        title=_("Receipt"),
        number=_("Receipt number"),
        amount=_("Paid"),
        day=_("Date of payment"),
        summary=_("paid on %(day)s"),
        method=_("Paid with"),
        payer=_("Received from"),
        cited=_("Receipt %(number)s of %(day)s, %(amount)s"),
    )


def _credit() -> Words:
    return Words(
        title=_("Credit note"),
        number=_("Credit note number"),
        amount=_("Refunded"),
        day=_("Date of refund"),
        summary=_("refunded on %(day)s"),
        method=_("Refunded to"),
        payer=_("Payer"),
        cited=_("Credit note %(number)s of %(day)s, %(amount)s"),
    )


def _debit() -> Words:
    return Words(
        title=_("Debit note"),
        number=_("Debit note number"),
        amount=_("Not refunded"),
        day=_("Date"),
        summary=_("could not be refunded, %(day)s"),
        method=_("Could not be sent to"),
        payer=_("Payer"),
        cited=_("Debit note %(number)s of %(day)s, %(amount)s"),
    )


def _won_back() -> Words:
    return replace(
        _debit(),
        amount=_("Returned to us"),
        summary=_("returned to us on %(day)s"),
        method=_("Paid with"),
    )


def _returned() -> Words:
    return replace(
        _credit(),
        amount=_("Taken back by the bank"),
        day=_("Date"),
        summary=_("taken back by the bank on %(day)s"),
        method=_("Had been paid with"),
    )


def _paid_again() -> Words:
    return replace(
        _debit(),
        amount=_("Paid after all"),
        summary=_("paid after all on %(day)s"),
        method=_("Had first been paid with"),
    )


def _disputed() -> Words:
    return replace(_returned(), summary=_("given back by the bank on %(day)s"))


def in_return(receipt: Receipt) -> str:
    """What was given in return (DOMAIN 1.4). Never "tax deductible": in Ireland it is not."""
    if receipt.benefit_class == BenefitClass.NONE:
        return _("This is a donation. No goods or services were provided in return.")
    benefits = receipt.benefits.rstrip(".")
    token = receipt.benefit_class == BenefitClass.TOKEN
    if token and benefits:
        text = _("Membership with a token benefit including: %(benefits)s.")
    elif token:
        text = _("Membership with a token benefit.")
    else:
        text = _("Membership including: %(benefits)s.") if benefits else _("Membership.")
    relief = _("Not eligible for the Charitable Donation Scheme.")
    return f"{text % {'benefits': benefits}} {relief}"


def purpose(receipt: Receipt) -> str:
    """What it was paid for: "Donation: Monthly support"."""
    name = named(receipt.plan_name)
    if receipt.benefit_class == BenefitClass.NONE:
        return _("Donation: %(plan)s") % {"plan": name}
    return _("Membership: %(plan)s") % {"plan": name}


def method(receipt: Receipt) -> str:
    """What it was paid with, as the row keeps it: "Visa ending 4242"."""
    return means(receipt.method)


def period(receipt: Receipt) -> str:
    if receipt.period_start is None or receipt.period_end is None:
        return ""
    return between(long_date(receipt.period_start), long_date(receipt.period_end))


def between(first: str, last: str) -> str:
    return _("%(first)s to %(last)s") % {"first": first, "last": last}


def cited(receipt: Receipt | None) -> str:
    """How another document refers to this one."""
    if receipt is None:
        return ""
    return words_of(receipt.series).cited % {
        "number": receipt.label,
        "day": long_date(receipt.issued_at),
        "amount": format_amount(receipt.amount_cents, receipt.currency),
    }


def account_line() -> str:
    """Where all documents are: as it is now, since an old address may be gone."""
    return _("Your receipts: %(address)s") % {"address": settings.SITE_URL + ACCOUNT_PATH}


def ending_line() -> str:
    address = settings.SITE_URL + ACCOUNT_PATH
    return _("End your support at any time: %(address)s") % {"address": address}


def contact_lines(issuer: Charity) -> list[str]:
    """Whom to ask: as it is now, else as it was."""
    contact = charity.current().support_email or issuer.support_email
    return [_("Questions: %(address)s") % {"address": contact}] if contact else []
