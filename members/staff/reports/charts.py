"""What a chart is: plain geometry, drawn as SVG by staff/reports/chart.html.

No script, no third party. Lengths are per cent of the plot, so that it fills whatever room there
is and its words keep their size: a drawing that shrank as a whole could not be read on a phone.
What is hidden (members.reports.small) is not drawn either: a bar would tell it to the pixel.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

WHOLE: Final = 100
# What stands where there is no figure.
NONE: Final = "–"  # noqa: RUF001 - a dash in print, not a minus


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle, and what it says when pointed at. Of one that lies, y and height are pixels."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    says: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A word and where it stands; `sparse` ones are left out where there is no room."""

    at: float
    text: str
    sparse: bool = False
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Chart:
    """One drawing. `summary` says in words what the eye would see.

    Columns have `heights` and `months` at their axes, bars that lie have `names` (where, name,
    value) and so many pixels of `height`. `hidden` is where something is that is not drawn, and
    how high what is drawn there reaches.
    """

    slug: str
    title: str
    summary: str
    bars: list[Bar]
    heights: list[Mark] = field(default_factory=list)
    months: list[Mark] = field(default_factory=list)
    names: list[tuple[float, str, str]] = field(default_factory=list)
    legend: list[tuple[str, str]] = field(default_factory=list)
    hidden: list[tuple[float, float]] = field(default_factory=list)
    height: int = 0
    zero: float = WHOLE


class Series(NamedTuple):
    """One colour of a chart: a value for each place, None where it is hidden or there is none."""

    kind: str
    name: str
    values: Sequence[int | None]
