"""What several letters state of a membership, offer to do, and ask before they are sent.

All words are in the language that is active.
"""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from billing.letters import links
from billing.letters.links import Purpose
from billing.models import Dispute, Letter, Membership
from billing.models.letter import LetterState
from billing.states import DisputeState, PaymentState
from billing.wording import means, price

Action = tuple[str, str]


def facts(*rows: tuple[str, str]) -> dict[str, Any]:
    """The table of a letter: labels and texts; a row without a text is left out."""
    return {"facts": [(label, text) for label, text in rows if text]}


def actions(*chosen: Action) -> dict[str, Any]:
    """The links of a letter, in order; the first is drawn as a button. The account comes last.

    The way to end it stands behind the others. By itself it is no button, but the account is: who
    only reads that all is well must not end it by a careless tap.
    """
    return {"actions": list(chosen)}


def action(label: str, purpose: Purpose, letter: Letter, subject: UUID) -> Action:
    """A link that does one thing to one row, for who gets this letter."""
    holder = letter.supporter.email_hash if letter.supporter else ""
    return label, links.url(purpose, subject, holder=holder)


def ending(letter: Letter, membership: Membership) -> Action:
    """The way to end it, which no letter about a running membership is without."""
    return action(_("End your support"), Purpose.CANCEL, letter, membership.pk)


def price_of(membership: Membership) -> str:
    return price(membership.amount_cents, membership.currency, membership.interval)


def paid_with(membership: Membership) -> str:
    """What the last payment was made with, as its receipt says it, or ""."""
    paid = membership.payments.filter(state=PaymentState.SUCCEEDED).order_by("-paid_at").first()
    return means(paid.method_label) if paid else ""


def silence(membership: Membership) -> str:
    """Why nothing is written about a running membership now, or "".

    While a bank holds what its payer has disputed, we leave them in peace.
    """
    if not membership.live:
        return f"the membership is {membership.state}"
    held = Dispute.objects.filter(payment__membership=membership, state=DisputeState.OPEN)
    return "a payment is disputed" if held.exists() else ""


def beside(letter: Letter) -> Any:
    """The other letters of this kind about the same membership, whose id their keys begin with."""
    subject = letter.key.partition(":")[0]
    same = Letter.objects.filter(kind=letter.kind, key__startswith=f"{subject}:")
    return same.exclude(pk=letter.pk)


def overtaken(letter: Letter) -> bool:
    """Whether a later letter of this kind tells of the same membership anew."""
    return bool(beside(letter).filter(created_at__gt=letter.created_at).exists())


def told(kind: str, key: str) -> LetterState | None:
    """How far a letter has come: None where it was never asked for."""
    state = Letter.objects.filter(kind=kind, key=key).values_list("state", flat=True).first()
    return LetterState(state) if state else None
