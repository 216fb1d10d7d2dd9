"""What a report is asked for: the months, and whether who asks may see the rows behind the sums."""

from dataclasses import dataclass
from datetime import datetime

from members.staff.reports.period import Period


@dataclass(frozen=True, slots=True)
class Asked:
    """The period, one kind of income if one is wanted, and whether lists may be shown.

    `in_full`: figures of fewer than five people as well.
    """

    period: Period
    kind: str = ""
    sees_members: bool = False
    in_full: bool = False

    @property
    def now(self) -> datetime:
        return self.period.now

    @property
    def until(self) -> datetime:
        return self.period.until

    @property
    def count(self) -> int:
        return self.period.count

    def runs(self, place: int) -> bool:
        """Whether the month at this place of the period is not over."""
        return self.period.runs and place == self.count - 1
