"""Letters: asked for as rows, sent as mail, once.

letters.queue(kind=..., key=..., supporter_id=..., cause=...)   in the transaction of the cause
letters.deliver(letter_id)                                      in a worker, outside a transaction
letters.due(now)                                                what the sweeper rings again

A kind of letter is a function that composes it and a folder of templates: see letters.draft.
"""

from billing.letters import kinds as _kinds  # noqa: F401 - registers billing's own kinds
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
from billing.letters.outbox import due, queue, retry
from billing.letters.sender import deliver

__all__ = [
    "Attachment",
    "Draft",
    "Gather",
    "Outcome",
    "Postpone",
    "Recipient",
    "Skip",
    "composes",
    "deliver",
    "due",
    "queue",
    "retry",
]
