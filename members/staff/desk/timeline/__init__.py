"""The timeline of a record: facts, states with their cause, letters, events, acts, and who looked.

Each line says the rule behind it, and leads to the row or the event that it is read from.
"""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Final

from members.models import Supporter
from members.staff.desk.timeline import memberships, money, staff, told
from members.staff.desk.timeline.line import Line, Link, Topic

__all__ = ["Line", "Link", "Topic", "of"]

_SOURCES: Final[dict[Topic, Callable[[Supporter], Iterator[Line]]]] = {
    Topic.MONEY: money.lines,
    Topic.STATES: memberships.lines,
    Topic.LETTERS: told.letters,
    Topic.EVENTS: told.events,
    Topic.STAFF: staff.lines,
}


def of(supporter: Supporter, topics: list[Topic]) -> list[Line]:
    """The lines about these topics, newest first."""
    found = chain.from_iterable(_SOURCES[each](supporter) for each in topics)
    return sorted(found, key=lambda line: line.at, reverse=True)
