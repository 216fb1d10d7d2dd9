"""The list of samples, and the made-up person, day and link that they share."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from billing.letters import links
from billing.letters.draft import Draft
from billing.letters.links import Purpose
from billing.models import Membership, Plan
from billing.models.plan import Interval
from billing.wording import means

Sample = Callable[[], Draft]
SAMPLES: Final[dict[str, dict[str, Sample]]] = {}

BEGAN: Final = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NEXT: Final = datetime(2026, 4, 2, 11, 0, tzinfo=UTC)
NEXT_YEAR: Final = datetime(2027, 3, 2, 12, 0, tzinfo=UTC)
REFERENCE: Final = "0195563c-0000-7000-8000-000000000000"


def shows(kind: str, case: str = "usual") -> Callable[[Sample], Sample]:
    """Register a sample of this kind, for one of the cases that its words tell apart."""

    def register(sample: Sample) -> Sample:
        SAMPLES.setdefault(kind, {})[case] = sample
        return sample

    return register


def membership(interval: Interval = Interval.MONTH) -> Membership:
    """A membership that is in no database."""
    yearly = interval == Interval.YEAR
    cents = 2388 if yearly else 199
    plan = Plan(
        slug="sample", name="Yearly support" if yearly else "Monthly support", interval=interval
    )
    return Membership(
        id=REFERENCE,
        plan=plan,
        amount_cents=cents,
        currency="eur",
        interval=interval,
        started_at=BEGAN,
        period_start=BEGAN,
        period_end=NEXT_YEAR if yearly else NEXT,
    )


def card() -> str:
    return means("Visa ending 4242")


def debit() -> str:
    return means("SEPA direct debit ending 3000")


def link(purpose: Purpose) -> str:
    """An address of the right look: it is bound to nobody's hash, so it opens nothing."""
    return links.url(purpose, UUID(REFERENCE), holder="")


def action(label: str, purpose: Purpose) -> tuple[str, str]:
    return label, link(purpose)


def ending() -> tuple[str, str]:
    return action(_("End your support"), Purpose.CANCEL)
