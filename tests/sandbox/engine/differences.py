"""What an update changed: the old values, as `previous_attributes` tells them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..store import Obj
from ..world import World


def changed(old: Obj, new: Obj) -> Obj:
    """Return the old values of what differs; hashes are compared inside, lists are told whole.

    As recorded: `{"cancellation_details": {"reason": null}}`, `{"items": {"data": [...]}}`.
    """
    told: Obj = {}
    for name in [*old, *(n for n in new if n not in old)]:
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        both = isinstance(before, dict) and isinstance(after, dict)
        # An expanded or other object is told whole: its fields belong together.
        whole = not both or (before or {}).get("id") != (after or {}).get("id")
        told[name] = before if whole else changed(before or {}, after or {})
    return told


@contextmanager
def announced(world: World, name: str, obj: Obj) -> Iterator[Obj]:
    """Emit the event after the block, with what the block changed; nothing when nothing did."""
    before: Obj = _copied(obj)
    yield before
    previous = changed(before, obj)
    if previous:
        world.emit(name, obj, previous)


def _copied(value: Any) -> Any:
    # Faster than copy.deepcopy by far, which counts over a year of renewals.
    if isinstance(value, dict):
        return {name: _copied(inner) for name, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value
