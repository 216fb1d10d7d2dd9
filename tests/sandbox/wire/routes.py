"""Routes: which function answers which method and path, and the parameters it understands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..spec.checks import checks
from .lists import PAGING, equal, page
from .params import known

if TYPE_CHECKING:
    from ..world import World

Obj = dict[str, Any]
Keep = Callable[[Obj], bool]


@dataclass(frozen=True)
class Call:
    """One request: the world, its decoded parameters, the ids from its path."""

    world: World
    params: Obj
    ids: tuple[str, ...] = ()
    path: str = ""

    @property
    def id(self) -> str:
        """The first id in the path."""
        return self.ids[0]


@dataclass(frozen=True)
class Route:
    """A path like `/v1/customers/{}` with its function and the parameters that it understands."""

    method: str
    pattern: str
    act: Callable[[Call], Obj]
    names: frozenset[str] = frozenset()
    parts: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(self.pattern.strip("/").split("/")))

    def match(self, parts: list[str]) -> tuple[str, ...] | None:
        """Return the ids when the path fits, else None."""
        ids = []
        for mine, theirs in zip(self.parts, parts, strict=True):
            if mine == "{}":
                ids.append(theirs)
            elif mine != theirs:
                return None
        return tuple(ids)


def route(method: str, pattern: str, act: Callable[[Call], Obj], names: str = "") -> Route:
    """Return a route; `names` are the parameters it acts on, or can ignore without harm.

    Blank separated, top level only, `expand` included for free. A parameter that Stripe takes and
    that is not named here is refused as not modelled; what Stripe does not take, never comes here.
    """
    return Route(method, pattern, act, frozenset(names.split()) | {"expand"})


def listing(
    pattern: str,
    kind: str,
    fields: str = "",
    more: str = "",
    keep: Callable[[Call], Keep] | None = None,
) -> Route:
    """Return the route of a list; `fields` filter by equality, `keep` adds what is special."""

    def act(call: Call) -> Obj:
        same = equal(call.params, *fields.split())
        special = keep(call) if keep else None
        rows = call.world.store.newest(kind)
        wanted = same if special is None else lambda o: same(o) and special(o)
        return page(call.params, rows, call.path, wanted)

    return route("GET", pattern, act, f"{PAGING} {fields} {more}")


def retrieval(pattern: str, kind: str) -> Route:
    """Return the route of a single object; a deleted one answers its tombstone."""

    def act(call: Call) -> Obj:
        return call.world.store.tombs.get(call.id) or call.world.store.get(kind, call.id)

    return route("GET", pattern, act)


class Router:
    """Finds the route of a request."""

    def __init__(self, routes: list[Route]) -> None:
        self._by_size: dict[tuple[str, int], list[Route]] = {}
        for item in routes:
            self._by_size.setdefault((item.method, len(item.parts)), []).append(item)
        for same in self._by_size.values():
            # Literal paths come before those with an id in the same place.
            same.sort(key=lambda r: r.parts.count("{}"))

    def find(self, method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
        """Return the route and the ids in the path, or None."""
        parts = path.strip("/").split("/")
        for item in self._by_size.get((method, len(parts)), []):
            ids = item.match(parts)
            if ids is not None:
                return item, ids
        return None


def checked(item: Route, params: Obj) -> None:
    """Refuse what Stripe does not take (its 400s), then what the stand-in does not understand."""
    checks().check_request(item.method, item.pattern, params)
    known(params, item.names)
