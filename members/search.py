"""Finding one supporter by what they can tell us. Nobody is listed: no term, no answer.

One box takes an address, words of a name, the number of a receipt, or any id of ours or Stripe's,
and recognises what it was given. What was typed is kept as a keyed hash alone.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils import timezone

from billing.dates import DUBLIN
from billing.models import (
    CompMembership,
    Dispute,
    Letter,
    Membership,
    Payment,
    Receipt,
    Refund,
    StripeCustomer,
    StripeEvent,
)
from billing.models.receipt import Series
from billing.states import PaymentState
from members import access, vault
from members.models import NameToken, Search, StaffMember, Supporter
from members.models.access import Action, Field, Purpose
from members.models.desk import Sought
from members.models.name import hashes, index

log = structlog.get_logger(__name__)
MOST: Final = 10
# Banks book a payment some days after it was made, and write that day.
BOOKED_WITHIN: Final = timedelta(days=3)
KEPT: Final = access.KEPT
_AT_ONCE: Final = 500
_RECEIPT: Final = re.compile(r"([RCD])[-\s]?(\d{4})[-\s]?0*(\d{1,9})", re.IGNORECASE)
_STRIPE: Final = re.compile(r"([a-z]{2,4})_[A-Za-z0-9_]{3,250}")


def index_names() -> int:
    """Index the names that visitors typed since the last look; how many, 500 at most.

    The join page leaves this to a worker: there it would tell who is new from who is not.
    """
    waiting = Supporter.objects.filter(name_indexed=False).order_by("id").values_list("pk")
    ids = [pk for (pk,) in waiting[:_AT_ONCE]]
    for pk in ids:
        with transaction.atomic():
            # Read under the lock: whoever is erased in this moment is not indexed after it.
            if each := Supporter.objects.select_for_update().filter(pk=pk).first():
                _index(each)
    return len(ids)


def _index(supporter: Supporter) -> None:
    try:
        index(supporter.pk, supporter.name)
    except vault.VaultError:
        # `vault_rehash` takes it in once a key opens it; the others are not to wait for that.
        log.error("name not indexed", supporter=str(supporter.pk))
    Supporter.objects.filter(pk=supporter.pk).update(name_indexed=True)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: at most MOST supporters, and whether there were more than are shown."""

    sought: Sought
    supporters: tuple[Supporter, ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class CardPayment:
    """A payment as its payer sees it on a bank statement. Cents."""

    last4: str
    amount_cents: int
    day: date


def find(*, term: str, staff: StaffMember, purpose: Purpose, by_name: bool) -> Found:
    """Look for a supporter by one term, and write down the search and everybody it showed.

    `by_name` is whether this member of staff may look for names, and is shown them.
    """
    sought = recognise(term)
    if sought is Sought.NAME and not by_name:
        sought = Sought.NOTHING
    whom = _WAYS[sought](term.strip())
    return _settle(sought, whom, term, staff=staff, purpose=purpose, by_name=by_name)


def find_payment(
    *, payment: CardPayment, staff: StaffMember, purpose: Purpose, by_name: bool
) -> Found:
    """Look for who made this payment, and write down the search and everybody it showed."""
    first = payment.day - BOOKED_WITHIN
    rows = Payment.objects.filter(
        state=PaymentState.SUCCEEDED,
        last4=payment.last4,
        amount_cents=payment.amount_cents,
        paid_at__gte=datetime.combine(first, time(), DUBLIN),
        paid_at__lt=datetime.combine(payment.day + timedelta(days=1), time(), DUBLIN),
    )
    term = f"{payment.last4} {payment.amount_cents} {payment.day}"
    whom = Supporter.objects.filter(pk__in=rows.values("supporter"))
    return _settle(Sought.PAYMENT, whom, term, staff=staff, purpose=purpose, by_name=by_name)


def recognise(term: str) -> Sought:
    """What this is, by its shape alone."""
    term = term.strip()
    if "@" in term:
        return Sought.EMAIL
    if _RECEIPT.fullmatch(term):
        return Sought.RECEIPT
    if _uuid(term) is not None:
        return Sought.OURS
    prefix = _STRIPE.fullmatch(term)
    if prefix and prefix[1] in _STRIPE_ROWS:
        return Sought.STRIPE
    return Sought.NAME if hashes(term) else Sought.NOTHING


def over(now: datetime) -> QuerySet[Search]:
    """The searches that are kept no longer, at `now`."""
    return Search.objects.filter(at__lt=now - KEPT)


def _settle(
    sought: Sought,
    whom: QuerySet[Supporter],
    term: str,
    *,
    staff: StaffMember,
    purpose: Purpose,
    by_name: bool,
) -> Found:
    seen = list(whom.order_by("pk")[: MOST + 1])
    # More than can be chosen from: none is shown, so none was seen.
    shown = [] if len(seen) > MOST else seen
    fields = [Field.NAME, Field.EMAIL] if by_name else [Field.MEMBERSHIP]
    with transaction.atomic():
        Search.objects.create(
            staff=staff,
            sought=sought,
            term_hash=vault.term_hash(term),
            purpose=purpose,
            hits=len(seen),
            at=timezone.now(),
        )
        access.note_many(
            staff=staff,
            supporter_ids=[each.pk for each in shown],
            action=Action.FOUND,
            fields=fields,
            purpose=purpose,
        )
    return Found(sought, tuple(shown), more=len(seen) > MOST)


def _by_email(term: str) -> QuerySet[Supporter]:
    return Supporter.objects.with_email(term).named()


def _by_name(term: str) -> QuerySet[Supporter]:
    """Those in whose name every one of these words stands."""
    found = Supporter.objects.named()
    for each in hashes(term):
        found = found.filter(pk__in=NameToken.objects.filter(token_hash=each).values("supporter"))
    return found


def _by_receipt(term: str) -> QuerySet[Supporter]:
    match = _RECEIPT.fullmatch(term)
    assert match is not None  # noqa: S101 - that is how it was recognised
    series, year, number = match.groups()
    rows = Receipt.objects.filter(series=Series(series.upper()), year=int(year), number=int(number))
    return Supporter.objects.filter(pk__in=rows.values("payment__supporter"))


def _by_our_id(term: str) -> QuerySet[Supporter]:
    """Whose row bears this id, in any table that a page or a letter quotes an id of."""
    pk = UUID(term)
    tables: tuple[type[Model], ...] = (Membership, Payment, CompMembership, Letter)
    # One question after the other: asked as one, all supporters would be looked through.
    whose = {pk, *Receipt.objects.filter(pk=pk).values_list("payment__supporter", flat=True)}
    for table in tables:
        rows = table._default_manager.filter(pk=pk, supporter__isnull=False)
        whose.update(rows.values_list("supporter", flat=True))
    return Supporter.objects.filter(pk__in=whose)


def _by_stripe_id(term: str) -> QuerySet[Supporter]:
    prefix = term.partition("_")[0]
    if prefix == "evt":
        event = StripeEvent.objects.filter(pk=term).first()
        about = event.object_id if event else ""
        known = about.partition("_")[0] in set(_STRIPE_ROWS) - {"evt"}
        return _by_stripe_id(about) if known else Supporter.objects.none()
    return _STRIPE_ROWS[prefix](term)


_Way = Callable[[str], QuerySet[Supporter]]


def _by(table: type[Model], column: str, owner: str = "supporter") -> _Way:
    """Who owns the row that bears this id; `owner` leads from the row to them."""

    def found(term: str) -> QuerySet[Supporter]:
        rows = table._default_manager.filter(**{column: term})
        return Supporter.objects.filter(pk__in=rows.values(owner))

    return found


_STRIPE_ROWS: Final[dict[str, _Way]] = {
    "cus": _by(StripeCustomer, "stripe_customer_id"),
    "sub": _by(Membership, "stripe_subscription_id"),
    "pi": _by(Payment, "stripe_payment_intent_id"),
    "ch": _by(Payment, "stripe_charge_id"),
    "py": _by(Payment, "stripe_charge_id"),
    "in": _by(Payment, "stripe_invoice_id"),
    "re": _by(Refund, "stripe_refund_id", "payment__supporter"),
    "pyr": _by(Refund, "stripe_refund_id", "payment__supporter"),
    "dp": _by(Dispute, "stripe_dispute_id", "payment__supporter"),
    "du": _by(Dispute, "stripe_dispute_id", "payment__supporter"),
    "evt": _by_stripe_id,
}
_WAYS: Final[dict[Sought, _Way]] = {
    Sought.EMAIL: _by_email,
    Sought.NAME: _by_name,
    Sought.RECEIPT: _by_receipt,
    Sought.OURS: _by_our_id,
    Sought.STRIPE: _by_stripe_id,
    Sought.NOTHING: lambda _term: Supporter.objects.none(),
}


def _uuid(term: str) -> UUID | None:
    try:
        return UUID(term)
    except ValueError:
        return None
