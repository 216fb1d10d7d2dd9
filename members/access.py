"""Noting who of the staff looked at a supporter's record, and telling the supporter.

access.note(staff=, supporter_id=, action=, fields=, purpose=)          one supporter
access.note_many(staff=, supporter_ids=, action=, fields=, purpose=)    all on a page
access.note_list(staff=, supporter_ids=, fields=, purpose=)             all in a file

Part of the caller's transaction where it changes something: what is done is noted, or not done.
"""

import json
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from members.models import AccessLog, StaffMember, Supporter
from members.models.access import Action, Field, Purpose
from members.models.staff import Role

MONTHS: Final = 24
# A day more than 24 months can have, so that the database agrees (migration 0008).
KEPT: Final = timedelta(days=732)
_AT_ONCE: Final = 500
# What all the lines of one list have in common.
_OF_ALL: Final = frozenset({"staff", "role", "action", "fields", "purpose", "at"})


class NothingLookedAt(ValueError):
    """A look has to say at what."""


def note(
    *,
    staff: StaffMember,
    supporter_id: UUID,
    action: Action,
    fields: Collection[Field],
    purpose: Purpose,
) -> None:
    """Write down that this member of staff looked at these fields of this supporter, and why.

    Raises NothingLookedAt, and ValueError for a word that is in none of the lists.
    """
    note_many(
        staff=staff, supporter_ids=[supporter_id], action=action, fields=fields, purpose=purpose
    )


def note_many(
    *,
    staff: StaffMember,
    supporter_ids: Iterable[UUID],
    action: Action,
    fields: Collection[Field],
    purpose: Purpose,
) -> None:
    """Write one line for each of these supporters, in few statements. Raises as `note` does."""
    seen = [each.value for each in Field if each in set(map(Field, fields))]
    if not seen:
        raise NothingLookedAt(action)
    now = timezone.now()
    lines = (
        AccessLog(
            staff=staff,
            role=staff.role,
            supporter_id=supporter_id,
            action=Action(action),
            fields=seen,
            purpose=Purpose(purpose),
            at=now,
        )
        for supporter_id in dict.fromkeys(supporter_ids)
    )
    AccessLog.objects.bulk_create(lines, batch_size=_AT_ONCE)


def note_list(
    *,
    staff: StaffMember,
    supporter_ids: Iterable[UUID],
    fields: Collection[Field],
    purpose: Purpose,
) -> None:
    """Write one line for each of these, who stand in a file that is taken out: one statement.

    As `note_many` does, for a million as well: the database makes the lines. Raises as `note` does.
    """
    seen = [each.value for each in Field if each in set(map(Field, fields))]
    if not seen:
        raise NothingLookedAt(Action.EXPORTED)
    line = AccessLog(
        staff=staff,
        role=staff.role,
        action=Action.EXPORTED,
        fields=seen,
        purpose=Purpose(purpose),
        at=timezone.now(),
    )
    columns = [each for each in AccessLog._meta.concrete_fields if each.name in _OF_ALL]
    values = [each.get_db_prep_save(getattr(line, each.attname), connection) for each in columns]
    names = ", ".join(connection.ops.quote_name(str(each.column)) for each in columns)
    new_id, each_id, given = _ids_as_rows(list(dict.fromkeys(supporter_ids)))
    with connection.cursor() as cursor:
        cursor.execute(
            # Only names of columns and of functions are put in; every value is a parameter.
            f"INSERT INTO members_accesslog (id, supporter_id, {names}) "  # noqa: S608 - as said
            f"SELECT {new_id}, seen.value, {', '.join(['%s'] * len(values))} FROM {each_id}",
            [*values, given],
        )


def _ids_as_rows(ids: list[UUID]) -> tuple[str, str, list[UUID] | str]:
    """How this database makes an id, and rows of one parameter that holds many; and that one."""
    if connection.vendor == "postgresql":
        return "gen_random_uuid()", "unnest(%s::uuid[]) AS seen(value)", ids
    in_json = json.dumps([each.hex for each in ids])
    return "lower(hex(randomblob(16)))", "json_each(%s) AS seen", in_json


def over(now: datetime) -> QuerySet[AccessLog]:
    """The lines that are kept no longer, at `now`."""
    return AccessLog.objects.filter(at__lt=now - KEPT)


def of(supporter: Supporter) -> QuerySet[AccessLog]:
    """The looks at this supporter, the newest first."""
    return AccessLog.objects.filter(supporter=supporter).order_by("-at", "-pk")


def who(line: AccessLog) -> str:
    """Who looked, by their work and never by their name."""
    return str(_WHO.get(line.role, _("A member of our staff")))


def what(line: AccessLog) -> str:
    """What they did, and with what: a list after a colon, so that no grammar binds the words."""
    fields = ", ".join(str(_FIELDS[Field(each)]) for each in line.fields)
    return str(_ACTIONS[Action(line.action)]) % {"fields": fields}


def why(line: AccessLog) -> str:
    return str(_PURPOSES[Purpose(line.purpose)])


_WHO: Final[dict[str, Promise | str]] = {
    Role.SUPPORT: _("A member of our support team"),
    Role.FINANCE: _("A member of our finance team"),
    Role.ADMIN: _("A person who looks after this service"),
}
_ACTIONS: Final[dict[Action, Promise | str]] = {
    Action.SHOWN: _("Looked at: %(fields)s"),
    Action.FOUND: _("Saw in a list: %(fields)s"),
    Action.EXPORTED: _("Took out in a file: %(fields)s"),
    Action.CHANGED: _("Changed: %(fields)s"),
    Action.REMOVED: _("Deleted: %(fields)s"),
}
_FIELDS: Final[dict[Field, Promise | str]] = {
    Field.NAME: _("your name"),
    Field.EMAIL: _("your e-mail address"),
    Field.LETTERS: _("which letters you got"),
    Field.MEMBERSHIP: _("your membership"),
    Field.PAYMENTS: _("your payments"),
    Field.RECEIPTS: _("your receipts"),
    Field.WISHES: _("how you want letters"),
}
_PURPOSES: Final[dict[Purpose, Promise | str]] = {
    Purpose.ASKED: _("You had asked us for something."),
    Purpose.PAYMENT: _("A payment needed a person to look at it."),
    Purpose.MAIL: _("A letter could not be delivered."),
    Purpose.BOOKS: _("The books had to be closed or checked."),
    Purpose.SAFETY: _("The service had to be kept safe."),
    Purpose.LAW: _("The law asked for it."),
}
