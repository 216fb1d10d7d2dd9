"""One look ahead: objects as Stripe has them now, held to our rows as they would then be."""

from datetime import datetime
from uuid import UUID

from billing import (
    collection,
    covered,
    duplicates,
    fraud,
    history,
    memberships,
    payments,
    stripe_api,
    tidings,
)
from billing import payouts as paying_out
from billing import refunds as refunding
from billing.checkout import find
from billing.ids import read_id
from billing.models import (
    Membership,
    Payment,
    Payout,
)
from billing.models.receipt import Series
from billing.outlook import going_back
from billing.outlook.foresight import Outlook, told
from billing.outlook.sheet import Sheet
from billing.snapshots import (
    DisputeSnapshot,
    InvoiceSnapshot,
    PaymentSnapshot,
    RefundSnapshot,
    SubscriptionSnapshot,
)
from billing.states import (
    GIVEN_BACK,
    MembershipState,
    PaymentState,
)
from billing.worries import NeedsPerson, ask_about_means, ask_about_owed


class Looking:
    """Adds to an outlook what each object would change. Each method mirrors one handler.

    `_members` and `_paid` are our rows as they would be by then, in memory alone: what is looked
    at second sees what the first would have done.
    """

    def __init__(self, outlook: Outlook, event_id: str) -> None:
        self.sheet, self.event_id = Sheet(outlook), event_id
        self._members: dict[UUID, Membership] = {}
        self._paid: dict[str, Payment] = {}

    # The handlers' questions ------------------------------------------------------------------
    def checkout(self, session_id: str) -> bool:
        snapshot = stripe_api.get_checkout(session_id)
        if not snapshot.ref:
            return False
        if snapshot.subscription_id:
            return self.subscription(snapshot.subscription_id)
        if snapshot.payment_intent_id and snapshot.status == "complete":
            return self.payment(snapshot.payment_intent_id)
        if snapshot.status == "expired":
            return self._run_out(snapshot.ref)
        return True

    def subscription(self, subscription_id: str) -> bool:
        return self._subscription(subscription_id) is not None

    def invoice(self, invoice_id: str) -> bool:
        invoice = stripe_api.get_invoice(invoice_id)
        owner = self._subscription(invoice.subscription_id) if invoice.subscription_id else None
        if owner is None:
            return False
        self._payments(invoice, owner)
        return True

    def stuck_invoice(self, invoice_id: str) -> bool:
        ours = self.invoice(invoice_id)
        if ours and stripe_api.get_invoice(invoice_id).status == "draft":
            raise NeedsPerson(f"invoice {invoice_id} could not be finalised")
        return ours

    def payment(self, payment_intent_id: str) -> bool:
        invoice_id = stripe_api.invoice_of(payment_intent_id)
        if invoice_id:
            return self.invoice(invoice_id)
        snapshot = stripe_api.get_payment(payment_intent_id)
        gift = payments.gift_of(snapshot)
        if gift is None:
            return False
        self._payment(gift, snapshot, None, None)
        return True

    def charge(self, charge_id: str) -> bool:
        payment_intent_id = stripe_api.payment_of_charge(charge_id)
        return bool(payment_intent_id) and self.payment(payment_intent_id)

    def refunds(self, charge_id: str) -> bool:
        seen = stripe_api.refunds_of(charge_id)
        found = [self._refund(each) for each in seen]
        ask_about_owed(seen)
        return any(found)

    def refund(self, refund_id: str) -> bool:
        refund = stripe_api.get_refund(refund_id)
        ours = self._refund(refund)
        ask_about_owed([refund])
        return ours

    def dispute(self, dispute_id: str) -> bool:
        return self._dispute(stripe_api.get_dispute(dispute_id))

    def fraud_warning(self, warning_id: str) -> bool:
        warning = stripe_api.get_fraud_warning(warning_id)
        paid = self._behind(warning.payment_intent_id)
        if paid is not None:
            self.sheet.ask(fraud.wanted(warning, payment=paid))
        return paid is not None

    def customer(self, customer_id: str) -> bool:
        rows = Membership.objects.filter(customer__stripe_customer_id=customer_id)
        if not rows.exists():
            found = [self.subscription(each) for each in stripe_api.subscriptions_of(customer_id)]
            return any(found)
        for membership in rows:
            if membership.live:
                self.subscription(membership.stripe_subscription_id or "")
        return True

    def method(self, method_id: str) -> bool:
        customer_id = stripe_api.customer_of_method(method_id)
        if not customer_id:
            return self.lost_method(method_id)
        if not self.customer(customer_id):
            return False
        self._pay_overdue(customer_id, method_id, again=self.event_id)
        return True

    def lost_method(self, method_id: str) -> bool:
        rows = [*Membership.objects.filter(stripe_method_id=method_id).order_by("pk")]
        found = [
            self._subscription(each.stripe_subscription_id or "") for each in rows if each.live
        ]
        ask_about_means([each for each in found if each is not None])
        return bool(rows)

    def setup(self, setup_id: str) -> bool:
        setup = stripe_api.get_setup(setup_id)
        if not setup.customer_id or not self.customer(setup.customer_id):
            return False
        self._pay_overdue(setup.customer_id, setup.method_id, again=setup.id, since=setup.created)
        return True

    def mandate(self, mandate_id: str) -> bool:
        customer_id = stripe_api.customer_of_mandate(mandate_id)
        return bool(customer_id) and self.customer(customer_id)

    def payout(self, payout_id: str) -> bool:
        snapshot = stripe_api.get_payout(payout_id)
        payout = Payout.objects.filter(pk=payout_id).first()
        if payout is None:
            self.sheet.write("payout", payout_id, told("amount_cents", snapshot.amount_cents))
        else:
            self.sheet.columns("payout", payout, paying_out.changes(payout, snapshot))
        for page in stripe_api.booked_pages(payout_id=payout_id):
            self.sheet.lines(page)
        return True

    def _pay_overdue(
        self, customer_id: str, method_id: str, *, again: str, since: datetime | None = None
    ) -> None:
        if not method_id:
            return
        for row in Membership.objects.filter(customer__stripe_customer_id=customer_id):
            membership = self._members.get(row.pk, row)
            if since and (row.stripe_method_id != method_id or collection.asked_since(row, since)):
                continue  # that it is charged to another has been asked for with the membership
            overdue = membership.state == MembershipState.PAST_DUE
            if overdue and membership.stripe_method_id == method_id:
                snapshot = stripe_api.get_subscription(membership.stripe_subscription_id or "")
                self.sheet.ask(collection.wanted(membership, snapshot, again=again))

    # Memberships ------------------------------------------------------------------------------
    def _subscription(self, subscription_id: str) -> Membership | None:
        """As it would be; None if it is not ours. One that is new has its payments first."""
        snapshot = stripe_api.get_subscription(subscription_id)
        owner = memberships.owner_of(snapshot)
        if owner is None:
            return None
        membership = self._members.setdefault(owner.pk, owner)
        if membership.state == MembershipState.PENDING:
            for invoice in stripe_api.invoices_of(subscription_id):
                self._payments(invoice, membership)
        self._membership(membership, snapshot)
        return membership

    def _membership(self, membership: Membership, snapshot: SubscriptionSnapshot) -> None:
        found = memberships.changes(membership, snapshot)
        before, method_before = history.mirror(membership), membership.stripe_method_id
        self.sheet.columns("membership", membership, found)
        if history.mirror(membership) != before:
            self.sheet.letters(tidings.of_membership(before, membership, snapshot), membership)
        if membership.state == MembershipState.ACTIVE != before["state"]:
            self.sheet.letters(duplicates.tidings(membership), membership)
        self.sheet.ask(memberships.wanted(membership, snapshot, method_before))

    # Payments ---------------------------------------------------------------------------------
    def _payments(self, invoice: InvoiceSnapshot, owner: Membership) -> None:
        seen = [stripe_api.get_payment(each) for each in invoice.payment_intent_ids]
        for snapshot in seen:
            if payments.debit_runs(snapshot) and owner.started_at is None:
                self.sheet.letter("welcome", owner)
            if payments.has_row(snapshot):
                self._payment(self._row_of(snapshot, owner), snapshot, invoice, owner)
        if invoice.status == "paid" and invoice.paid_outside_cents > 0:
            self._outside(invoice, owner)
        if invoice.moneyless and invoice.id not in covered.known([owner]):
            self._covered(invoice, owner)

    def _row_of(self, snapshot: PaymentSnapshot, owner: Membership) -> Payment:
        row = Payment.objects.filter(stripe_payment_intent_id=snapshot.id).first()
        return row or payments.blank(owner, snapshot)

    def _payment(
        self,
        row: Payment,
        snapshot: PaymentSnapshot,
        invoice: InvoiceSnapshot | None,
        owner: Membership | None,
    ) -> None:
        payment = self._paid.setdefault(snapshot.id, row)
        new = payment._state.adding and payment is row
        found = payments.changes(payment, snapshot, invoice)
        if new:
            self.sheet.write("payment", snapshot.id, told("amount_cents", payment.amount_cents))
        self.sheet.columns("payment", payment, found)
        self.sheet.lines(snapshot.booked)
        self._facts(payment, owner, asks=snapshot.needs_confirmation)
        going_back.returned(self.sheet, snapshot, payment)

    def _outside(self, invoice: InvoiceSnapshot, owner: Membership) -> None:
        row = Payment.objects.filter(stripe_invoice_id=invoice.id, outside_stripe=True).first()
        payment = self._paid.setdefault(invoice.id, row or payments.blank_outside(owner, invoice))
        if row is None:
            self.sheet.write("payment", invoice.id, told("amount_cents", payment.amount_cents))
        self._facts(payment, owner, asks=False)

    def _covered(self, invoice: InvoiceSnapshot, owner: Membership) -> None:
        cents = invoice.period_cents or 0
        self.sheet.write("period without money", invoice.id, told("amount_cents", cents))
        if cents:
            self._first_payment(owner, invoice.paid_at or invoice.created)

    def _facts(self, payment: Payment, owner: Membership | None, *, asks: bool) -> None:
        """The receipt of what is paid, the letter about what is not."""
        if payment.state == PaymentState.SUCCEEDED and payment.paid_at:
            self.sheet.document(payment, Series.RECEIPT)
            if owner is not None:
                self._first_payment(owner, payment.paid_at)
                if owner.end_reason in GIVEN_BACK:
                    self.sheet.ask(refunding.wanted_back(payment, reason=owner.end_reason))
        self.sheet.letters(tidings.of_payment(payment, asks=asks), payment)

    def _first_payment(self, owner: Membership, paid_at: datetime) -> None:
        if owner.started_at is None or owner.started_at > paid_at:
            self.sheet.columns("membership", owner, {"started_at": paid_at})
        self.sheet.letter("welcome", owner)
        self.sheet.letters(duplicates.tidings(owner), owner)
        self.sheet.ask(duplicates.wanted(owner))

    def _behind(self, payment_intent_id: str) -> Payment | None:
        """The payment that a refund, a dispute or a warning is about, as it would be."""
        if not payment_intent_id:
            return None
        row = Payment.objects.filter(stripe_payment_intent_id=payment_intent_id).first()
        received = row is not None and row.state == PaymentState.SUCCEEDED
        if not received and not self.payment(payment_intent_id):
            return None
        return self._paid.get(payment_intent_id, row)

    # What goes back ---------------------------------------------------------------------------
    def _refund(self, snapshot: RefundSnapshot) -> bool:
        paid = self._behind(snapshot.payment_intent_id)
        if paid is not None:
            going_back.refund(self.sheet, snapshot, paid)
        return paid is not None

    def _dispute(self, snapshot: DisputeSnapshot) -> bool:
        paid = self._behind(snapshot.payment_intent_id)
        if paid is not None:
            going_back.dispute(self.sheet, snapshot, paid)
        return paid is not None

    def _run_out(self, ref: str) -> bool:
        """A checkout that nobody paid closes its row."""
        ours = read_id(ref)
        row = find(ours) if ours else None
        if isinstance(row, Membership):
            begun, what = row.stripe_subscription_id, "membership"
        elif row is not None:
            begun, what = row.stripe_payment_intent_id, "payment"
        else:
            return False
        if row.state == MembershipState.PENDING and not begun:
            self.sheet.columns(what, row, {"state": MembershipState.EXPIRED})
        return True
