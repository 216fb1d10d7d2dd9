"""Roll call: does Stripe still know all that we hold?

The ids of a hundred thousand members and their payments would fill the memory, and would be lost
with a worker that dies. A count and a sum of marks stand for the list instead: they fit into a row,
go on after a crash, and two lists with the same count and sum are the same list.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

from django.db.models import Model, Q, QuerySet

from billing.models import Membership, Payment
from billing.models.membership import LIVE
from billing.states import PaymentState

_CHUNK: Final = 2000
_WRAP: Final = 2**64
Sum = tuple[int, int]
NOBODY: Final[Sum] = (0, 0)


@dataclass(frozen=True, slots=True)
class Roll:
    """Rows of ours that stand for an object at Stripe, and which of them must still be there."""

    kind: str
    model: type[Model]
    column: str
    counts: Q

    def held(self, before: datetime) -> QuerySet[Any]:
        """The rows that had been made before a moment: who joins while we read is in no sum."""
        known = Q(**{f"{self.column}__isnull": False}, created_at__lt=before)
        return self.model._default_manager.filter(known)

    def called(self, before: datetime) -> Sum:
        """The sum of all that we hold."""
        ids = self.held(before).values_list(self.column, flat=True)
        return _sum(ids.iterator(chunk_size=_CHUNK))

    def answered(self, stripe_ids: list[str], before: datetime) -> Sum:
        """The sum of those on a page of Stripe's that we hold."""
        rows = self.held(before).filter(**{f"{self.column}__in": stripe_ids})
        return _sum(rows.values_list(self.column, flat=True))

    def missing(self, pages: Callable[[], Iterator[list[Any]]], before: datetime) -> list[str]:
        """The ids that we hold for live or paid and that are on none of Stripe's pages.

        Taken before Stripe is asked, so nobody who joins meanwhile is missed.
        """
        rows = self.held(before).filter(self.counts).values_list(self.column, flat=True)
        unheard = set(rows.iterator(chunk_size=_CHUNK))
        for page in pages():
            unheard.difference_update(each.id for each in page)
        return sorted(unheard)


ROLLS: Final = {
    "subscriptions": Roll("subscription", Membership, "stripe_subscription_id", Q(state__in=LIVE)),
    "payments": Roll(
        "payment", Payment, "stripe_payment_intent_id", Q(state=PaymentState.SUCCEEDED)
    ),
}


def added(one: Sum, other: Sum) -> Sum:
    return one[0] + other[0], (one[1] + other[1]) % _WRAP


def _sum(ids: Iterable[str]) -> Sum:
    count, marks = NOBODY
    for each in ids:
        count += 1
        marks += int.from_bytes(blake2b(each.encode(), digest_size=8).digest())
    return count, marks % _WRAP
