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
        raise invalid("Invalid limit: must be between 1 and 100", "limit")
    within = created_range(params)
    before, after = text(params, "ending_before"), text(params, "starting_after")
    if before and after:
        message = "You cannot parameterize both `starting_after` and `ending_before`."
        raise invalid(message, "ending_before", "parameters_exclusive")

    def wanted(obj: Obj) -> bool:
        return within(obj) and (keep is None or keep(obj))

    if before:
        return _until(before, newest, wanted, limit, url)
    rows = iter(newest)
    if after:
        _seek(after, rows)
    data: list[Obj] = []
    for obj in filter(wanted, rows):
        if len(data) == limit:
            return envelope(url, data, more=True)
        data.append(obj)
    return envelope(url, data)


def _seek(after: str, rows: Iterator[Obj]) -> None:
    # The object itself need not pass the filters any more: paging goes on where it stands.
    if not any(obj["id"] == after for obj in rows):
        raise invalid(f"No such object: '{after}'", "starting_after", "resource_missing")


def _until(
    before: str, newest: Iterable[Obj], wanted: Callable[[Obj], bool], limit: int, url: str
) -> Obj:
    earlier: list[Obj] = []
    for obj in newest:
        if obj["id"] == before:
            return envelope(url, earlier[-limit:], more=len(earlier) > limit)
        if wanted(obj):
            earlier.append(obj)
    raise invalid(f"No such object: '{before}'", "ending_before", "resource_missing")


def created_range(params: Params) -> Callable[[Obj], bool]:
    """Return the test for `created`, an exact time or `{gt, gte, lt, lte}` in unix seconds."""
    asked = params.get("created")
    if not asked:
        return lambda _: True
    if isinstance(asked, list):
        raise invalid("Invalid object", "created")
    if isinstance(asked, str):
        exact = whole(params, "created")
        return lambda obj: obj["created"] == exact
    unknown = set(asked) - {"gt", "gte", "lt", "lte"}
    if unknown:
        raise invalid(f"Received unknown parameter: created[{unknown.pop()}]", "created")
    low, high = whole(asked, "gte"), whole(asked, "lte")
    over, under = whole(asked, "gt"), whole(asked, "lt")

    def within(obj: Obj) -> bool:
        made = obj["created"]
        return (
            (low is None or made >= low)
            and (high is None or made <= high)
            and (over is None or made > over)
            and (under is None or made < under)
        )

    return within


def equal(params: Params, *names: str) -> Callable[[Obj], bool]:
    """Return a test that compares the named parameters with the fields of the same name."""
    asked = {name: params[name] for name in names if params.get(name)}
    return lambda obj: all(obj.get(name) == value for name, value in asked.items())
