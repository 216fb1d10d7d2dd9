"""Letters: asked for as rows, sent as mail, once.

letters.queue(kind=..., key=..., supporter_id=..., cause=...)   in the transaction of the cause
letters.deliver(letter_id)                                      in a worker, outside a transaction
letters.deliver_waiting(letter_id)                              the same, and then whatever waits
letters.due(now)                                                what the sweeper rings again
letters.suppression.lift(address_hash, by=staff)                write to an address again

A kind of letter is a function that composes it and a folder of templates: see letters.draft.
"""

from billing.letters import kinds as _kinds  # noqa: F401 - registers billing's own kinds
from billing.letters import suppression
from billing.letters.draft import (
    Attachment,
    Draft,
    Gather,
    Outcome,
    Postpone,
    Recipient,
    Skip,
    composes,
)
from billing.letters.outbox import due, forget, over, queue, retry
from billing.letters.sender import ROUND_LETTERS, compose, deliver, deliver_waiting

__all__ = [
    "ROUND_LETTERS",
    "Attachment",
    "Draft",
    "Gather",
    "Outcome",
    "Postpone",
    "Recipient",
    "Skip",
    "compose",
    "composes",
    "deliver",
    "deliver_waiting",
    "due",
    "forget",
    "over",
    "queue",
    "retry",
    "suppression",
]
