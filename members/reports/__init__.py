"""What the newsroom wants to know of its members and its income: sums, never a person."""

from members.reports.report import Report, build

__all__ = ["Report", "build"]
