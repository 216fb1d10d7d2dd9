"""The ways of the staff: their pages in groups; everybody sees what their role may open."""

from dataclasses import dataclass
from typing import Final

from members.roles import May, may


@dataclass(frozen=True, slots=True)
class Place:
    """A page one can go to: its name, what one does there, its address by name, and who may.

    `here` is the word by which it and the pages beneath it say where one is.
    """

    label: str
    about: str
    page: str
    needs: May
    here: str


@dataclass(frozen=True, slots=True)
class Group:
    """Places that belong together."""

    name: str
    places: tuple[Place, ...]

    def holds(self, here: str) -> bool:
        """Whether one is at one of its places."""
        return any(each.here == here for each in self.places)


_GROUPS: Final = (
    Group("Reports", (
        Place("Overview", "The month so far, and every report", "staff-reports", May.REPORTS,
              "reports"),
        Place("Trustee page", "One printed page a month", "staff-trustees", May.REPORTS,
              "trustees"),
    )),
    Group("Supporters", (
        Place("Desk", "Help one supporter", "staff-desk", May.DESK, "desk"),
        Place("Members", "Every membership, without names", "staff-members", May.MEMBERS,
              "members"),
        Place("Stalls", "Links that count who joins by them", "staff-stalls", May.MEMBERS,
              "stalls"),
        Place("Lists", "Take a list out as a file", "staff-lists", May.EXPORT, "lists"),
    )),
    Group("Money", (
        Place("Books", "Months, payouts, journals", "staff-books", May.BOOKS, "books"),
        Place("Inbox", "What Stripe told us", "staff-inbox", May.MEMBERS, "inbox"),
    )),
    Group("Service", (
        Place("Board", "Whether all is well", "staff-board", May.REPORTS, "board"),
        Place("Letters", "What goes out, and what is stuck", "staff-letters", May.MEMBERS,
              "letters"),
        Place("Every letter", "How each kind reads", "staff-letter-kinds", May.REPORTS, "kinds"),
        Place("Shield", "What the public forms ask for", "staff-shield", May.MEMBERS, "shield"),
        Place("Team", "Who of us may do what", "staff-team", May.TEAM, "team"),
        Place("Access log", "Who looked at whom", "staff-reading", May.READING, "reading"),
        Place("Tables", "The rows of the database", "admin:index", May.TABLES, "tables"),
    )),
)  # fmt: skip


def of(user: object) -> list[Group]:
    """The groups with what this member of staff may open; none of them is empty."""
    found = [
        Group(group.name, tuple(each for each in group.places if may(user, each.needs)))
        for group in _GROUPS
    ]
    return [each for each in found if each.places]
