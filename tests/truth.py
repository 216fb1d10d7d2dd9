"""What our rows must say once all is quiet: read from Stripe's raw objects, by none of our code.

An oracle, so it is written from the rules and from Stripe's documentation, not from billing/: what
it shares with the code under test is the database alone.
"""

import json
import re
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core import mail

from billing.models import (
    Dispute,
    Intent,
    LedgerLine,
    Letter,
    Membership,
    MembershipEvent,
    Payment,
    Receipt,
    Refund,
)
from tests.local_stripe import LocalStripe

Raw = dict[str, Any]
REF = "meitheal_ref"
_LIVE = ("active", "past_due", "paused")
_PRICE = r"\d+-(month|year)"
_DUBLIN = ZoneInfo("Europe/Dublin")
_STATES = {
    "incomplete": "pending",
    "incomplete_expired": "expired",
    "trialing": "active",
    "active": "active",
    "past_due": "past_due",
    "unpaid": "past_due",
    "paused": "paused",
    "canceled": "ended",
}
_DISPUTES = {
    "needs_response": "open",
    "under_review": "open",
    "won": "won",
    "lost": "lost",
    "warning_needs_response": "inquiry",
    "warning_under_review": "inquiry",
    "warning_closed": "closed",
    "prevented": "closed",
}


class Wire:
    """Stripe's lists as JSON, without the SDK."""

    def __init__(self, stripe: LocalStripe) -> None:
        self.base = stripe.url

    def all(self, path: str, **asked: str) -> Iterator[Raw]:
        after: dict[str, str] = {}
        while True:
            query = urllib.parse.urlencode({**asked, **after, "limit": "100"})
            request = urllib.request.Request(  # noqa: S310 - an address of ours
                f"{self.base}/v1/{path}?{query}", headers={"Authorization": "Bearer sk_test_truth"}
            )
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - the same
                page = json.load(answer)
            yield from page["data"]
            if not page["has_more"]:
                return
            after = {"starting_after": page["data"][-1]["id"]}


def problems(stripe: LocalStripe) -> list[str]:
    """Everything in our rows that is not as Stripe's objects have it; none when all is well."""
    wire = Wire(stripe)
    return [
        *_memberships(wire),
        *_payments(wire),
        *_refunds(wire),
        *_disputes(wire),
        *_documents(),
        *_letters(wire),
        *_ledger(wire),
    ]


def _when(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _memberships(wire: Wire) -> Iterator[str]:
    rows = {str(row.pk): row for row in Membership.objects.all()}
    for sub in wire.all("subscriptions", status="all"):
        ref = sub["metadata"].get(REF)
        if ref is None:
            continue
        row = rows.pop(ref, None)
        if row is None:
            yield f"{sub['id']} has no membership"
        else:
            yield from _differences(f"membership of {sub['id']}", row, _membership(sub, row))
    for row in rows.values():
        if row.state not in {"pending", "expired"}:
            yield f"membership {row.pk} is {row.state} and not at Stripe"


def _membership(sub: Raw, row: Membership) -> Raw:
    item = sub["items"]["data"][0]
    state = _STATES[sub["status"]]
    if state == "active" and sub["pause_collection"]:
        state = "paused"
    paid = Payment.objects.filter(membership=row, state="succeeded").exists()
    tried = MembershipEvent.objects.filter(membership=row, new_state="active").exists()
    if state == "ended" and not paid and not tried:
        state = row.state if row.state in {"expired", "ended"} else "expired or ended"
    wanted: Raw = {
        "state": state,
        "amount_cents": item["price"]["unit_amount"] * item["quantity"],
        "interval": item["price"]["recurring"]["interval"],
        "period_start": _when(item["current_period_start"]),
        "period_end": _when(item["current_period_end"]),
    }
    if state == "ended":
        wanted |= {"ended_at": _when(sub["ended_at"]), "ends_on": None}
    elif state != "expired":
        ends = sub["cancel_at"] or (
            item["current_period_end"] if sub["cancel_at_period_end"] else None
        )
        wanted |= {"ended_at": None, "ends_on": _when(ends)}
    return wanted


def _differences(what: str, row: object, wanted: Raw) -> Iterator[str]:
    for name, value in wanted.items():
        if getattr(row, name) != value:
            yield f"{what}: {name} is {getattr(row, name)}, not {value}"


def _payments(wire: Wire) -> Iterator[str]:
    rows = {row.stripe_payment_intent_id: row for row in Payment.objects.all()}
    ours = _intents_of_ours(wire)
    came = _categories(wire, "charge")
    first = _arrived(wire)
    for intent in wire.all("payment_intents"):
        if intent["id"] not in ours or intent["id"] not in first:
            continue
        row = rows.get(intent["id"])
        if row is None:
            yield f"{intent['id']} has no payment"
            continue
        charge = first[intent["id"]]
        line = came.get(charge["id"])
        wanted: Raw = {"state": "succeeded", "amount_cents": charge["amount"]}
        if line is not None:
            wanted |= {"paid_at": _when(line["created"])}
            wanted |= {"fee_cents": line["fee"], "net_cents": line["net"]}
        yield from _differences(f"payment of {intent['id']}", row, wanted)
    paid = Payment.objects.filter(state="succeeded", outside_stripe=False)
    for payment in paid.exclude(stripe_payment_intent_id__in=first):
        yield f"payment {payment.pk} was never paid at Stripe"


def _categories(wire: Wire, category: str) -> dict[str, Raw]:
    """The balance transactions of one category, by what they are about."""
    rows = wire.all("balance_transactions")
    return {each["source"]: each for each in rows if each["reporting_category"] == category}


def _arrived(wire: Wire) -> dict[str, Raw]:
    """By payment intent the charge with which it was first paid, be it taken back weeks later.

    A debit that failed on its way was booked as it was made, if at all; here it is booked as it
    clears unless a test sets that otherwise.
    """
    came = _categories(wire, "charge")
    found: dict[str, Raw] = {}
    for charge in wire.all("charges"):  # newest first
        line = came.get(charge["id"])
        returned = charge["status"] == "failed" and line and line["created"] > charge["created"]
        if charge["status"] == "succeeded" or returned:
            found[charge["payment_intent"]] = charge
    return found


def _intents_of_ours(wire: Wire) -> set[str]:
    subs = {s["id"] for s in wire.all("subscriptions", status="all") if s["metadata"].get(REF)}
    invoices = {
        each["id"]
        for each in wire.all("invoices")
        if ((each["parent"] or {}).get("subscription_details") or {}).get("subscription") in subs
    }
    of_invoices = {
        each["payment"]["payment_intent"]
        for each in wire.all("invoice_payments")
        if each["invoice"] in invoices
    }
    gifts = {each["id"] for each in wire.all("payment_intents") if each["metadata"].get(REF)}
    return of_invoices | gifts


def _refunds(wire: Wire) -> Iterator[str]:
    rows = {row.stripe_refund_id: row for row in Refund.objects.all()}
    ours = _intents_of_ours(wire)
    for refund in wire.all("refunds"):
        if refund["payment_intent"] in ours:
            row = rows.pop(refund["id"], None)
            if row is None:
                yield f"{refund['id']} has no refund"
            else:
                wanted = {"state": refund["status"], "amount_cents": refund["amount"]}
                yield from _differences(refund["id"], row, wanted)
    yield from (f"refund {each} is not at Stripe" for each in rows)


def _disputes(wire: Wire) -> Iterator[str]:
    rows = {row.stripe_dispute_id: row for row in Dispute.objects.all()}
    ours = _intents_of_ours(wire)
    for dispute in wire.all("disputes"):
        if dispute["payment_intent"] in ours:
            row = rows.pop(dispute["id"], None)
            if row is None:
                yield f"{dispute['id']} has no dispute"
            else:
                wanted = {"state": _DISPUTES[dispute["status"]], "amount_cents": dispute["amount"]}
                yield from _differences(dispute["id"], row, wanted)
    yield from (f"dispute {each} is not at Stripe" for each in rows)


def _documents() -> Iterator[str]:
    """A receipt for what came, a credit note for what went, a debit note for what came back."""
    for payment in Payment.objects.all():
        count = payment.receipts.filter(series="R").count()
        if count != (payment.state == "succeeded"):
            yield f"payment {payment.pk} ({payment.state}) has {count} receipts"
    for refund in Refund.objects.all():
        series = Counter(refund.documents.values_list("series", flat=True))
        credited = series["C"]
        # One that failed before it went through was never credited; one that went through was.
        wanted = {"succeeded": (1, 0), "pending": (0, 0)}.get(refund.state, (credited, credited))
        if (credited, series["D"]) != wanted or credited > 1:
            yield f"refund {refund.pk} ({refund.state}) has documents {dict(series)}"
    yield from _back_and_forth()
    numbers: dict[tuple[str, int], list[int]] = {}
    for receipt in Receipt.objects.all():
        numbers.setdefault((receipt.series, receipt.year), []).append(receipt.number)
    for where, given in numbers.items():
        if sorted(given) != list(range(1, len(given) + 1)):
            yield f"numbers of {where} have gaps: {sorted(given)}"


def _back_and_forth() -> Iterator[str]:
    """A credit note for each time that a bank took money, a debit note for each that it came."""
    for dispute in Dispute.objects.all():
        # One that was won on appeal had been lost, if that was heard of, and was credited: in turn.
        turns = "".join(
            dispute.documents.order_by("turn", "series").values_list("series", flat=True)
        )
        wanted_end = {"lost": "C", "won": "D"}.get(dispute.state, "")
        told = turns if turns or dispute.state == "lost" else wanted_end
        if turns != _in_turn(turns) or told[-1:] != wanted_end:
            yield f"dispute {dispute.pk} ({dispute.state}) has documents {turns}"
    for line in LedgerLine.objects.filter(kind="payment_returned", payment__state="succeeded"):
        payment = line.payment
        if payment is None or line.source_id != payment.stripe_charge_id:
            continue
        turns = "".join(line.documents.order_by("turn", "series").values_list("series", flat=True))
        ways = payment.ledger_lines.filter(kind__startswith="payment")
        held = sum(ways.values_list("amount_cents", flat=True))
        told = turns or ("" if held else "none")
        if turns != _in_turn(turns) or told[-1:] not in {"", "D" if held else "C"}:
            yield f"payment {payment.pk} came back and has documents {turns}"


def _in_turn(told: str) -> str:
    """Credit note, debit note, credit note ..."""
    return ("CD" * len(told))[: len(told)]


def _letters(wire: Wire) -> Iterator[str]:
    """Each letter that the facts call for, once, and no other."""
    written = Counter(Letter.objects.values_list("kind", "key"))
    called_for = set(_called_for()) | set(_told_of_plans(wire))
    possible = called_for | set(_possible()) | set(_passing(written.keys()))
    yield from (f"letter {each} was not written" for each in called_for if not _has(written, each))
    yield from (f"letter {each} was not called for" for each in written.keys() - possible)
    yield from _prices()
    waiting = Letter.objects.exclude(state__in=["sent", "skipped"])
    yield from (f"letter {each.kind} is {each.state}: {each.reason}" for each in waiting)
    sent = Letter.objects.filter(state="sent").count()
    # One window is documented: who dies between the server's yes and our commit sends it again,
    # under the same Message-ID.
    mails = {each.extra_headers["Message-ID"] for each in mail.outbox}
    if len(mails) != sent:
        yield f"{len(mails)} mails for {sent} letters"


def _prices() -> Iterator[str]:
    """The last word about a price is the one that will be paid; without a word nothing changed."""
    for membership in Membership.objects.filter(state__in=_LIVE, ends_on=None):
        first = membership.payments.filter(state="succeeded").order_by("paid_at").first()
        letters = Letter.objects.filter(kind="changed", key__startswith=f"{membership.pk}:")
        last = letters.order_by("created_at").last()
        if first is None:
            continue
        ahead = f"{membership.amount_cents}-{membership.interval}"
        if membership.next_amount_cents is not None:
            ahead = f"{membership.next_amount_cents}-{membership.next_interval}"
        begun = f"{first.amount_cents}-{first.plan.interval}"
        said = last.key.split(":")[2] if last else begun
        if said != ahead:
            yield f"membership {membership.pk} will pay {ahead}, and the last word was {said}"


def _has(written: Counter[tuple[str, str]], wanted: tuple[str, str]) -> bool:
    """Whether it was written; a key that ends in a star may go on as it likes."""
    kind, key = wanted
    begin = key.removesuffix("*")
    if begin == key:
        return wanted in written
    return any(each[0] == kind and each[1].startswith(begin) for each in written)


def _called_for() -> Iterator[tuple[str, str]]:
    for receipt in Receipt.objects.all():
        if receipt.dispute_id is None:
            kind = {"R": "receipt", "C": "credit-note", "D": "debit-note"}[receipt.series]
            yield kind, str(receipt.pk)
    for membership in Membership.objects.all():
        if membership.payments.filter(state="succeeded").exists():
            yield "welcome", str(membership.pk)
        if membership.state == "ended":
            yield "ended", str(membership.pk)
        if any(_beside(membership)):
            yield "duplicate", str(membership.pk)
    for payment in _recovered():
        yield "recovered", str(payment.pk)
    # A refund that takes days may have been heard of when it had arrived.
    for refund in Refund.objects.filter(state="pending"):
        yield "refund", refund.stripe_refund_id
    for wish in Intent.objects.filter(kind="end_now", params__reason="withdrawn"):
        yield "withdrawal", str(wish.subject)


def _beside(membership: Membership) -> Iterator[Membership]:
    """The older ones of the same supporter that run beside it, each of them paid."""
    paid = Membership.objects.filter(
        supporter_id=membership.supporter_id, state="active", payments__state="succeeded"
    )
    if membership in paid:
        yield from paid.filter(created_at__lt=membership.created_at)


def _recovered() -> Iterator[Payment]:
    """What was paid for a membership after a try had failed."""
    paid = Payment.objects.filter(state="succeeded").exclude(first_failed_at=None)
    yield from paid.exclude(membership=None)


def _told_of_plans(wire: Wire) -> Iterator[tuple[str, str]]:
    """What is planned at Stripe now, of which the supporter has to know: an end, a pause.

    Of a change of the price, whose key says what it was before, only the shape is known here.
    """
    live = dict(Membership.objects.filter(state__in=_LIVE).values_list("pk", "period_end"))
    for sub in wire.all("subscriptions", status="all"):
        row = Membership.objects.filter(pk=sub["metadata"].get(REF), pk__in=live).first()
        if row is None:
            continue
        ends = sub["cancel_at"] or (
            sub["items"]["data"][0]["current_period_end"] if sub["cancel_at_period_end"] else None
        )
        if ends:
            day = datetime.fromtimestamp(ends, UTC).astimezone(_DUBLIN).date().isoformat()
            yield "cancelled", f"{row.pk}:{sub['canceled_at']}:{day}"
        if sub["status"] == "active" and sub["pause_collection"]:
            yield "paused", f"{row.pk}:{sub['pause_collection']['resumes_at'] or 'open'}:*"


def _passing(written: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """What may have been written about what has passed since: each by the shape of its key."""
    members = {str(each) for each in Membership.objects.values_list("pk", flat=True)}
    shapes = {
        "changed": rf"{_PRICE}:{_PRICE}:\d{{4}}-\d\d-\d\d:(not-)?(price|sub_sched)_\w+",
        "paused": r"(\d+|open):([0-9a-f-]{36}|\d{4}-\d\d-\d\d)",
        "cancelled": r"\d+:\d{4}-\d\d-\d\d",
    }
    for kind, key in written:
        subject, _, rest = key.partition(":")
        if kind in shapes and subject in members and re.fullmatch(shapes[kind], rest):
            yield kind, key


def _possible() -> Iterator[tuple[str, str]]:
    """What may have been written, by what was heard when; it says of itself whether it was sent."""
    for event in MembershipEvent.objects.filter(new_state="active"):
        yield "welcome", str(event.membership_id)
    for membership in Membership.objects.exclude(stripe_subscription_id=None):
        yield "welcome", str(membership.pk)  # while a direct debit is on its way
        if membership.started_at and _has_older(membership):
            yield "duplicate", str(membership.pk)
    for payment in Payment.objects.exclude(membership=None):
        yield "authenticate", str(payment.pk)
        yield from (("payment-failed", f"{payment.pk}:{step}") for step in ("3", "7", "last"))
        if payment.first_failed_at is not None:
            yield "payment-failed", str(payment.pk)
    for refund in Refund.objects.all():
        yield "refund", refund.stripe_refund_id
    # By the days that a membership had; whether one was told of twice, its key says.
    planned = {"reminder", "sepa-notice", "card-expiring", "resumes-soon"}
    for letter in Letter.objects.filter(kind__in=planned):
        yield letter.kind, letter.key


def _has_older(membership: Membership) -> bool:
    older = Membership.objects.filter(supporter_id=membership.supporter_id)
    return older.filter(created_at__lt=membership.created_at).exists()


def _ledger(wire: Wire) -> Iterator[str]:
    theirs = {each["id"]: each["net"] for each in wire.all("balance_transactions")}
    ours = dict(LedgerLine.objects.values_list("pk", "net_cents"))
    if theirs != ours:
        yield f"the ledger differs in {sorted(theirs.items() ^ ours.items())}"
