"""The parts of what we know of a supporter: copied by name, wiped by name (HOUSE 21).

Who adds a table adds it here, or says below that it is about nobody. What law or proof wants kept
stays under the supporter's row, which then names nobody: each part says why.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final
from uuid import UUID

from django.db.models import Model, QuerySet
from django.utils import timezone

from billing import models as billing
from billing.models.letter import LetterState
from members import models as members
from members import vault
from members.exports import asking
from members.models import Supporter
from members.models.supporter import GONE

Lines = list[dict[str, Any]]
# Columns that say nothing of the person: how we find, lock and order rows.
_HIDDEN: Final = frozenset(
    {"email_sealed", "email_hash", "name_sealed", "new_sealed", "new_hash", "old_sealed"}
    | {"old_hash", "nonce", "claim", "lease_until", "applied_ticket", "address_hash", "press"}
    | {"next_try_at", "supporter_id", "granted_by", "revoked_by", "held_by_id", "released_by_id"}
    | {"lifted_by_id", "order_sealed", "staff_id", "closed_month", "term_hash"}
)
_WAITING: Final = (LetterState.QUEUED, LetterState.HELD, LetterState.GATHERED)
_BOOKS: Final = "Books and receipts are kept six full years, as the law wants. They name nobody."


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its tables, the copy its supporter gets, what erasing does, and why any is kept."""

    name: str
    tables: tuple[type[Model], ...]
    copy: Callable[[Supporter], Any]
    wipe: Callable[[Supporter], object] | None = None
    kept: str = ""


def _lines(rows: QuerySet[Any]) -> Lines:
    return [
        {name: value for name, value in row.items() if name not in _HIDDEN}
        for row in rows.order_by("pk").values()
    ]


def _deleted(name: str, table: type[Model], whose: str = "supporter") -> Part:
    """One table of which nothing stays; `whose` leads from its rows to their supporter."""
    return Part(
        name,
        (table,),
        lambda who: _lines(_theirs(table, whose, who)),
        lambda who: _theirs(table, whose, who).delete(),
    )


def _kept(name: str, table: type[Model], why: str, whose: str = "supporter") -> Part:
    """One table that stays as it is."""
    return Part(name, (table,), lambda who: _lines(_theirs(table, whose, who)), kept=why)


def _theirs(table: type[Model], whose: str, supporter: Supporter) -> QuerySet[Any]:
    return table._default_manager.filter(**{whose: supporter})


def _person(supporter: Supporter) -> dict[str, Any]:
    (line,) = _lines(Supporter.objects.filter(pk=supporter.pk))
    return {"email": supporter.email, "name": supporter.name} | line


def _wipe_person(supporter: Supporter) -> None:
    """Empty what names them. The address can never be found again, nor typed in again."""
    supporter.name_tokens.all().delete()
    Supporter.objects.filter(pk=supporter.pk).update(
        email_sealed=b"",
        name_sealed=b"",
        email_hash=tombstone(),
        language="en",
        discreet=False,
        wants_statement=False,
        signed_out_at=timezone.now(),
    )
    asking.drop_names()


def wipe(supporter: Supporter) -> None:
    """Empty or delete every part that nothing binds us to keep; part of the caller's transaction.

    The supporter is as they were read: some parts are found by their address.
    """
    for part in PARTS:
        if part.wipe is not None:
            part.wipe(supporter)


def tombstone() -> str:
    """What stands in place of the hash of an address: random, so that no address leads there."""
    return GONE + secrets.token_hex(29)


def _withdrawals(supporter: Supporter) -> Lines:
    lines = _lines(supporter.withdrawals.all())
    for line, row in zip(lines, supporter.withdrawals.order_by("pk"), strict=True):
        line |= {"email": row.email, "name": row.name}
    return lines


def _unname_withdrawals(supporter: Supporter) -> None:
    for row in supporter.withdrawals.all():
        supporter.withdrawals.filter(pk=row.pk).update(
            email_sealed=b"", name_sealed=b"", email_hash=tombstone()
        )


def _memberships(supporter: Supporter) -> Lines:
    lines = _lines(supporter.memberships.all())
    history = billing.MembershipEvent.objects.filter(membership__supporter=supporter)
    for line in lines:
        line["history"] = _lines(history.filter(membership=line["id"]))
    return lines


def _payments(supporter: Supporter) -> Lines:
    lines = _lines(supporter.payments.all())
    about = {
        "refunds": billing.Refund,
        "disputes": billing.Dispute,
        "ledger": billing.LedgerLine,
    }
    for line in lines:
        for name, table in about.items():
            line[name] = _lines(table._default_manager.filter(payment=line["id"]))
    return lines


def _letters(supporter: Supporter) -> dict[str, Lines]:
    refused = billing.Suppression.objects.filter(address_hash=supporter.email_hash)
    return {
        "letters": _lines(supporter.letters.all()),
        "held_back": _lines(billing.LetterHold.objects.filter(letter__supporter=supporter)),
        "address_refused": _lines(refused),
    }


def _stop_letters(supporter: Supporter) -> None:
    supporter.letters.filter(state__in=_WAITING).update(
        state=LetterState.SKIPPED, reason="they were erased"
    )


def _join_links(supporter: Supporter) -> QuerySet[members.JoinLink]:
    return members.JoinLink.objects.filter(email_hash=supporter.email_hash)


def _searches(supporter: Supporter) -> QuerySet[members.Search]:
    """The searches for their address. What else was typed leads to no one person."""
    if not supporter.email_sealed:
        return members.Search.objects.none()
    typed = vault.term_hash(supporter.email)
    return members.Search.objects.filter(term_hash=typed)


def _subjects(supporter: Supporter) -> list[UUID]:
    rows = (supporter.memberships, supporter.payments, supporter.customers)
    return list(chain.from_iterable(each.values_list("pk", flat=True) for each in rows))


def _wishes(supporter: Supporter) -> Lines:
    lines = _lines(billing.Intent.objects.filter(subject__in=_subjects(supporter)))
    for line in lines:
        line["params"].pop("frozen", None)
    return lines


PARTS: Final = (
    Part(
        "person",
        (Supporter, members.NameToken),
        _person,
        _wipe_person,
        "The row alone: what was given hangs on it.",
    ),
    _kept(
        "consents",
        members.Consent,
        "Proof that there was consent (GDPR Art. 7(1)): which words, and when. Names nobody.",
    ),
    _deleted("sign_ins", members.SignIn),
    Part(
        "join_links",
        (members.JoinLink,),
        lambda who: _lines(_join_links(who)),
        lambda who: _join_links(who).delete(),
    ),
    _deleted("signed_in_browsers", members.Browser),
    _kept(
        "who_looked",
        members.AccessLog,
        "Which of our staff looked, when and why, for 24 months. It names no supporter.",
    ),
    _kept(
        "what_staff_did",
        members.StaffAct,
        "Which of our staff did what, when and why, for 24 months. It names no supporter.",
    ),
    Part(
        "searches_by_address",
        (members.Search,),
        lambda who: _lines(_searches(who)),
        lambda who: _searches(who).delete(),
    ),
    _deleted("address_changes", members.AddressChange),
    _deleted("badge", members.Badge),
    _deleted("copies", members.Export),
    _kept("erasure", members.Erasure, "That they were erased, when and why."),
    Part(
        "withdrawals",
        (members.Withdrawal,),
        _withdrawals,
        _unname_withdrawals,
        "Proof of what was declared, and when. It names nobody.",
    ),
    Part(
        "memberships",
        (billing.Membership, billing.MembershipEvent, billing.Counted),
        _memberships,
        kept=_BOOKS,
    ),
    _deleted("reasons_for_leaving", members.Farewell, "membership__supporter"),
    _kept("complimentary", billing.CompMembership, _BOOKS),
    _kept(
        "charge_reports",
        members.ChargeReport,
        "Why a payment was given back. What was typed, by whom we do not know.",
        "payment__supporter",
    ),
    Part(
        "payments",
        (billing.Payment, billing.Refund, billing.Dispute, billing.LedgerLine),
        _payments,
        kept=_BOOKS,
    ),
    _kept("receipts", billing.Receipt, _BOOKS, "payment__supporter"),
    Part(
        "letters",
        (billing.Letter, billing.LetterHold, billing.Suppression),
        _letters,
        _stop_letters,
        "Which kinds were sent, and when: no text, no address. A refusal is a keyed hash.",
    ),
    Part(
        "asked_of_stripe",
        (billing.Intent,),
        _wishes,
        kept="What was asked, and when, as proof of cancelling and withdrawing. Names nobody.",
    ),
    _kept(
        "stripe_customers",
        billing.StripeCustomer,
        "Ids by which money that moves later finds its payment. Stripe deleted the person.",
    ),
)

# Tables that say nothing of any supporter. A part of a list does for a day, sealed and all in one:
# that a supporter stood in it is told by who_looked, and erasing somebody stops lists with names.
IMPERSONAL: Final[tuple[type[Model], ...]] = (
    billing.Alarm,
    billing.Bygone,
    billing.YearLetGo,
    billing.Payout,
    billing.Period,
    billing.Campaign,
    billing.JobRun,
    billing.Plan,
    billing.Pulse,
    billing.ReceiptSeries,
    billing.Rollup,
    billing.StripeEvent,
    billing.Tally,
    billing.Ticket,
    billing.Walk,
    members.ListPart,
    members.ShieldChange,
    members.StaffList,
    members.StaffMember,
    members.TeamAct,
)
