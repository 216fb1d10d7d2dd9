"""The verbs that keep the rollups: each is the last thing in the transaction of its facts.

The rollups are touched in the order of their places and nothing is locked after them, so that two
workers never wait for each other; and they are held only for as long as a commit takes.
"""

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Q

from billing.figures import booked, facts, live_booked, names, payments, persons
from billing.figures.facts import PaymentBook
from billing.figures.persons import NOBODY
from billing.figures.spans import Span
from billing.figures.sums import Sums
from billing.models import Bygone, Counted, Payment, Rollup

# As many as SQLite takes in one statement: five values each.
_BATCH: Final = 5000


def before(payment_ids: Collection[UUID]) -> PaymentBook:
    """What these payments are counted as, before they are changed; nobody else changes them then.

    Part of the caller's transaction, which ends with `settle`.
    """
    return facts.payments(payment_ids, locked=True)


def settle(payment_ids: Collection[UUID], *, was: PaymentBook) -> None:
    """Bring the rollups to what these payments, and those who made them, are now.

    `was` is what `before` told of them; a payment that is not in it is new.
    """
    book = _kept(facts.payments(payment_ids, locked=False), was)
    changed = {each for each in {*book, *was} if book.get(each) != was.get(each)}
    if not changed:
        return
    change = _sums(book, changed).less(_sums(was, changed))
    for supporter_id in sorted({book[each][0].supporter for each in changed & book.keys()}):
        change.merge(_recounted(supporter_id))
    post(change)


def _kept(book: PaymentBook, was: PaymentBook) -> PaymentBook:
    """The same, with the lines that were known before as they were then.

    Only a closing of the books changes a line, and what it marks it takes off itself.
    """
    known = {line.id: line for _, lines in was.values() for line in lines}
    return {
        each: (told, tuple(known.get(line.id, line) for line in lines))
        for each, (told, lines) in book.items()
    }


def settle_closing(month: date) -> None:
    """Take off what a closing has just marked with its month: the lines of open books are summed.

    Part of the caller's transaction. What is not marked by then stays.
    """
    post(Sums().less(live_booked.booked(Q(closed_month=month))))


def recount(supporter_id: UUID) -> None:
    """Bring the rollups to what this supporter's memberships and payments are now."""
    post(_recounted(supporter_id))


def recount_all(span: Span) -> None:
    """The same for a whole span, in a few queries. Part of the caller's transaction."""
    rows = (
        Counted.objects.select_for_update(no_key=True)
        .filter(supporter__id__range=span)
        .order_by("pk")
    )
    locked = [*rows.values_list("pk", "parts")]
    people = facts.persons(span)
    change, recounted = Sums(), []
    for supporter_id, parts in locked:
        person = people.get(supporter_id, NOBODY)
        sums = persons.sums_of(person)
        change.merge(sums).merge(Sums.read(parts), -1)
        recounted.append([supporter_id.hex, sums.rows(), person.memberships])
    with connection.cursor() as cursor:
        cursor.execute(_KEEP[connection.vendor], [json.dumps(recounted)])
    post(change)


# One value for all of them: quoting each row for itself takes longer than all else here.
_KEEP: Final = {
    "postgresql": """
        UPDATE billing_counted SET parts = told -> 1, memberships = (told ->> 2)::int
        FROM jsonb_array_elements(%s::jsonb) AS told WHERE supporter_id = (told ->> 0)::uuid
    """,
    "sqlite": """
        UPDATE billing_counted SET parts = json_extract(told.value, '$[1]'),
            memberships = json_extract(told.value, '$[2]')
        FROM json_each(%s) AS told WHERE supporter_id = json_extract(told.value, '$[0]')
    """,
}


def forget(supporter_id: UUID) -> None:
    """Take all off that is counted of a supporter whose rows are about to be deleted."""
    theirs = [*Payment.objects.filter(supporter=supporter_id).values_list("pk", flat=True)]
    book = before(theirs)
    row = _locked(supporter_id)
    post(Sums().less(_sums(book, book.keys()).merge(Sums.read(row.parts))))
    row.delete()


@contextmanager
def letting_go(supporter_id: UUID, payment_ids: Collection[UUID]) -> Iterator[None]:
    """Keep the rollups as they are while the block deletes facts that were counted in them.

    What these payments, and with them their supporter, stood for becomes bygone (Bygone). Part of
    the caller's transaction; whatever of the supporter stays is counted on. A line that no month of
    the books has counted is in none any more.
    """
    gone = _sums(before(payment_ids), payment_ids)
    row = _locked(supporter_id)
    was = Sums.read(row.parts)
    yield
    person = facts.persons((supporter_id, supporter_id)).get(supporter_id, NOBODY)
    sums = persons.sums_of(person)
    row.parts, row.memberships = sums.rows(), person.memberships
    row.save(update_fields=["parts", "memberships"])
    uncounted = gone.of(names.OF_OPEN_BOOKS)
    _add_to(Bygone, gone.less(uncounted).merge(was.less(sums)))
    post(Sums().less(uncounted))


def post(change: Sums) -> None:
    """Add this to the rollups, place by place."""
    _add_to(Rollup, change)


def _add_to(table: type[Rollup | Bygone], change: Sums) -> None:
    rows = change.rows()
    name = table._meta.db_table
    with connection.cursor() as cursor:
        for begin in range(0, len(rows), _BATCH):
            batch = rows[begin : begin + _BATCH]
            values = [value for row in batch for value in row]
            places = ", ".join(["(%s, %s, %s, %s, %s)"] * len(batch))
            cursor.execute(_ADD.format(table=name, places=places), values)


# Django's bulk_create can put a number in place of another, and cannot add to it.
_ADD: Final = """
INSERT INTO {table} (figure, month, "key", "count", "value") VALUES {places}
ON CONFLICT (figure, month, "key") DO UPDATE SET
    "count" = {table}."count" + excluded."count",
    "value" = {table}."value" + excluded."value"
"""


def _sums(book: PaymentBook, chosen: Collection[UUID]) -> Sums:
    sums = Sums()
    for each in chosen:
        if each in book:
            sums.merge(payments.sums_of(*book[each])).merge(booked.sums_of(*book[each]))
    return sums


def _recounted(supporter_id: UUID) -> Sums:
    """Write down what a supporter stands for now, and what has to be added for it."""
    row = _locked(supporter_id)
    # Read only now: who held the row before us has committed.
    person = facts.persons((supporter_id, supporter_id)).get(supporter_id, NOBODY)
    sums = persons.sums_of(person)
    change = sums.less(Sums.read(row.parts))
    if change or row.memberships != person.memberships:
        row.parts, row.memberships = sums.rows(), person.memberships
        row.save(update_fields=["parts", "memberships"])
    return change


def _locked(supporter_id: UUID) -> Counted:
    rows = Counted.objects.select_for_update(no_key=True)
    row = rows.filter(pk=supporter_id).first()
    if row is None:
        # Another worker may be a moment faster; then the lock waits for it.
        Counted.objects.bulk_create([Counted(supporter_id=supporter_id)], ignore_conflicts=True)
        row = rows.get(pk=supporter_id)
    return row
