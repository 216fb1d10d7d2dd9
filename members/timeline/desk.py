"""What went over the desk: letters sent, what was asked of us, and who of the staff looked."""

from collections.abc import Iterator
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models.letter import LetterState
from members import access
from members.models import Supporter
from members.timeline.entry import Entry, Topic

_SENT: Final[dict[str, Promise | str]] = {
    "address-confirm": gettext_lazy("We asked at your new address whether it is yours."),
    "address-told": gettext_lazy("We told your old address that you have a new one."),
    "authenticate": gettext_lazy("We told you that your bank wants you to confirm a payment."),
    "cancelled": gettext_lazy("We confirmed that your support ends."),
    "card-expiring": gettext_lazy("We told you that your card runs out."),
    "changed": gettext_lazy("We confirmed a change of your support."),
    "credit-note": gettext_lazy("We sent you a credit note."),
    "debit-note": gettext_lazy("We told you that a refund did not arrive."),
    "duplicate": gettext_lazy("We told you that you have a second membership."),
    "ended": gettext_lazy("We told you that your support has ended."),
    "export-ready": gettext_lazy("We told you that your copy was ready."),
    "paused": gettext_lazy("We confirmed that your support is paused."),
    "payment-failed": gettext_lazy("We told you that a payment did not go through."),
    "receipt": gettext_lazy("We sent you a receipt."),
    "receipts": gettext_lazy("We sent you your receipts together."),
    "recovered": gettext_lazy("We told you that an overdue payment has arrived."),
    "refund": gettext_lazy("We told you that a refund is on its way."),
    "reminder": gettext_lazy("We reminded you that your support renews."),
    "resumes-soon": gettext_lazy("We told you that your pause ends soon."),
    "sepa-notice": gettext_lazy("We announced a direct debit."),
    "sign-in": gettext_lazy("We sent you a link to sign in."),
    "statement": gettext_lazy("We sent you the statement of a year."),
    "welcome": gettext_lazy("We welcomed you, and confirmed what you set up."),
    "withdrawal": gettext_lazy("We confirmed your withdrawal."),
}


def letters(supporter: Supporter) -> Iterator[Entry]:
    """The letters that went out: their kind and their day, which is all we keep of them."""
    rule = _(
        "Of a letter we keep its kind and its time. Its text and the address are put together when "
        "it is sent, and kept nowhere."
    )
    sent = supporter.letters.filter(state=LetterState.SENT)
    for kind, at in sent.values_list("kind", "sent_at"):
        if at is not None:
            words = str(_SENT.get(kind, _("We wrote to you.")))
            yield Entry(at, Topic.LETTERS, words, rule)


def looks(supporter: Supporter) -> Iterator[Entry]:
    """Who of the staff looked at their record, what at, and why."""
    rule = _(
        "Each look at what names a person is written down at once, cannot be changed, and is "
        "kept for 24 months. Names of our staff are not shown; if a look surprises you, ask us."
    )
    for line in access.of(supporter):
        detail = f"{access.what(line)}. {access.why(line)}"
        yield Entry(line.at, Topic.LOOKS, access.who(line), rule, detail=detail)


def asked(supporter: Supporter) -> Iterator[Entry]:
    """What they asked of us or told us, beside what is said of a membership."""
    for consent in supporter.consents.all():
        yield Entry(
            consent.given_at,
            Topic.CHANGES,
            _("You agreed that we keep what we need for your support."),
            _("Without it we may not know who supports us. Deleting your data takes it back."),
        )
    confirmed = supporter.address_changes.values_list("confirmed_at", flat=True)
    for at in filter(None, confirmed):
        yield Entry(
            at,
            Topic.CHANGES,
            _("You made another e-mail address yours."),
            _("It was confirmed from the new mailbox and told to the old one."),
        )
    for export in supporter.exports.all():
        yield Entry(
            export.asked_at,
            Topic.CHANGES,
            _("You asked for a copy of your data."),
            _("It can be downloaded for a week, is made when it is downloaded, and kept nowhere."),
        )
    for statement in supporter.withdrawals.all():
        yield Entry(
            statement.received_at,
            Topic.CHANGES,
            _("You declared that you withdraw."),
            _("Within 14 days anybody may, without a reason, and all that was paid goes back."),
        )
