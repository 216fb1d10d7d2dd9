"""What goes back, looked at ahead: the row of a refund or a dispute, its lines, its documents."""

from billing import disputes, ledger, receipts, refunds, returns
from billing.models import Dispute, Payment, Receipt, Refund
from billing.models.receipt import Series
from billing.outlook.foresight import told
from billing.outlook.sheet import Sheet
from billing.snapshots import DisputeSnapshot, PaymentSnapshot, RefundSnapshot
from billing.states import DisputeState, RefundState, dispute_state_of, refund_state_of
from billing.tidings import Tiding


def refund(sheet: Sheet, snapshot: RefundSnapshot, paid: Payment) -> None:
    """Note what a refund of this payment would write."""
    state = refund_state_of(snapshot.status)
    row = Refund.objects.filter(stripe_refund_id=snapshot.id).first()
    about = row or Refund(payment=paid, stripe_refund_id=snapshot.id, state=state)
    if row is None:
        sheet.write("refund", snapshot.id, told("amount_cents", snapshot.amount_cents))
    sheet.columns("refund", about, refunds.changes(about, snapshot))
    sheet.lines(snapshot.booked)
    if state is RefundState.SUCCEEDED:
        sheet.document(paid, Series.RECEIPT)
        sheet.document(paid, Series.CREDIT_NOTE, refund=about)
    elif state is RefundState.PENDING:
        sheet.letters([Tiding("refund", snapshot.id)], about)
    elif _was_credited(refund=about):
        sheet.document(paid, Series.DEBIT_NOTE, refund=about)


def dispute(sheet: Sheet, snapshot: DisputeSnapshot, paid: Payment) -> None:
    """Note what a dispute of this payment would write and ask for."""
    state = dispute_state_of(snapshot.status)
    row = Dispute.objects.filter(stripe_dispute_id=snapshot.id).first()
    about = row or Dispute(payment=paid, stripe_dispute_id=snapshot.id, state=state)
    if row is None:
        sheet.write("dispute", snapshot.id, told("amount_cents", snapshot.amount_cents))
    else:
        sheet.columns("dispute", about, disputes.changes(about, snapshot))
    sheet.lines(snapshot.booked)
    sheet.ask(disputes.wanted(about))
    if state is DisputeState.LOST:
        sheet.document(paid, Series.RECEIPT)
    if state in {DisputeState.LOST, DisputeState.WON}:
        lost = state is DisputeState.LOST
        sheet.correction(receipts.calls_for(gone=lost, dispute=about), about)


def returned(sheet: Sheet, snapshot: PaymentSnapshot, paid: Payment) -> None:
    """Note what the bank's taking this payment back would write and ask for."""
    if not returns.told(snapshot.booked):
        return
    found = returns.of_payment(paid, ledger.lines_of(paid, snapshot.booked))
    if found is None:
        return
    series = receipts.calls_for(gone=found.gone, returned=found.line)
    sheet.correction(series, found.line)
    if series:
        sheet.letter(series.label.lower().replace(" ", "-"), found.line)
    sheet.ask(returns.wanted(paid, found))


def _was_credited(**about: Refund) -> bool:
    """Whether a credit note was issued, which is to be taken back now."""
    return Receipt.objects.filter(**about, series=Series.CREDIT_NOTE).exists()
