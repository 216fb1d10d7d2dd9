"""What became of memberships, with its cause, and what their supporter asked for."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing import wording
from billing.models import Intent, Membership, MembershipEvent
from billing.models.membership import COVERED
from billing.models.stripe import IntentKind, IntentState
from billing.money import format_amount
from billing.states import EndReason, MembershipState
from members.models import Supporter
from members.timeline import desk
from members.timeline.entry import Entry, Topic

_S = MembershipState
_K = IntentKind
_Words = dict[Any, Promise | str]


def lines(supporter: Supporter) -> Iterator[Entry]:
    """Every change of every membership, every wish about one, and what else was asked of us."""
    memberships = {each.pk: each for each in supporter.memberships.all()}
    history = MembershipEvent.objects.filter(membership__in=list(memberships))
    for event in history:
        yield from _event(event, memberships[event.membership_id])
    yield from _wishes(memberships)
    yield from desk.asked(supporter)


def _event(event: MembershipEvent, membership: Membership) -> Iterator[Entry]:
    if event.old_state != event.new_state and event.new_state in _STATES:
        yield _state(event, membership)
    elif event.old_state == event.new_state:
        yield from _plan(event, membership)


def _line(event: MembershipEvent, words: str, rule: str, *, mood: str = "") -> Entry:
    return Entry(event.recorded_at, Topic.CHANGES, words, rule, mood=mood)


_STATES: Final = {_S.ACTIVE, _S.PAST_DUE, _S.PAUSED, _S.ENDED, _S.EXPIRED}
_ENDED: Final[_Words] = {
    EndReason.REQUESTED: gettext_lazy("Your support ended, as you had asked."),
    EndReason.PAYMENT_FAILED: gettext_lazy("Your support ended: the payment was refused too long."),
    EndReason.DISPUTED: gettext_lazy("Your support ended: your bank had questioned a payment."),
    EndReason.WITHDRAWN: gettext_lazy("You withdrew. It ended, and all you paid goes back."),
    EndReason.DUPLICATE: gettext_lazy("The second membership was undone, and all paid goes back."),
    EndReason.REPLACED: gettext_lazy("It ended: a newer one took its place."),
    EndReason.FRAUD: gettext_lazy("It ended, so that your card is safe."),
}


def _state(event: MembershipEvent, membership: Membership) -> Entry:
    """The line of a change of state. Its cause is said, as far as it is the supporter's to know."""
    new = MembershipState(event.new_state)
    if new is _S.ENDED:
        words = str(_ENDED.get(membership.end_reason, _("Your support ended.")))
        rule = _("What has ended does not begin again by itself. You owe nothing.")
    elif new is _S.EXPIRED:
        words = _("What you had begun was not paid, and nothing was taken.")
        rule = _("A page to pay on closes after a day. You can begin again whenever you like.")
    elif new is _S.PAST_DUE:
        words = _("A payment did not go through, and your support waits for it.")
        rule = _(
            "It stays as it is for %(days)s days while the bank is asked again. After that it "
            "ends, and nothing is owed."
        ) % {"days": settings.GRACE_DAYS}
    elif new is _S.PAUSED:
        words = _("Your support is paused.")
        rule = _("While it is paused nothing is taken, and nothing is owed afterwards.")
    else:
        words, rule = _active(event, membership)
    moods = {_S.PAST_DUE: "warn", _S.ACTIVE: "good"}
    return _line(event, words, rule, mood=moods.get(new, ""))


def _active(event: MembershipEvent, membership: Membership) -> tuple[str, str]:
    if event.old_state == _S.PAST_DUE:
        return (
            _("The overdue payment arrived, and all is as it was."),
            _("One payment that arrives settles it: nothing more is owed."),
        )
    if event.old_state == _S.PAUSED:
        return (
            _("The pause is over, and your support goes on."),
            _("It ends on the day you chose, or when you end it. What was left out stays so."),
        )
    words = _("Your support began: %(price)s.")
    cents = _before(event, "amount_cents", membership.amount_cents)
    interval = membership.interval
    return (
        words % {"price": wording.price(cents, membership.currency, interval)},
        _("It began with the first payment that arrived. For 14 days you could withdraw from it."),
    )


def _before(event: MembershipEvent, column: str, otherwise: int) -> int:
    """What the column became with this line."""
    change = event.changes.get(column)
    return change[1] if change and change[1] is not None else otherwise


def _plan(event: MembershipEvent, membership: Membership) -> Iterator[Entry]:
    """Lines of what was changed while the state stayed: the end, the amount, what is planned."""
    changes = event.changes
    if COVERED in changes:
        yield _covered(event, free=not changes[COVERED][1]["cents"])
    if "ends_on" in changes:
        yield _ending(event, changes["ends_on"][1])
    if "amount_cents" in changes or "interval" in changes:
        price = wording.price(
            _before(event, "amount_cents", membership.amount_cents),
            membership.currency,
            changes["interval"][1] if "interval" in changes else membership.interval,
        )
        yield _line(
            event,
            _("You give from now on: %(price)s.") % {"price": price},
            _("A new amount begins with the next payment. It never changes without you."),
        )
    if changes.get("next_amount_cents", [None, None])[1] is not None:
        yield _planned(event, membership)
    elif "next_amount_cents" in changes and "amount_cents" not in changes:
        yield _line(
            event,
            _("The planned change was taken back."),
            _("Until it has come, a change can be taken back at any time."),
        )


def _covered(event: MembershipEvent, *, free: bool) -> Entry:
    if free:
        words = _("You paid nothing for this period: it is free for you.")
    else:
        words = _("You paid nothing for this period: money of yours that we held paid it.")
    return _line(event, words, _("There is a receipt for each payment. Here there was none."))


def _ending(event: MembershipEvent, ends: str | None) -> Entry:
    if ends is None:
        return _line(
            event,
            _("Your support goes on: the ending was taken back."),
            _("Until its last day, an ending can be taken back at any time."),
        )
    return _line(
        event,
        _("Your support ends on %(day)s.") % {"day": _day(ends)},
        _("It runs to the end of what is paid. Nothing more is taken."),
    )


def _planned(event: MembershipEvent, membership: Membership) -> Entry:
    cents = event.changes["next_amount_cents"][1]
    interval = event.changes.get("next_interval", ["", ""])[1] or membership.interval
    price = wording.price(cents, membership.currency, interval)
    return _line(
        event,
        _("A change is planned: %(price)s.") % {"price": price},
        _("It comes with the next payment. Until then it can be taken back."),
    )


def _day(text: str) -> str:
    return wording.long_date(datetime.fromisoformat(text))


_ASKED: Final[_Words] = {
    _K.CANCEL_AT_PERIOD_END: gettext_lazy("You asked to end your support."),
    _K.KEEP: gettext_lazy("You asked to keep your support after all."),
    _K.CHANGE_AMOUNT: gettext_lazy("You asked for another amount: %(amount)s."),
    _K.CHANGE_INTERVAL: gettext_lazy("You asked to pay in another rhythm: %(amount)s."),
    _K.DROP_CHANGE: gettext_lazy("You took a planned change back."),
    _K.PAUSE: gettext_lazy("You asked for a pause."),
    _K.RESUME: gettext_lazy("You asked to end the pause."),
    _K.END_NOW: gettext_lazy("You asked to end it at once."),
}
_ANSWERED: Final[_Words] = {
    IntentState.OPEN: gettext_lazy("Noted"),
    IntentState.REFUSED: gettext_lazy("Not done"),
    IntentState.SUPERSEDED: gettext_lazy("Overtaken"),
}


def _wishes(memberships: dict[UUID, Membership]) -> Iterator[Entry]:
    """What was asked by pressing a button. Our own errands bear a colon in their press."""
    asked = Intent.objects.filter(subject__in=list(memberships), kind__in=list(_ASKED))
    for intent in asked.exclude(press__contains=":"):
        currency = memberships[intent.subject].currency
        cents = intent.params.get("amount_cents")
        amount = format_amount(cents, currency) if cents is not None else ""
        yield Entry(
            intent.created_at,
            Topic.CHANGES,
            str(_ASKED[intent.kind]) % {"amount": amount},
            _(
                "A press of a button counts once, however often it is pressed. It is kept as proof "
                "of what you asked, and when."
            ),
            mood="bad" if intent.state == IntentState.REFUSED else "",
            mark=str(_ANSWERED.get(intent.state, "")),
        )
