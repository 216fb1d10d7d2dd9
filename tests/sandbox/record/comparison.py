"""How two recordings differ, in lines that a person reads: step, thing, here, there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

Recording = dict[str, Any]
Paths = dict[str, list[str]]


def differences(here: Recording, there: Recording) -> list[str]:
    """Return a line for each difference; none if both heard the same but for times and ids."""
    lines = list(_headings(here, there))
    others = {step["name"]: step for step in there["steps"]}
    for step in here["steps"]:
        other = others.pop(step["name"], None)
        if other is None:
            lines.append(f"{step['name']}: this step is only here")
            continue
        lines += [f"{step['name']}: {line}" for line in _of_step(step, other)]
    return lines + [f"{name}: this step is only there" for name in others]


def _headings(here: Recording, there: Recording) -> Iterator[str]:
    if here["api_version"] != there["api_version"]:
        yield f"API version {here['api_version']} here, {there['api_version']} there"


def _of_step(here: Recording, there: Recording) -> Iterator[str]:
    for number, (mine, other) in enumerate(zip_longest(here["calls"], there["calls"]), start=1):
        if mine != other:
            yield f"call {number}: {mine or 'none'} here, {other or 'none'} there"
    yield from _of_events(here["events"], there["events"])
    for name in sorted(here["changed"].keys() & there["changed"].keys()):
        mine, other = set(here["changed"][name]), set(there["changed"][name])
        yield from _only(f"{name} tells of a changed", mine, other)
    for kind in sorted(here["objects"].keys() | there["objects"].keys()):
        if kind not in here["objects"] or kind not in there["objects"]:
            yield f"{kind}: only {'here' if kind in here['objects'] else 'there'}"
            continue
        yield from _of_kind(kind, here["objects"][kind], there["objects"][kind])


def _of_events(here: list[str], there: list[str]) -> Iterator[str]:
    mine, other = Counter(here), Counter(there)
    for name in sorted(mine.keys() | other.keys()):
        if mine[name] != other[name]:
            yield f"event {name}: {mine[name]} here, {other[name]} there"
    # What both have, in its order: a missing event alone puts nothing out of order.
    common = mine & other
    ours, theirs = _shared(here, common), _shared(there, common)
    if ours != theirs:
        yield f"events in another order: {', '.join(ours)} here; {', '.join(theirs)} there"


def _shared(events: list[str], common: Counter[str]) -> list[str]:
    left, kept = Counter(common), []
    for name in events:
        if left[name]:
            left[name] -= 1
            kept.append(name)
    return kept


def _of_kind(kind: str, here: Paths, there: Paths) -> Iterator[str]:
    for path in sorted(here.keys() | there.keys()):
        mine, other = here.get(path), there.get(path)
        if mine is None or other is None:
            # Below a hash that is null or absent on one side, its own line says enough.
            if _parent_in_both(path, here, there):
                yield f"{kind}.{path}: key only {'here' if mine is not None else 'there'}"
        elif set(mine) != set(other):
            yield f"{kind}.{path}: {_words(mine)} here, {_words(other)} there"


def _parent_in_both(path: str, here: Paths, there: Paths) -> bool:
    parent, _, _ = path.removesuffix("[]").rpartition("." if not path.endswith("[]") else "\0")
    if path.endswith("[]"):
        parent = path.removesuffix("[]")
        return "list" in here.get(parent, []) and "list" in there.get(parent, [])
    return not parent or ("hash" in here.get(parent, []) and "hash" in there.get(parent, []))


def _only(what: str, mine: set[str], other: set[str]) -> Iterator[str]:
    for name in sorted(mine ^ other):
        yield f"{what} {name} only {'here' if name in mine else 'there'}"


def _words(kinds: list[str]) -> str:
    return " or ".join(each.removeprefix("=") for each in kinds)
