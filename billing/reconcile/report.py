"""What a run of reconcile found and what became of it, in a form that a row can keep."""

from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self

# The first take-in of a history differs in everything; its names are for nobody to read.
_NAMED: Final = 1000


@dataclass(slots=True)
class Report:
    """What one run found. A difference names the kind and id of Stripe's object.

    `remains` is what still differs after the run: everything if it only compared, else what
    resisted (`errors`) and what a person has to look at. Counts are whole, lists end at 1,000.
    """

    seen: int = 0
    found: int = 0
    healed: int = 0
    remaining: int = 0
    differences: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    remains: list[str] = field(default_factory=list)
    # Somebody else is at it: nothing was done.
    busy: bool = False
    # It went on where another run had been cut short.
    resumed: bool = False

    @classmethod
    def read(cls, kept: dict[str, Any]) -> Self:
        return cls(**kept)

    def kept(self) -> dict[str, Any]:
        return asdict(self)

    def differs(self, what: str) -> None:
        """Note a difference."""
        self.found += 1
        _add(self.differences, what)

    def stays(self, what: str) -> None:
        """Note that this is as it was: nobody tried to heal it, or nobody can."""
        self.remaining += 1
        _add(self.remains, what)

    def resists(self, what: str, why: str) -> None:
        """Note that healing was tried and has not made it right."""
        _add(self.errors, f"{what}: {why}")
        self.stays(what)


def _add(lines: list[str], line: str) -> None:
    if len(lines) < _NAMED:
        lines.append(line)
