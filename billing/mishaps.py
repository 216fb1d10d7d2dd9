"""What may go wrong with an event, and how it is told without naming anyone."""

from typing import Final

from billing.memberships import Impossible, Unclaimed
from billing.states import UnknownStatus
from billing.stripe_api import StripeProblem
from billing.worries import NeedsPerson

# A person has to look: the same try would meet the same wall.
HOPELESS: Final = (Unclaimed, Impossible, UnknownStatus, NeedsPerson)
# Written where no error was: each worker that took the event died.
WORKER_DIED: Final = "WorkerDied"


def describe(error: Exception) -> str:
    """The error in words that name no one: our own errors' text, of others only the class."""
    ours = isinstance(error, (*HOPELESS, StripeProblem))
    return f"{type(error).__name__}: {error}"[:200] if ours else type(error).__name__
