"""Plain words for staff: what an event says, why it waits, and what to do about it."""

from dataclasses import dataclass
from typing import Final

from billing.models.stripe import EventState

SAYS: Final[dict[str, str]] = {
    "checkout.session.completed": "A checkout was completed",
    "checkout.session.async_payment_succeeded": "A checkout's direct debit was paid",
    "checkout.session.async_payment_failed": "A checkout's direct debit failed",
    "checkout.session.expired": "A checkout ran out",
    "customer.subscription.created": "A subscription began",
    "customer.subscription.updated": "A subscription changed",
    "customer.subscription.deleted": "A subscription ended",
    "customer.subscription.paused": "A subscription was paused",
    "customer.subscription.resumed": "A subscription was resumed",
    "customer.updated": "A customer changed",
    "customer.deleted": "A customer was deleted",
    "payment_method.automatically_updated": "A bank sent a new card number or date",
    "payment_method.updated": "A means of payment changed",
    "payment_method.detached": "A means of payment was taken away",
    "setup_intent.succeeded": "A means of payment was made ready for later",
    "mandate.updated": "A direct debit mandate changed",
    "invoice.paid": "An invoice was paid",
    "invoice.payment_failed": "An invoice could not be collected",
    "invoice.payment_action_required": "A bank asks the payer to confirm",
    "invoice.finalization_failed": "Stripe could not make an invoice",
    "invoice.voided": "An invoice was cancelled",
    "invoice.marked_uncollectible": "An invoice was given up",
    "payment_intent.succeeded": "A payment arrived",
    "payment_intent.payment_failed": "A payment failed",
    "payment_intent.processing": "A payment is with the bank",
    "charge.updated": "A charge changed, such as its fee",
    "charge.failed": "A charge failed, or a debit came back",
    "charge.refunded": "A charge was refunded",
    "refund.created": "A refund began",
    "refund.updated": "A refund changed",
    "refund.failed": "A refund failed",
    "charge.dispute.created": "A payment was disputed",
    "charge.dispute.updated": "A dispute changed",
    "charge.dispute.closed": "A dispute was decided",
    "charge.dispute.funds_withdrawn": "The bank took disputed money",
    "charge.dispute.funds_reinstated": "The bank gave disputed money back",
    "radar.early_fraud_warning.created": "A bank warns of a stolen card",
    "payout.paid": "Money went to the bank account",
    "payout.failed": "A payout came back",
    "payout.reconciliation_completed": "A payout was broken down",
}
REFUSED: Final[dict[str, str]] = {
    "unknown type": "of a type that we do not handle",
    "other mode": "of the other mode: test where we are live, or live where we test",
    "other account": "about another account that is connected to ours",
    "no object": "about nothing that has an id",
}
TONES: Final[dict[str, str]] = {
    EventState.DONE: "good",
    EventState.WAITING: "warn",
    EventState.CLAIMED: "warn",
    EventState.PARKED: "bad",
}


@dataclass(frozen=True, slots=True)
class Advice:
    """Why it failed, and what a member of staff can do."""

    why: str
    do: str


_ADVICE: Final[dict[str, Advice]] = {
    "Unclaimed": Advice(
        "It bears a number of ours that leads to no membership and no gift here.",
        "Was an older backup put back, or a row deleted? Put the row back, then retry. If the "
        "money was never meant for us, refund it in Stripe's dashboard.",
    ),
    "Impossible": Advice(
        "It would turn a membership into something that it cannot become any more, such as an "
        "ended one into an active one.",
        "Compare the membership under Tables with the subscription in Stripe's dashboard. One of "
        "the two is not what its owner wanted: end or refund it there, then retry.",
    ),
    "UnknownStatus": Advice(
        "Stripe uses a word here that this version of the service does not know.",
        "Ask those who look after the service for an update, then retry.",
    ),
    "NeedsPerson: invoice": Advice(
        "Stripe could not make an invoice, so nobody is charged until somebody mends it.",
        "Open the invoice in Stripe's dashboard. It says what is missing, often an address or a "
        "tax setting. Mend it and finalise the invoice there, then retry.",
    ),
    "NeedsPerson: subscription": Advice(
        "A card or account was taken away from a customer whose membership renews, so the next "
        "payment will fail.",
        "Ask the supporter to choose another in their account. There is nothing to retry; the "
        "nightly check names the membership until it has one.",
    ),
    "NeedsPerson: refund": Advice(
        "A refund that a supporter was promised, or told of by letter, came back from their bank.",
        "Ask them for another way, or refund the payment once more in Stripe's dashboard. Once the "
        "money has gone, retry.",
    ),
    "WorkerDied": Advice(
        "Each worker that took it up ended before it was done.",
        "Ask those who look after the service whether the workers have enough memory, then retry.",
    ),
    "Unavailable": Advice(
        "Stripe did not answer.",
        "Nothing. It is tried again by itself until Stripe is back.",
    ),
    "Refused": Advice(
        "Stripe refused to show us the object.",
        "Ask those who look after the service whether our key may read it, then retry.",
    ),
    "NotFound": Advice(
        "Stripe has no such object any more, or has it on another account.",
        "Nothing, as a rule. Retry if you know that it is there.",
    ),
    "NoLegalName": Advice(
        "A receipt was due, and the charity's legal name is not set.",
        "Have CHARITY_LEGAL_NAME set, then retry.",
    ),
    "IntegrityError": Advice(
        "The database refused what would have been written, so nothing was written.",
        "Retry once. If it comes back, send its id to those who look after the service.",
    ),
}
_UNKNOWN: Final = Advice(
    "The service met an error of its own. Nothing was written.",
    "Retry once. If it comes back, send its id to those who look after the service.",
)


def advice(error: str) -> Advice | None:
    """What to say about an event's or an outlook's error; None where there is none."""
    return _ADVICE.get(reason(error), _UNKNOWN) if error else None


def reason(error: str) -> str:
    """The kind of an error: its class, and where a person is asked for, what they are asked about.

    It is what the error begins with, so that those of a kind are found by it.
    """
    kind, _, told = error.partition(": ")
    return f"{kind}: {told.partition(' ')[0]}" if kind == "NeedsPerson" else kind


def says(event_type: str) -> str:
    """What an event of this type says, in a few words."""
    return SAYS.get(event_type, event_type)
