"""What is kept how long, table by table: from the very periods by which it goes.

docs/retention.md is made of it (MEITHEAL_WRITE=1 and tests/unit/test_schedule.py), so that no page
can promise what no night does. Who adds a table says here when its rows go.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db.models import Model

from billing import alarms, inbox, jobs, keeping, lapse, tallies
from billing import models as billing
from billing.letters import outbox
from members import access, addresses, retention, signin
from members import models as members
from members.exports import making
from members.privacy import copies
from members.shield import orders


@dataclass(frozen=True, slots=True)
class Kept:
    """Rows of these tables: what they are, until when they are kept, and why so long."""

    tables: tuple[type[Model], ...]
    what: str
    until: str
    why: str


def _span(period: timedelta) -> str:
    hours = int(period.total_seconds() // 3600)
    if hours < 24:
        return f"{hours} hour" + "s" * (hours > 1)
    return f"{period.days} day" + "s" * (period.days > 1)


_BOOKS: Final = f"{keeping.FULL_YEARS} full years after the calendar year (Dublin), then deleted"
_PERSON: Final = "as long as the supporter's row"
_LOOKS: Final = f"{access.MONTHS} months ({access.KEPT.days} days)"
_ALWAYS: Final = "for good"
_LAW: Final = "Companies Act 2014, s. 285"
_NOBODY: Final = "It says nothing of any supporter"

SCHEDULE: Final[tuple[Kept, ...]] = (
    Kept(
        (members.Supporter, members.NameToken),
        "Name and address of a supporter, and how they want to be written to",
        f"{lapse.MONTHS} months after the last payment, while nothing stands, runs or is disputed; "
        "or until they have it erased",
        "13 months in which a debit can be disputed, and a margin",
    ),
    Kept(
        (),
        "A supporter's row once it names nobody",
        "until the last of the books under it goes",
        "What was given hangs on it",
    ),
    Kept(
        (),
        "Somebody who began to join and never paid",
        _span(retention.ABANDONED_AFTER),
        "Time to come back to it",
    ),
    Kept(
        (billing.Payment, billing.Refund, billing.Dispute, billing.LedgerLine, billing.Receipt),
        "A payment with its receipts and notes, refunds, disputes and lines: all of it together, "
        "by the youngest",
        _BOOKS,
        _LAW,
    ),
    Kept((billing.Payout,), "Payouts to the bank", _BOOKS, _LAW),
    Kept(
        (billing.Membership, billing.MembershipEvent, billing.CompMembership),
        "Memberships and their history",
        f"{_PERSON}; of one that names nobody, {_BOOKS}",
        "The figures of the living years are made of their dates",
    ),
    Kept(
        (billing.Period, billing.Rollup, billing.Bygone, billing.YearLetGo, billing.ReceiptSeries),
        "Closed months, the monthly sums of the reports, what deleted years came to, and the last "
        "number of each series",
        _ALWAYS,
        _NOBODY,
    ),
    Kept(
        (billing.Counted,),
        "What a supporter stands for in the monthly sums",
        _PERSON,
        "The sums are kept up by it",
    ),
    Kept(
        (billing.Letter, billing.LetterHold),
        "That a letter was sent, its kind and when; its words are kept nowhere",
        f"links and mail to staff {_span(outbox.KEPT)}; others {_BOOKS}, or with their payment; "
        f"a welcome {_PERSON}",
        "Proof that somebody was told",
    ),
    Kept(
        (billing.Suppression,),
        "That an address refuses letters, as a keyed hash",
        _ALWAYS,
        "Nobody is written to again by mistake",
    ),
    Kept(
        (billing.Intent, billing.StripeCustomer),
        "What was asked of Stripe, and the ids of its customers",
        f"with their payment, or {_PERSON}",
        "Proof of what was asked; money that moves late finds its payment",
    ),
    Kept(
        (billing.StripeEvent,),
        "Ids of what Stripe told us. What it said is never stored",
        f"{_span(inbox.KEPT)}; what a person has to look at, until it is done",
        "A line of a record is explained by them",
    ),
    Kept(
        (billing.JobRun,), "How the jobs of the night ended", _span(jobs.KEPT), "The staff's board"
    ),
    Kept((billing.Alarm,), "Alarms", _span(alarms.KEPT), "The staff's board"),
    Kept((billing.Tally,), "Counts of a day", _span(tallies.KEPT), "The staff's board"),
    Kept(
        (billing.Ticket, billing.Walk, billing.Pulse),
        "Where jobs have come to, and signs of life",
        "written over; of tickets the last thousand",
        _NOBODY,
    ),
    Kept((billing.Plan, billing.Campaign), "Plans and campaigns", _ALWAYS, _NOBODY),
    Kept(
        (members.Consent,),
        "Which words were agreed to, and when",
        _PERSON,
        "GDPR, Art. 7(1): proof",
    ),
    Kept(
        (members.Erasure,),
        "That a supporter was erased, when and why",
        _PERSON,
        "Proof; the trustees' figure",
    ),
    Kept(
        (members.Withdrawal, members.ChargeReport),
        "What was stated without signing in",
        f"{_span(retention.STATEMENT_KEPT)}; where it belongs to nothing of ours, "
        f"{_span(retention.STRAY_STATEMENT_KEPT)}",
        "Statute of Limitations 1957, s. 11",
    ),
    Kept(
        (members.Farewell,),
        "Why somebody left, if they said so",
        "with the membership, or until the supporter is erased",
        "A reason of a list, no free text",
    ),
    Kept(
        (members.AccessLog, members.StaffAct, members.Search),
        "Who of the staff looked, did or searched what; of a search a keyed hash",
        _LOOKS,
        "Data Protection Act 2018, s. 36",
    ),
    Kept(
        (members.StaffList,),
        "That staff took out a list",
        _LOOKS,
        "As what the access log says of it",
    ),
    Kept(
        (members.ListPart,),
        "The list itself, sealed",
        f"{_span(making.LASTS)}; at once where somebody with a name in it is erased",
        "Time to fetch it",
    ),
    Kept(
        (members.SignIn,),
        "A link to sign in",
        f"{_span(signin.LASTS)}, its row {_span(retention.LINK_KEPT)} more",
        "It works once",
    ),
    Kept(
        (members.JoinLink,), "An order that waits for its letter", _span(orders.KEPT), "Time to pay"
    ),
    Kept(
        (members.AddressChange,),
        "A change of address",
        f"{_span(addresses.LASTS)} if it is not confirmed; the old address until it was told",
        "Both have to be written to",
    ),
    Kept(
        (members.Export,),
        "Leave to download one's own data",
        _span(copies.LASTS),
        "The copy is kept nowhere",
    ),
    Kept(
        (members.Browser,),
        "A browser that is signed in",
        _span(timedelta(seconds=settings.SESSION_COOKIE_AGE)),
        "Until then, or until it signs out",
    ),
    Kept(
        (members.Badge,), "The badge on the news site", "until it is taken back", "It is asked for"
    ),
    Kept(
        (members.StaffMember, members.TeamAct, members.ShieldChange),
        "The staff, who let whom in, and what the shield did",
        _ALWAYS,
        "What was done in their name stays theirs",
    ),
)
