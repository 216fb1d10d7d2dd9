"""The watch: once a minute it looks at every sign, and sees to it that somebody hears of red.

Billing's signs, and those of people's rights that wait: an erasure that sticks, a withdrawal that
Stripe refused, a charge that a person has to look at.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from billing import alarms, watch
from billing.watch import Counted, Level, Sign, Tallied
from members import alarm_letters
from members.models import ChargeReport, Erasure, Withdrawal
from members.models.charge import FOR_STAFF
from members.models.privacy import ErasureState
from members.models.shield import Level as Pressed
from members.models.withdrawal import Outcome
from members.shield import watch as doors

# An erasure takes minutes where Stripe and the mail answer, a day where the mail does not.
_ERASURE_LOOK: Final = timedelta(days=2)
_ERASURE_RED: Final = timedelta(days=4)
_CHARGES_SHOWN: Final = timedelta(days=30)


def look_out(*, now: datetime) -> None:
    """Look at every sign, tell who is to hear of it, and note that somebody looked."""
    with transaction.atomic():
        silent_from = watch.woke(now=now)
        if silent_from is not None:
            alarms.silence(since=silent_from, now=now, over=alarm_letters.over)
    watch.keep(began=now)
    red = {each.name for each in signs(now=now) if each.red}
    alarms.follow(red, now=now, begun=alarm_letters.begun, over=alarm_letters.over)


def signs(*, now: datetime) -> list[Sign]:
    """Every sign there is, as it is now. A few small statements, however much there is to count."""
    counted = watch.counted({**watch.tallies(now=now), **_tallies(now=now)})
    return [*watch.read(counted, now=now), _shield(now=now), *_people(counted, now=now)]


def _shield(*, now: datetime) -> Sign:
    """The level of the public forms. Never red: a storm has a letter of its own."""
    stands = doors.stand(now=now)
    level = doors.level(now=now)
    calm = level == Pressed.CALM
    since = None if calm else stands.since
    return Sign("shield", Level.GOOD if calm else Level.LOOK, str(level.label), since)


def _tallies(*, now: datetime) -> Tallied:
    charges = ChargeReport.objects.filter(
        finding__in=FOR_STAFF, received_at__gte=now - _CHARGES_SHOWN
    )
    return {
        "erasures": (Erasure.objects.exclude(state=ErasureState.DONE), "asked_at"),
        "withdrawals": (Withdrawal.objects.filter(outcome=Outcome.STUCK), "received_at"),
        "charges": (charges, "received_at"),
    }


def _people(counted: Mapping[str, Counted], *, now: datetime) -> list[Sign]:
    erasures = counted["erasures"]
    waits = now - erasures.first if erasures.first else timedelta()
    sticks = watch.worse(waits, look=_ERASURE_LOOK, red=_ERASURE_RED)
    return [
        _sign("erasures", erasures, sticks),
        _sign("withdrawals", counted["withdrawals"], Level.RED),
        # Looked into in Stripe's dashboard, where we do not see it: it goes from here by its age.
        _sign("charges", counted["charges"], Level.LOOK),
    ]


def _sign(name: str, found: Counted, level: Level) -> Sign:
    return Sign(name, level if found.count else Level.GOOD, f"{found.count:,}", found.first)
