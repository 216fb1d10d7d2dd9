"""The sheet that a look ahead writes on: what is there already is not written down again."""

from collections.abc import Iterable
from typing import Any

from billing import ledger
from billing.intents import Wanted
from billing.models import (
    Dispute,
    Intent,
    LedgerLine,
    Letter,
    Membership,
    Payment,
    Payout,
    Receipt,
    Refund,
)
from billing.models.receipt import Series
from billing.outlook.foresight import Change, Outlook, told
from billing.snapshots import BookedSnapshot
from billing.tidings import Tiding


class Sheet:
    """Notes changes in an outlook, each once."""

    def __init__(self, outlook: Outlook) -> None:
        self.outlook = outlook

    def columns(self, what: str, row: Any, found: dict[str, Any]) -> None:
        """Note the columns that would change, and let the row in memory have them."""
        for name, new in found.items():
            before = None if name == "customer" else getattr(row, name)
            column = name.removeprefix("stripe_").removesuffix("_id") or name
            self._note(Change(what, _named(row), column, told(name, before), told(name, new)))
            if name != "customer":
                setattr(row, name, new)

    def write(self, what: str, which: str, after: str = "") -> None:
        """Note a row that would be written."""
        self._note(Change(what, which, after=after))

    def lines(self, movements: Iterable[BookedSnapshot]) -> None:
        """Note the movements of money that would get their line in the ledger."""
        for each in ledger.lacking(movements):
            self.write("ledger line", each.id, told("net_cents", each.net_cents))

    def document(self, payment: Payment, series: Series, **about: Any) -> None:
        """A receipt, or the note that corrects one, and the letter that it goes out with."""
        row = about.get("refund") or payment
        one = {f"{name}_id": each.pk for name, each in (about or {"payment": payment}).items()}
        document = Receipt.objects.filter(series=series, **one).first()
        kind = series.label.lower()
        if document is None:
            self.write(kind, _named(row))
        self.letter(kind.replace(" ", "-"), document or row)

    def correction(self, series: Series | None, about: Dispute | LedgerLine) -> None:
        """The document that a dispute or a return calls for, if there is one to be written."""
        if series is not None:
            self.write(series.label.lower(), _named(about))

    def letter(
        self, kind: str, about: Membership | Payment | Refund | LedgerLine | Receipt
    ) -> None:
        """A letter of this kind, whose key is the id of what it is about."""
        if kind and not Letter.objects.filter(kind=kind, key=str(about.pk)).exists():
            self.write("letter", _named(about), kind)

    def letters(self, told: Iterable[Tiding], about: Membership | Payment | Refund) -> None:
        """Note letters that would be asked for; one with the key of a row is named as the row."""
        for kind, key in told:
            if key == str(about.pk):
                self.letter(kind, about)
            elif not Letter.objects.filter(kind=kind, key=key).exists():
                self.write("letter", key, kind)

    def ask(self, wanted: Iterable[Wanted]) -> None:
        """Note what Stripe would be asked to do."""
        for each in wanted:
            if not Intent.objects.filter(press=each["press"]).exists():
                self.write("request", each["press"], each["kind"].label.lower())

    def _note(self, change: Change) -> None:
        if change not in self.outlook.changes:
            self.outlook.changes.append(change)


def _named(
    row: Membership | Payment | Payout | Refund | Dispute | LedgerLine | Receipt,
) -> str:
    """The id of a row; Stripe's, where the row is not there yet and has none of ours to go by."""
    if row._state.adding:
        for column in ("payment_intent_id", "invoice_id", "refund_id", "dispute_id"):
            if stripe_id := getattr(row, f"stripe_{column}", None):
                return str(stripe_id)
    return str(row.pk)
