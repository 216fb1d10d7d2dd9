"""What each role may do: this one table, and nothing that does not stand in it.

A page says what it needs (members/staff/access.py), a verb asks `may`. A new permission is nobody's
until it is given to a role here.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from members.models import StaffMember
from members.models.staff import Role


class May(StrEnum):
    """What somebody on the staff can be let do."""

    REPORTS = "reports"  # sums and figures, no row behind them
    SMALL = "small"  # the figures of fewer than five people as well
    MEMBERS = "members"  # memberships, letters and events, as rows without a name
    DESK = "desk"  # help one supporter who asked, without seeing who they are
    HELP = "help"  # at the desk do and see everything, not what is about money alone
    IDENTITY = "identity"  # see who a supporter is, each look written down
    TABLES = "tables"  # the rows of the database, to read, identities sealed
    BOOKS = "books"  # packs, payouts and journals, and to close a month, for which one answers
    EXPORT = "export"  # take a list out as a file
    EXPORT_NAMES = "export-names"  # ask for a list with names and addresses in it
    AGREE = "agree"  # be the second person for a list that needs one
    READING = "reading"  # see who of the staff looked at whom
    TEAM = "team"  # let colleagues in, change their role, let them go
    LOCK = "lock"  # lock the house down, and open it again


_READS: Final = frozenset({May.REPORTS})
_WORKS: Final = _READS | {May.MEMBERS, May.DESK, May.TABLES}
_HELPS: Final = _WORKS | {May.HELP, May.IDENTITY}
_COUNTS: Final = _WORKS | {May.SMALL, May.BOOKS, May.EXPORT, May.EXPORT_NAMES, May.AGREE}
MAY: Final[Mapping[Role, frozenset[May]]] = {
    Role.VIEWER: _READS,
    Role.SUPPORT: _HELPS,
    Role.FINANCE: _COUNTS,
    Role.ADMIN: _HELPS | _COUNTS | {May.READING, May.TEAM, May.LOCK},
}


def may(member: object, what: May) -> bool:
    """Whether this member of staff, as their row says now, may do this. A stranger may nothing."""
    return (
        isinstance(member, StaffMember)
        and member.is_active
        and what in MAY.get(Role(member.role), frozenset())
    )


def those_who(what: May) -> list[Role]:
    """The roles that may do this."""
    return [role for role, all_of_it in MAY.items() if what in all_of_it]
