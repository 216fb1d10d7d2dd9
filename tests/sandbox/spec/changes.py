"""What another release of the stripe SDK would change for the stand-in and the code behind it.

    python -m tests.sandbox.spec.changes OTHER [FOLDER ...]

OTHER is a folder or a wheel of the other release; the installed one is the base. Only the calls
that the stand-in routes are compared, and the kinds of object that it makes or answers. A change
is marked with the files that name it: those of the stand-in, and of the FOLDERs given, e.g. those
of the product. Ends with 1 when something named so is gone or has another type.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .annotations import Type
from .library import Library, installed, other
from .outline import Entry, Outline, fields, parameters

STAND_IN = Path(__file__).parents[1]
Call = tuple[str, str]


@dataclass(frozen=True)
class Change:
    """One line of the report: `sign` is + (new), - (gone) or ~ (another type)."""

    where: str
    sign: str
    name: str
    what: str = ""
    value: str = ""

    @property
    def words(self) -> list[str]:
        """What code that means this would name: the field, and the hash or the value with it."""
        if self.where == "events":
            return [self.name]
        named = self.name.split(".")[-2:]
        return [named[-1], self.value] if self.value else named


def compare(
    base: Library, new: Library, calls: Iterable[Call], kinds: Iterable[str]
) -> list[Change]:
    """Return all changes from `base` to `new` in these calls and kinds, and in the event types."""
    found: list[Change] = []
    for method, pattern in sorted(calls, key=lambda call: (call[1], call[0])):
        name = f"{method} {pattern}"
        found += _outlines(
            name, parameters(base, method, pattern), parameters(new, method, pattern)
        )
    for kind in sorted(kinds):
        found += _outlines(kind, fields(base, kind), fields(new, kind))
    found += _sets("events", base.events, new.events)
    return found


def _outlines(where: str, before: Outline | None, after: Outline | None) -> Iterator[Change]:
    if before is None or after is None:
        if before is not after:
            yield Change(where, "-" if after is None else "+", where, "all of it")
        return
    gone = [name for name in before if name not in after]
    fresh = [name for name in after if name not in before]
    for sign, names, outline in (("-", gone, before), ("+", fresh, after)):
        for name in names:
            # What lies in a hash that comes or goes is not told again.
            if name.rpartition(".")[0] not in names:
                yield Change(where, sign, name, f"{outline[name].kind}, {outline[name].flag}")
    for name in (name for name in before if name in after):
        yield from _entries(where, name, before[name], after[name])


def _entries(where: str, name: str, before: Entry, after: Entry) -> Iterator[Change]:
    if before.kind != after.kind:
        yield Change(where, "~", name, f"{before.kind} -> {after.kind}")
    if before.flag != after.flag:
        yield Change(where, "~", name, f"{before.flag} -> {after.flag}")
    for change in _sets(where, before.values, after.values):
        yield Change(where, change.sign, name, f'value "{change.name}"', change.name)


def _sets(where: str, before: Iterable[str], after: Iterable[str]) -> Iterator[Change]:
    old, new = set(before), set(after)
    yield from (Change(where, "-", name) for name in sorted(old - new))
    yield from (Change(where, "+", name) for name in sorted(new - old))


def modelled() -> tuple[set[Call], set[str]]:
    """Return the calls that the stand-in routes, and the kinds that it makes or answers."""
    from ..api.front import MODULES  # the routes import this package

    calls = {(item.method, item.pattern) for module in MODULES for item in module.ROUTES}
    kinds: set[str] = set()
    for method, pattern in calls:
        told = installed().call(method, pattern)
        kinds |= set(_kinds(told["result"])) if told else set()
    for path in STAND_IN.rglob("*.py"):
        kinds |= set(re.findall(r'shaped\(\s*"([\w.]+)"', path.read_text(encoding="utf-8")))
    return calls, kinds & installed().kinds.keys()


def _kinds(told: Type) -> Iterator[str]:
    if told[0] == "class":
        yield installed().kind_of((told[1], told[2])) or ""
    elif told[0] in ("page", "search"):
        yield from _kinds(told[1])


def naming(folders: Iterable[Path]) -> dict[str, set[str]]:
    """Return the words in each source of these folders: those in quotes, and attributes."""
    found: dict[str, set[str]] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            if "spec" in path.parts:
                continue
            text = path.read_text(encoding="utf-8")
            pairs = re.findall(r'"""(.*?)"""|"([^"\n]*)"', text, re.S)
            quoted = " ".join(part for pair in pairs for part in pair)
            name = path.relative_to(folder.parent).as_posix()
            found[name] = {*re.findall(r"[\w.]+", quoted), *re.findall(r"\.(\w+)\b", text)}
    return found


def report(found: list[Change], named: dict[str, set[str]], title: str) -> tuple[list[str], int]:
    """Return the lines of the report, and how many changes hurt: named, and gone or retyped."""
    lines, hurts, last = [title], 0, ""
    for change in found:
        if change.where != last:
            last = change.where
            lines += ["", last]
        files = [name for name, words in named.items() if words.issuperset(change.words)]
        what = f" ({change.what})" if change.what else ""
        mark = f"   <- named in {', '.join(files[:4])}" if files else ""
        lines.append(f"  {change.sign} {change.name}{what}{mark}")
        hurts += bool(files) and change.sign != "+"
    signs = [change.sign for change in found]
    lines += [
        "",
        f"{signs.count('+')} new, {signs.count('-')} gone, {signs.count('~')} changed; "
        f"{hurts} of those gone or changed have a name that the code uses",
    ]
    return lines, hurts


def main(arguments: list[str]) -> int:
    """Print the report on the release in the first argument."""
    base, new = installed(), other(Path(arguments[0]))
    calls, kinds = modelled()
    found = compare(base, new, calls, kinds)
    title = (
        f"stripe {base.package.version} ({base.package.api_version}) -> "
        f"{new.package.version} ({new.package.api_version}): "
        f"{len(calls)} calls and {len(kinds)} kinds compared"
    )
    named = naming([*(Path(folder) for folder in arguments[1:]), STAND_IN])
    lines, hurts = report(found, named, title)
    print("\n".join(lines))
    return 1 if hurts else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
