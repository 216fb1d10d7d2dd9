"""Letters for any number of rows in one statement: INSERT ... SELECT ... ON CONFLICT DO NOTHING.

However many planners run at once, and however often, each letter is written once.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from django.db import connection, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import (
    Case,
    CharField,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    UUIDField,
    Value,
)
from django.db.models.expressions import Combinable, Expression
from django.db.models.functions import Cast, Concat
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone

from billing.letters.ahead import AHEAD, TOO_LATE, Turn
from billing.models import Letter
from billing.models.letter import LetterState

_GROUPS: Final = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
_TEXT: Final = CharField()


class _NewId(Expression):
    """A UUIDv7 for each row, made by the database: the moment, then chance (billing.ids)."""

    def __init__(self) -> None:
        super().__init__(output_field=UUIDField())
        self.begins = f"{int(timezone.now().timestamp() * 1000):012x}7"

    def as_postgresql(self, *_args: Any, **_more: Any) -> tuple[str, list[str]]:
        # What follows the version in a random UUID is what follows it in ours.
        chance = "substr(replace(gen_random_uuid()::text, '-', ''), 14)"
        return f"(%s || {chance})::uuid", [self.begins]

    def as_sqlite(self, *_args: Any, **_more: Any) -> tuple[str, list[str]]:
        chance = "lower(hex(randomblob(9)))"
        return f"(%s || substr({chance}, 1, 3) || '8' || substr({chance}, 4, 15))", [self.begins]


class _Dashed(Func):
    """A UUID as SQLite keeps it, with the dashes that it has elsewhere."""

    output_field = _TEXT

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra_context: Any
    ) -> tuple[str, tuple[Any, ...]]:
        sql, params = compiler.compile(self.source_expressions[0])
        groups = [f"substr({sql}, {first}, {length})" for first, length in _GROUPS]
        dashed = " || '-' || ".join(groups)
        return f"({dashed})", (*params,) * len(groups)


def plant(
    kind: str,
    rows: QuerySet[Any],
    *,
    turns: Sequence[Turn],
    now: datetime,
    moment: str = "",
    subject: str = "pk",
    supporter: str = "supporter_id",
    again: Iterable[str] = (),
) -> int:
    """Write a letter of this kind for each of the rows, where there is none; how many were new.

    The key is "<subject>:<period>"; the period is that of the turn in which the row's `moment`
    lies. A letter that was skipped for one of the reasons in `again`, or by a clock that was wrong
    as too late or put off for days, is taken up again while its row is among these: what was
    doubted came true.
    """
    if not turns:
        return 0
    inside = {f"{moment}__gte": turns[0].begins, f"{moment}__lt": turns[-1].ends} if moment else {}
    wanted = rows.filter(**inside).annotate(
        letter_key=Concat(
            spelled(subject), Value(":"), _by_turn(turns, moment, "period"), output_field=_TEXT
        ),
        letter_reason=_by_turn(turns, moment, "too_late"),
    )
    _take_up_again(kind, wanted, [*again, TOO_LATE], now)
    known = Letter.objects.filter(kind=kind, key=OuterRef("letter_key"))
    blank = Letter(kind=kind, created_at=now)
    columns: dict[str, Combinable] = {
        str(field.column): Value(getattr(blank, field.attname), output_field=field)
        for field in Letter._meta.concrete_fields
    }
    columns |= {
        "id": _NewId(),
        "key": F("letter_key"),
        "supporter_id": F(supporter),
        "state": _either(Q(letter_reason=""), LetterState.QUEUED, LetterState.SKIPPED),
        "reason": F("letter_reason"),
        "due_at": _by_turn(turns, moment, "due_at"),
    }
    return _insert(wanted.filter(~Exists(known)), columns)


def spelled(name: str) -> Expression:
    """The UUID of this column as keys have it, with dashes; SQLite keeps it without."""
    return _Dashed(name) if connection.vendor == "sqlite" else Cast(name, _TEXT)


def _by_turn(turns: Sequence[Turn], moment: str, name: str) -> Expression:
    """What the turns say by this name. The borders of days go in as parameters, so that no
    database's own idea of a time zone takes part.
    """
    field: models.Field[Any, Any] = models.DateTimeField() if name == "due_at" else _TEXT
    # Most days have their neighbour's answer: the statement stays short.
    runs = [list(run) for _, run in groupby(turns, key=attrgetter(name))]
    values = [Value(getattr(run[0], name), output_field=field) for run in runs]
    if len(values) == 1:
        return values[0]
    borders = (Q(**{f"{moment}__lt": run[-1].ends}) for run in runs)
    cases = (models.When(border, then=each) for border, each in zip(borders, values, strict=True))
    return Case(*cases, output_field=field)


def _either(condition: Q, then: str, otherwise: str) -> Expression:
    return Case(
        models.When(condition, then=Value(then)), default=Value(otherwise), output_field=_TEXT
    )


def _take_up_again(kind: str, wanted: QuerySet[Any], reasons: list[str], now: datetime) -> None:
    useful = wanted.filter(letter_reason="").values("letter_key")
    skipped = Q(state=LetterState.SKIPPED, reason__in=reasons)
    # No planner writes a row so early, nor does a sender put one off for so long.
    far_off = Q(state=LetterState.QUEUED, attempts=0, due_at__gt=now + AHEAD)
    Letter.objects.filter(skipped | far_off, kind=kind, key__in=useful).update(
        state=LetterState.QUEUED, reason="", attempts=0, due_at=now
    )


def _insert(rows: QuerySet[Any], columns: dict[str, Combinable]) -> int:
    named = {f"to_{name}": value for name, value in columns.items()}
    select, params = rows.order_by().annotate(**named).values_list(*named).query.sql_with_params()
    quote = connection.ops.quote_name
    into = f"{quote(Letter._meta.db_table)} ({', '.join(quote(name) for name in columns)})"
    once = f"ON CONFLICT ({quote('kind')}, {quote('key')}) DO NOTHING"
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {into} {select} {once}", params)
        return int(cursor.rowcount)
