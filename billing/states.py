"""The states of a membership and how a snapshot decides them. Pure: no database, no network."""

from typing import Final

from django.db.models import TextChoices

from billing.snapshots import SubscriptionSnapshot


class MembershipState(TextChoices):
    PENDING = "pending", "Waiting for the first payment"
    ACTIVE = "active", "Active"
    PAST_DUE = "past_due", "Payment overdue"
    PAUSED = "paused", "Paused"
    ENDED = "ended", "Ended"
    EXPIRED = "expired", "Never started"


class PaymentState(TextChoices):
    PENDING = "pending", "Waiting for the bank"
    SUCCEEDED = "succeeded", "Paid"
    FAILED = "failed", "Failed"
    EXPIRED = "expired", "Not completed"


class RefundState(TextChoices):
    PENDING = "pending", "On its way"
    SUCCEEDED = "succeeded", "Refunded"
    FAILED = "failed", "Failed"
    CANCELED = "canceled", "Cancelled"


class EndReason(TextChoices):
    """Why a membership ended. What we ended ourselves is told apart by a comment at Stripe."""

    REQUESTED = "requested", "Cancelled by request"
    PAYMENT_FAILED = "payment_failed", "Payments failed"
    DISPUTED = "disputed", "Payment disputed"
    WITHDRAWN = "withdrawn", "Withdrawn within 14 days"
    DUPLICATE = "duplicate", "Second membership taken back"
    REPLACED = "replaced", "Replaced by a new membership"
    FRAUD = "fraud", "Card reported as stolen"
    OTHER = "other", "Other"


# What was paid for a membership that ended so is given back in full, whenever it was paid.
GIVEN_BACK: Final = frozenset({EndReason.WITHDRAWN, EndReason.DUPLICATE})


class DisputeState(TextChoices):
    INQUIRY = "inquiry", "Bank asks"
    OPEN = "open", "Disputed"
    WON = "won", "Won"
    LOST = "lost", "Lost"
    CLOSED = "closed", "Closed without a dispute"


# Where the bank has taken the money, or keeps it.
HOLDS: Final = (DisputeState.OPEN, DisputeState.LOST)


class Recovery(TextChoices):
    """With what a payment came in that had failed at first."""

    RETRY = "retry", "The same means, tried again"
    NEW_MEANS = "new_means", "Another card or account"


class Refusal(TextChoices):
    """Why a payment failed, as far as its payer is to be told.

    That a card was reported as lost or stolen is not: the person who reads may not be the one who
    reported it (https://docs.stripe.com/declines/codes).
    """

    FUNDS = "funds", "Not enough money in the account"
    EXPIRED = "expired", "The card has run out"
    MANDATE = "mandate", "The direct debit was not authorised"
    ACCOUNT = "account", "The details do not lead to an account"
    LIMIT = "limit", "More than the bank allows at once"
    BUSY = "busy", "The bank did not answer"
    OTHER = "other", "The bank gave no reason"


class UnknownStatus(ValueError):
    """Stripe used a status this release does not know; a person has to look."""


_S = MembershipState
EDGES: Final[dict[MembershipState, frozenset[MembershipState]]] = {
    _S.PENDING: frozenset({_S.ACTIVE, _S.EXPIRED}),
    _S.ACTIVE: frozenset({_S.PAST_DUE, _S.PAUSED, _S.ENDED}),
    _S.PAST_DUE: frozenset({_S.ACTIVE, _S.PAUSED, _S.ENDED}),
    _S.PAUSED: frozenset({_S.ACTIVE, _S.PAST_DUE, _S.ENDED}),
    _S.ENDED: frozenset(),
    _S.EXPIRED: frozenset(),
}

_STATUS: Final = {
    "incomplete": _S.PENDING,
    "incomplete_expired": _S.EXPIRED,
    "trialing": _S.ACTIVE,
    "active": _S.ACTIVE,
    "past_due": _S.PAST_DUE,
    "unpaid": _S.PAST_DUE,
    "paused": _S.PAUSED,
    "canceled": _S.ENDED,
}

_PAUSED_UNPAID: Final = {"final_payment_failure", "first_payment_failure"}

_DISPUTE_STATUS: Final = {
    "warning_needs_response": DisputeState.INQUIRY,
    "warning_under_review": DisputeState.INQUIRY,
    "warning_closed": DisputeState.CLOSED,
    "prevented": DisputeState.CLOSED,
    "needs_response": DisputeState.OPEN,
    "under_review": DisputeState.OPEN,
    "won": DisputeState.WON,
    "lost": DisputeState.LOST,
    # The bank keeps the money while we appeal.
    "appeal_needs_response": DisputeState.LOST,
    "appeal_under_review": DisputeState.LOST,
}

_PAYMENT_STATUS: Final = {
    "succeeded": PaymentState.SUCCEEDED,
    "canceled": PaymentState.EXPIRED,
    "processing": PaymentState.PENDING,
    "requires_action": PaymentState.PENDING,
    "requires_capture": PaymentState.PENDING,
    "requires_confirmation": PaymentState.PENDING,
    "requires_payment_method": PaymentState.PENDING,
}


def state_of(snapshot: SubscriptionSnapshot) -> MembershipState:
    """The membership state that this snapshot means. Raises UnknownStatus.

    Stripe leaves the status `active` while collection is paused
    (https://docs.stripe.com/billing/subscriptions/pause-payment). What Stripe paused because the
    payments failed is overdue, and our grace runs.
    """
    state = _STATUS.get(snapshot.status)
    if state is None:
        raise UnknownStatus(f"subscription status {snapshot.status!r}")
    if state is _S.PAUSED and snapshot.pause_type in _PAUSED_UNPAID:
        return _S.PAST_DUE
    if state is _S.ACTIVE and snapshot.collection_paused:
        return _S.PAUSED
    return state


def payment_state_of(status: str) -> PaymentState:
    """The state that a payment intent's status means. Raises UnknownStatus."""
    try:
        return _PAYMENT_STATUS[status]
    except KeyError:
        raise UnknownStatus(f"payment status {status!r}") from None


_REFUSALS: Final = {
    "insufficient_funds": Refusal.FUNDS,
    "expired_card": Refusal.EXPIRED,
    "debit_not_authorized": Refusal.MANDATE,
    "debit_authorization_not_match": Refusal.MANDATE,
    "payment_intent_mandate_invalid": Refusal.MANDATE,
    "revocation_of_authorization": Refusal.MANDATE,
    "revocation_of_all_authorizations": Refusal.MANDATE,
    "stop_payment_order": Refusal.MANDATE,
    "account_closed": Refusal.ACCOUNT,
    "bank_account_restricted": Refusal.ACCOUNT,
    "incorrect_account_holder_name": Refusal.ACCOUNT,
    "incorrect_number": Refusal.ACCOUNT,
    "invalid_account": Refusal.ACCOUNT,
    "invalid_account_number": Refusal.ACCOUNT,
    "invalid_number": Refusal.ACCOUNT,
    "no_account": Refusal.ACCOUNT,
    "card_velocity_exceeded": Refusal.LIMIT,
    "charge_exceeds_source_limit": Refusal.LIMIT,
    "charge_exceeds_transaction_limit": Refusal.LIMIT,
    "withdrawal_count_limit_exceeded": Refusal.LIMIT,
    "issuer_not_available": Refusal.BUSY,
    "processing_error": Refusal.BUSY,
    "reenter_transaction": Refusal.BUSY,
    "try_again_later": Refusal.BUSY,
}


def refusal_of(failure: str) -> Refusal:
    """What to tell a payer of Stripe's word for why a payment failed."""
    return _REFUSALS.get(failure, Refusal.OTHER)


def refund_state_of(status: str) -> RefundState:
    """The state that a refund's status means; `requires_action` is still on its way."""
    if status == "requires_action":
        return RefundState.PENDING
    try:
        return RefundState(status)
    except ValueError:
        raise UnknownStatus(f"refund status {status!r}") from None


def dispute_state_of(status: str) -> DisputeState:
    """The state that a dispute's status means. Raises UnknownStatus."""
    try:
        return _DISPUTE_STATUS[status]
    except KeyError:
        raise UnknownStatus(f"dispute status {status!r}") from None


def end_reason_of(cancel_reason: str) -> EndReason:
    """Why it ended, from Stripe's cancellation_details.reason."""
    return {
        "cancellation_requested": EndReason.REQUESTED,
        "payment_failed": EndReason.PAYMENT_FAILED,
        "payment_disputed": EndReason.DISPUTED,
    }.get(cancel_reason, EndReason.OTHER)


def reachable(old: MembershipState, new: MembershipState) -> bool:
    """Whether a path leads from one state to the other.

    Events may come late or not at all, so a snapshot can lie several steps ahead of our row.
    """
    seen, edge = {old}, set(EDGES[old])
    while edge - seen:
        seen |= edge
        edge = {after for state in edge for after in EDGES[state]}
    return new in seen
