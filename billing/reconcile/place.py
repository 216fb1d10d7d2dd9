"""The place a run has come to, in a form that a row can keep, so that it may die at any moment."""

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Self

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from billing.reconcile.report import Report
from billing.reconcile.rollcall import NOBODY, Sum

# What was read longer ago says too little of today: the next run begins anew.
_FRESH: Final = timedelta(hours=12)


@dataclass(slots=True)
class Place:
    """`done` names what is finished, `after` is the last id of the page before, in what is not.

    `named` are ids of our rows that something at Stripe names which could not be applied: such a
    row is not closed as abandoned. A run that began quietly goes on quietly.
    """

    begun: datetime
    quiet: bool
    nightly: bool
    done: list[str] = field(default_factory=list)
    after: str = ""
    named: list[str] = field(default_factory=list)
    called: dict[str, Sum] = field(default_factory=dict)
    answered: dict[str, Sum] = field(default_factory=dict)
    report: Report = field(default_factory=Report)

    @classmethod
    def found(cls, kept: dict[str, Any], *, quiet: bool, nightly: bool) -> Self:
        """Where the last run was cut short, if that was not long ago; else the beginning."""
        saved = parse_datetime(kept.get("saved", ""))
        if saved is None or timezone.now() - saved > _FRESH:
            return cls(begun=timezone.now(), quiet=quiet, nightly=nightly)
        place = cls(
            **{
                **kept["place"],
                "begun": datetime.fromisoformat(kept["place"]["begun"]),
                "report": Report.read(kept["place"]["report"]),
            }
        )
        place.quiet = place.quiet or quiet
        place.report.resumed = True
        return place

    def kept(self) -> dict[str, Any]:
        fields = {**asdict(self), "begun": self.begun.isoformat()}
        return {"saved": timezone.now().isoformat(), "nightly": self.nightly, "place": fields}

    def finish(self, name: str) -> None:
        self.done.append(name)
        self.after = ""

    def heard(self, name: str) -> Sum:
        """The sum of those of ours that Stripe has named so far."""
        count, marks = self.answered.get(name, NOBODY)
        return count, marks  # JSON makes a list of a pair
