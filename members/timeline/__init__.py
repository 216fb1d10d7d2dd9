"""All that happened between a supporter and us, as one list: newest first, each line explained.

entry     a line, and the matter that it belongs to
money     payments, refunds, disputes, with their documents
changes   what became of a membership, and what its supporter asked for
desk      letters that went out, what was asked of us otherwise, and who looked
"""

from collections.abc import Iterator
from itertools import chain

from billing.dates import dublin_date
from members.models import Supporter
from members.timeline import changes, desk, money
from members.timeline.entry import Entry, Topic

__all__ = ["Entry", "Topic", "of", "years"]


def of(supporter: Supporter, topic: Topic | None = None) -> list[Entry]:
    """Every line, or every line of this topic, newest first. As many questions for many as few."""
    sources = _SOURCES if topic is None else {topic: _SOURCES[topic]}
    lines: Iterator[Entry] = chain.from_iterable(source(supporter) for source in sources.values())
    return sorted(lines, key=lambda line: line.at, reverse=True)


def years(lines: list[Entry]) -> dict[int, list[Entry]]:
    """The lines by the year that Dublin had, newest year first."""
    found: dict[int, list[Entry]] = {}
    for line in lines:
        found.setdefault(dublin_date(line.at).year, []).append(line)
    return found


_SOURCES = {
    Topic.MONEY: money.lines,
    Topic.CHANGES: changes.lines,
    Topic.LETTERS: desk.letters,
    Topic.LOOKS: desk.looks,
}
