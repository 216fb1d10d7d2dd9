"""The board as it is drawn: signs with their words, in groups, and the alarms that last."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.urls import reverse

from billing.models import Alarm
from billing.watch import Level, Sign
from members.signs import GROUPS, About, about

_PILLS: Final = {Level.GOOD: "Good", Level.LOOK: "Look", Level.RED: "Red"}
_TONES: Final = {Level.GOOD: "good", Level.LOOK: "warn", Level.RED: "bad"}


@dataclass(frozen=True, slots=True)
class Line:
    """One sign as the page shows it. `url` is empty for who may not open that page."""

    sign: Sign
    words: About
    url: str

    @property
    def pill(self) -> str:
        return _PILLS[self.sign.level]

    @property
    def tone(self) -> str:
        return _TONES[self.sign.level]

    @property
    def troubled(self) -> bool:
        return self.sign.level != Level.GOOD

    @property
    def advice(self) -> str:
        """What to do, where there is something to be done."""
        return self.words.do if self.troubled and not self.sign.early else ""


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that belong together, what is worst first."""

    title: str
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Summary:
    """The answer in one sentence, and what is the matter, what is worst first."""

    tone: str
    title: str
    text: str
    matters: list[Line]


@dataclass(frozen=True, slots=True)
class Lasting:
    """An alarm that lasts, in words."""

    alarm: Alarm

    @property
    def title(self) -> str:
        return about(self.alarm.what).title

    @property
    def seen_by(self) -> str:
        """Which colleague takes care of it."""
        who = self.alarm.acknowledged_by
        return str(getattr(who, "name", "") or getattr(who, "email", "")) if who else ""


def groups(signs: Iterable[Sign], *, links: bool) -> list[Group]:
    """The lines in their groups; those of a sign without words come last, in one of their own."""
    found = {each.name: each for each in signs}
    drawn = [
        Group(title, _lines([found.pop(name) for name in names if name in found], links=links))
        for title, names in GROUPS.items()
    ]
    rest = Group("More", _lines(list(found.values()), links=links))
    return [each for each in [*drawn, rest] if each.lines]


def _lines(signs: list[Sign], *, links: bool) -> list[Line]:
    ordered = sorted(signs, key=lambda each: each.level, reverse=True)
    return [Line(each, about(each.name), _url(about(each.name), links=links)) for each in ordered]


def _url(words: About, *, links: bool) -> str:
    return reverse(words.page) + words.anchor if links and words.page else ""


def summary(drawn: list[Group]) -> Summary:
    """Whether everything is well: how many are red, and how many want a look."""
    lines = [line for group in drawn for line in group.lines]
    matters = sorted(
        (each for each in lines if each.troubled), key=lambda each: each.sign.level, reverse=True
    )
    red = sum(each.sign.red for each in matters)
    look = len(matters) - red
    if red:
        rest = f"{_things(look)} worth a look." if look else "All else is well."
        return Summary("bad", f"{_things(red)} red", rest, matters)
    if look:
        return Summary("warn", f"{_things(look)} worth a look", "Nothing is red.", matters)
    told = f"All of {len(lines)} things, looked at just now."
    return Summary("good", "Everything is well", told, [])


def _things(count: int) -> str:
    return "1 thing is" if count == 1 else f"{count} things are"
