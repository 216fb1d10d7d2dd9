"""The words of each sign: what it is, what it means, what to do, and who is to hear of it.

Staff read them on the board, in English as all of the staff's pages, and in the letters of alarms,
which are translated like every letter.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from django.utils.translation import gettext_noop as _


class Audience(Enum):
    """Who is mailed: those who look after the service always are."""

    MACHINE = "machine"
    BOOKS = "books"
    PEOPLE = "people"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class About:
    """A sign in words. `page` is the name of the page on which something can be done about it."""

    title: str
    means: str
    do: str
    audience: Audience = Audience.MACHINE
    page: str = ""
    anchor: str = ""


MACHINE: Final = "The machine"
STRIPE: Final = "Stripe"
MAIL: Final = "Letters"
BOOKS: Final = "The books and the nights"
PEOPLE: Final = "Waiting for a person"

_PARTS: Final = _(
    "Look at its process and its log; start it again. /healthz says the same as this."
)
_BOOKS: Final = "staff-inbox"

GROUPS: Final[dict[str, dict[str, About]]] = {
    MACHINE: {
        "worker": About(
            _("Worker"),
            _("The process that does the work: it applies payments and sends letters."),
            _PARTS,
        ),
        "beat": About(
            _("Beat"),
            _("The clock that wakes the worker. Without it nothing is due and nothing is swept."),
            _PARTS,
        ),
        "watch": About(
            _("Watch"),
            _("Once a minute somebody reads all that stands here. Without it no alarm is mailed."),
            _("It runs in the worker, called by beat: see those two."),
        ),
    },
    STRIPE: {
        "stripe": About(
            _("Stripe answers"),
            _(
                "We ask Stripe every ten minutes what happened. Payments go on without us "
                "meanwhile."
            ),
            _(
                "Look at Stripe's status page. If Stripe is well, our key may have been revoked "
                "or the way out be closed."
            ),
        ),
        "events-waiting": About(
            _("Events waiting"),
            _("What Stripe told us and nobody has applied yet. Seconds are usual."),
            _("See whether the worker runs and Stripe answers; nothing is lost meanwhile."),
            page="staff-inbox",
            anchor="?state=waiting#came",
        ),
        "events-parked": About(
            _("Events parked"),
            _("What was tried and could not be applied: money may be missing from the books."),
            _("Read why, mend it, then retry."),
            Audience.ALL,
            "staff-inbox",
            "#parked",
        ),
        "webhook-delay": About(
            _("Time on the way"),
            _("How long an event takes from Stripe until it is applied, as a rule."),
            _(
                "Late at our door: see Stripe's webhook page. Late to be done: the worker has too "
                "much to do."
            ),
            page="staff-inbox",
            anchor="#came",
        ),
        "promises": About(
            _("Promises refused"),
            _("Refunds and endings that we promised and that Stripe refused."),
            _("Do each in Stripe's dashboard; then it goes from here by itself."),
            Audience.ALL,
            "staff-inbox",
            "#unkept",
        ),
        "events-foreign": About(
            _("Events of others"),
            _("About what other products on the same Stripe account sell. Counted, never applied."),
            _("Nothing, unless it grows and you sell nothing else."),
            page="staff-inbox",
            anchor="#alone",
        ),
    },
    MAIL: {
        "letters-due": About(
            _("Letters due"),
            _("Letters whose moment has come and that have not left."),
            _("See whether the worker runs and the mail server answers. They leave by themselves."),
            page="staff-letters",
            anchor="#mail",
        ),
        "letters-failed": About(
            _("Letters given up"),
            _("Letters that could not be sent, however often it was tried."),
            _("Read why, mend it, then try them again."),
            Audience.PEOPLE,
            "staff-letters",
            "#stuck",
        ),
        "mail-returns": About(
            _("Returned mail"),
            _(
                "Addresses of the last seven days that do not exist, or whose owners called a "
                "letter unwanted. Mail services slow down or block who has many."
            ),
            _("See which addresses; ask the mail service what it holds against us."),
            Audience.MACHINE,
            "staff-suppressed",
        ),
    },
    BOOKS: {
        "books": About(
            _("Days in balance"),
            _(
                "For how many days in a row each movement at Stripe was a line of ours, to the "
                "cent."
            ),
            _(
                "The count begins anew with the next check that balances: see the line of that "
                "check."
            ),
            Audience.BOOKS,
        ),
        "job-balance": About(
            _("Check of the books"),
            _("Every night each movement of money at Stripe is held against our ledger."),
            _("Run 'manage.py balance': it names each line that differs."),
            Audience.BOOKS,
            _BOOKS,
            "#runs",
        ),
        "job-reconcile": About(
            _("Comparison with Stripe"),
            _("Every night each membership and payment is compared with Stripe and healed."),
            _("Run 'manage.py reconcile': it names what differs, and why it was not healed."),
            Audience.BOOKS,
            _BOOKS,
            "#runs",
        ),
        "job-rollups": About(
            _("Check of the reports"),
            _(
                "Every night the sums that reports read are held against the facts they are made "
                "of."
            ),
            _("Run 'manage.py rollups --check': it names the months that differ."),
            Audience.BOOKS,
            "staff-reports",
        ),
        "job-backfill": About(
            _("Missed events"),
            _("Every ten minutes we ask for events that never reached us."),
            _("See whether Stripe answers. If many were missed: see Stripe's webhook page."),
            page=_BOOKS,
            anchor="#runs",
        ),
        "job-reminders": About(
            _("Reminders planned"),
            _("Every hour the reminders of the next day are written down: the law wants them."),
            _("Look at the worker's log, then run 'manage.py run_due'."),
            Audience.MACHINE,
            "staff-letters",
        ),
        "job-tidy": About(
            _("Tidying"),
            _("Every night we forget what is kept no longer, as the privacy page promises."),
            _("Run 'manage.py tidy' and read what it says."),
        ),
    },
    PEOPLE: {
        "shield": About(
            _("The shield"),
            _("What stands before the public forms: nothing, a small sum, or a link by letter."),
            _("Look at what presses; a colleague can hold a level for some hours."),
            Audience.PEOPLE,
            "staff-shield",
        ),
        "disputes": About(
            _("Disputes to answer"),
            _("Banks ask us about payments, and want to hear from us by a day."),
            _(
                "Answer in Stripe's dashboard, or accept there. One that was answered stays here "
                "until its day."
            ),
            Audience.BOOKS,
        ),
        "withdrawals": About(
            _("Withdrawals stuck"),
            _("Supporters withdrew from their contract and Stripe refused to give the money back."),
            _("Give it back another way: the law allows fourteen days."),
            Audience.ALL,
            "staff-inbox",
            "#stated",
        ),
        "charges": About(
            _("Charges to look at"),
            _("Reported as not recognised in the last month, and not given back by themselves."),
            _("Look for the payment in Stripe's dashboard."),
            Audience.PEOPLE,
            "staff-inbox",
            "#stated",
        ),
        "erasures": About(
            _("Erasures under way"),
            _("Supporters who asked to be forgotten. It takes minutes; a day where mail is slow."),
            _("See whether Stripe answers and the worker's log; the law gives one month."),
            Audience.PEOPLE,
        ),
    },
}
_SILENCE: Final = About(
    _("Nobody watched"),
    _(
        "The worker or its clock did not run. Nothing was applied, no letter left, no alarm "
        "could be mailed. What waited is being made good."
    ),
    "",
)
_ABOUT: Final = {name: words for group in GROUPS.values() for name, words in group.items()}


def about(name: str) -> About:
    """The words of a sign; one without words stands for itself, and is told to all."""
    if name == "silence":
        return _SILENCE
    return _ABOUT.get(name) or About(name.replace("-", " ").capitalize(), "", "", Audience.ALL)
