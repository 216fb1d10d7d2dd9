"""List answers: newest first, cursors, `created` ranges."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .errors import invalid
from .params import Params, text, whole

Obj = dict[str, Any]
PAGING = "limit starting_after ending_before expand created"


def envelope(url: str, data: list[Obj], *, more: bool = False) -> Obj:
    """Return a list object."""
    return {"object": "list", "data": data, "has_more": more, "url": url}


def page(
    params: Params, newest: Iterable[Obj], url: str, keep: Callable[[Obj], bool] | None = None
) -> Obj:
    """Return the asked-for page of the objects that pass `keep` and the `created` range."""
    limit = whole(params, "limit")
    limit = 10 if limit is None else limit
    if not 1 <= limit <= 100:
        raise invalid("Invalid limit: must be between 1 and 100", "limit", "parameter_invalid")
    within = created_range(params)
    wanted: Iterator[Obj] = (o for o in newest if within(o) and (keep is None or keep(o)))
    before, after = text(params, "ending_before"), text(params, "starting_after")
    if before:
        return _until(before, wanted, limit, url)
    if after:
        wanted = _beyond(after, newest, wanted)
    data: list[Obj] = []
    for obj in wanted:
        if len(data) == limit:
            return envelope(url, data, more=True)
        data.append(obj)
    return envelope(url, data)


def _beyond(after: str, newest: Iterable[Obj], wanted: Iterator[Obj]) -> Iterator[Obj]:
    for obj in wanted:
        if obj["id"] == after:
            return wanted
    raise invalid(f"No such object: '{after}'", "starting_after", "resource_missing")


def _until(before: str, wanted: Iterator[Obj], limit: int, url: str) -> Obj:
    earlier: list[Obj] = []
    for obj in wanted:
        if obj["id"] == before:
            return envelope(url, earlier[-limit:], more=len(earlier) > limit)
        earlier.append(obj)
    raise invalid(f"No such object: '{before}'", "ending_before", "resource_missing")


def created_range(params: Params) -> Callable[[Obj], bool]:
    """Return the test for `created`, an exact time or `{gt, gte, lt, lte}` in unix seconds."""
    asked = params.get("created")
    if not asked:
        return lambda _: True
    if isinstance(asked, str):
        exact = whole(params, "created")
        return lambda obj: obj["created"] == exact
    unknown = set(asked) - {"gt", "gte", "lt", "lte"}
    if unknown:
        raise invalid(f"Received unknown parameter: created[{unknown.pop()}]", "created")
    low = max(whole(asked, "gte") or 0, (whole(asked, "gt") or -1) + 1)
    ceiling = whole(asked, "lte")
    under = whole(asked, "lt")
    high = min(x for x in (ceiling, under and under - 1, 2**62) if x is not None)
    return lambda obj: low <= obj["created"] <= high


def equal(params: Params, *names: str) -> Callable[[Obj], bool]:
    """Return a test that compares the named parameters with the fields of the same name."""
    asked = {name: params[name] for name in names if params.get(name)}
    return lambda obj: all(obj.get(name) == value for name, value in asked.items())
