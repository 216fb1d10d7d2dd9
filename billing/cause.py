"""Why something is being done: written into the history beside the change."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Cause:
    """Who or what made us act. `quiet` is for imports: facts are written, letters are not sent."""

    source: str
    reference: str = ""
    quiet: bool = False

    @classmethod
    def event(cls, event_id: str) -> Self:
        return cls("stripe", event_id)

    @classmethod
    def supporter(cls) -> Self:
        return cls("supporter")

    @classmethod
    def clock(cls) -> Self:
        return cls("clock")

    @classmethod
    def reconcile(cls, *, quiet: bool = False) -> Self:
        return cls("reconcile", quiet=quiet)
