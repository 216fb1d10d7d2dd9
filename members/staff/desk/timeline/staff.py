"""What staff did for a supporter, and each look at who they are."""

from collections.abc import Iterator
from typing import Final

from billing.models import Intent
from billing.models.stripe import IntentState
from billing.money import format_amount
from members import access
from members.models import StaffAct, Supporter
from members.models.access import Action, Field, Purpose
from members.models.desk import Act
from members.staff.desk.timeline.line import MOST, Line, Topic, row
from members.staff.desk.timeline.memberships import OUTCOMES


def lines(supporter: Supporter) -> Iterator[Line]:
    """What staff did, and who of them looked."""
    yield from _acts(supporter)
    yield from _looks(supporter)


def _acts(supporter: Supporter) -> Iterator[Line]:
    acts = list(StaffAct.objects.filter(supporter=supporter).select_related("staff"))
    wishes = Intent.objects.filter(press__in=[each.press for each in acts])
    states = dict(wishes.values_list("press", "state"))
    for act in acts:
        tone, mark = _outcome(act, states)
        amount = format_amount(act.amount_cents, act.currency) if act.amount_cents else ""
        words = act.get_phrase_display() if act.act == Act.NOTE else act.get_act_display()
        yield Line(
            act.at,
            Topic.STAFF,
            f"{words}: {amount}" if amount else words,
            "Written before it is done, never changed, and told to the supporter.",
            tone=tone,
            mark=mark,
            detail=f"{_name(act.staff)}: {act.get_reason_display().lower()}.",
            links=(row("members_staffact", act.pk, "Act"),),
        )


def _looks(supporter: Supporter) -> Iterator[Line]:
    for look in access.of(supporter).select_related("staff")[:MOST]:
        fields = ", ".join(Field(each).label.lower() for each in look.fields)
        yield Line(
            look.at,
            Topic.STAFF,
            f"{Action(look.action).label}: {fields}",
            "Every look is written down at once, and told to the supporter (DPA 2018, s. 36).",
            detail=f"{_name(look.staff)}: {Purpose(look.purpose).label.lower()}.",
            links=(row("members_accesslog", look.pk, "Look"),),
        )


_ASKS_STRIPE: Final = frozenset({Act.REFUND, Act.CANCEL, Act.KEEP, Act.END, Act.PAUSE, Act.RESUME})


def _outcome(act: StaffAct, states: dict[str, str]) -> tuple[str, str]:
    """How an act went: told by its wish, for its own line is never changed."""
    if act.act not in _ASKS_STRIPE:
        return "", ""
    if act.press not in states:
        return "bad", "Not done"
    return OUTCOMES.get(IntentState(states[act.press]), ("good", "Done"))


def _name(member: object) -> str:
    return str(getattr(member, "name", "") or getattr(member, "email", ""))
