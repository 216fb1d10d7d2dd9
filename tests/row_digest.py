"""Every row of every table as a digest, and which tables are written to: what changed, what not."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.apps import apps
from django.db import connection
from django.db.models import Model

Rows = dict[tuple[str, str], str]
# Sessions, which every look may renew.
_SESSIONS: Final = ("django_session",)
_WRITES: Final = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.IGNORECASE)


@contextmanager
def writing() -> Iterator[list[str]]:
    """The tables that are written to meanwhile, but for sessions."""
    written: list[str] = []

    def see(execute: Any, sql: str, *rest: Any) -> Any:
        if (found := _WRITES.match(sql)) and found[1] not in _SESSIONS:
            written.append(found[1])
        return execute(sql, *rest)

    with connection.execute_wrapper(see):
        yield written


def every_row() -> Rows:
    """A digest of each row, by its table and its key, but for sessions."""
    return {
        (model._meta.db_table, str(row[0])): hashlib.sha256(repr(row[1:]).encode()).hexdigest()
        for model in apps.get_models(include_auto_created=True)
        if model._meta.db_table not in _SESSIONS
        for row in model._base_manager.values_list("pk", *_columns(model))
    }


def _columns(model: type[Model]) -> list[str]:
    return [each.attname for each in model._meta.concrete_fields]


def changed(before: Rows, after: Rows) -> set[str]:
    """The keys of the rows that came, went or changed."""
    return {pk for (_, pk), _ in before.items() ^ after.items()}
