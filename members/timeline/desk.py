"""What went over the desk: letters sent, what was asked of us, and who of the staff looked."""

from collections.abc import Iterator
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models.letter import LetterState
from billing.money import format_amount
from members import access
from members.models import StaffAct, Supporter
from members.models.desk import Act, Phrase, Reason
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


_DONE: Final[dict[str, Promise | str]] = {
    Act.RESEND: gettext_lazy("We sent you a receipt again."),
    Act.REFUND: gettext_lazy("We asked for %(amount)s to be given back to you."),
    Act.CANCEL: gettext_lazy("We noted that your support ends with what is paid."),
    Act.KEEP: gettext_lazy("We took the ending of your support back."),
    Act.END: gettext_lazy("We ended your support at once."),
    Act.PAUSE: gettext_lazy("We paused your support."),
    Act.RESUME: gettext_lazy("We ended the pause of your support."),
    Act.COMP: gettext_lazy("We gave you a free membership."),
    Act.UNCOMP: gettext_lazy("We ended your free membership."),
    Act.ADDRESS: gettext_lazy("We sent a link to another address, to be confirmed there."),
    Act.SIGN_OUT: gettext_lazy("We signed you out in every browser."),
    Act.ERASE: gettext_lazy("We began to delete what names you."),
}
_REASONS: Final[dict[str, Promise | str]] = {
    Reason.WROTE: gettext_lazy("You had written to us."),
    Reason.CALLED: gettext_lazy("You had called us."),
    Reason.OUR_MISTAKE: gettext_lazy("We had made a mistake."),
    Reason.PAYMENT: gettext_lazy("A payment had gone wrong."),
    Reason.COMPLAINT: gettext_lazy("You had complained."),
    Reason.SAFETY: gettext_lazy("It keeps you safe."),
    Reason.LAW: gettext_lazy("The law asks for it."),
}
_NOTED: Final[dict[str, Promise | str]] = {
    Phrase.CALLED: gettext_lazy("We noted that you called, and were answered."),
    Phrase.WROTE: gettext_lazy("We noted that you wrote, and were answered."),
    Phrase.NO_ANSWER: gettext_lazy("We noted that we tried to reach you, and could not."),
    Phrase.PROOF: gettext_lazy("We noted that you showed that a payment is yours."),
    Phrase.NO_PROOF: gettext_lazy("We noted that somebody could not show that this is theirs."),
    Phrase.CALL_BACK: gettext_lazy("We noted that you wait for an answer of ours."),
    Phrase.ANSWERED: gettext_lazy("We noted that your matter is settled."),
    Phrase.BANK: gettext_lazy("We noted that you ask your bank."),
    Phrase.CARE: gettext_lazy("We noted to take special care with what we send you."),
}


def acts(supporter: Supporter) -> Iterator[Entry]:
    """What our staff did for them, and why."""
    rule = _(
        "Whatever our staff do for you is written down before it is done, with one of a few "
        "reasons. Nobody can change that line, and no free text is ever kept about you."
    )
    for act in StaffAct.objects.filter(supporter=supporter):
        amount = format_amount(act.amount_cents, act.currency) if act.amount_cents else ""
        words = _NOTED[act.phrase] if act.act == Act.NOTE else _DONE[act.act]
        yield Entry(
            act.at,
            Topic.CHANGES,
            str(words) % {"amount": amount},
            rule,
            detail=str(_REASONS[act.reason]),
        )


def asked(supporter: Supporter) -> Iterator[Entry]:
    """What they asked of us or told us, beside what is said of a membership."""
    yield from acts(supporter)
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
