"""All supporters, cut into spans of their ids; and many hands, which take span after span."""

import gc
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Final, TypeVar
from uuid import UUID

import django
from django.db import connection, connections
from django.db.models import F, Value, Window
from django.db.models.functions import Mod, RowNumber

from billing.models import Membership

Span = tuple[UUID, UUID]
Done = TypeVar("Done")

PEOPLE: Final = 5000
_FIRST, _LAST = UUID(int=0), UUID(int=2**128 - 1)


def spans() -> list[Span]:
    """The first and the last id of each. Together they hold whoever there is, and will be."""
    supporters = Membership._meta.get_field("supporter").related_model._default_manager
    numbered = supporters.annotate(
        place=Mod(Window(RowNumber(), order_by=F("pk").asc()), Value(PEOPLE))
    )
    cuts = [*numbered.filter(place=0).order_by("pk").values_list("pk", flat=True)]
    begins = [_FIRST, *(UUID(int=cut.int + 1) for cut in cuts)]
    return list(zip(begins, [*cuts, _LAST], strict=True))


def each(work: Callable[[Span], Done], *, hands: int) -> Iterator[Done]:
    """Do this for every span, in so many processes of their own; with one hand, in this one."""
    todo = spans()
    hands = min(hands, len(todo))
    if hands < 2 or connection.vendor != "postgresql":
        yield from map(partial(_done, work), todo)
        return
    # Spawned: a forked one would speak over our connection. It sets Django up before it is told
    # what to do, since that imports models.
    context = get_context("spawn")
    with ProcessPoolExecutor(hands, mp_context=context, initializer=django.setup) as pool:
        yield from pool.map(partial(_there, str(connection.settings_dict["NAME"]), work), todo)


def _there(database: str, work: Callable[[Span], Done], span: Span) -> Done:
    """The same in another process. Our database may be another than the settings name."""
    connections.databases["default"]["NAME"] = database
    return _done(work, span)


def _done(work: Callable[[Span], Done], span: Span) -> Done:
    """Do it, and look for no circles of objects meanwhile: that takes as long as all the rest."""
    looked = gc.isenabled()
    gc.disable()
    try:
        return work(span)
    finally:
        if looked:
            gc.enable()
