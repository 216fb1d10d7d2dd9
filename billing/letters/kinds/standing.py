"""How a supporter's support stands at a glance: how much, how often, what comes next."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from billing.letters import links
from billing.letters.kinds.facts import facts, price_of
from billing.letters.links import Purpose
from billing.models import Letter, Membership
from billing.models.membership import LIVE
from billing.states import MembershipState
from billing.wording import long_date, price


@dataclass(frozen=True, slots=True)
class Standing:
    """One membership. `end_url` opens the page that ends it; "" where it ends already."""

    facts: list[tuple[str, str]]
    end_url: str


def standing(letter: Letter) -> list[Standing]:
    """The memberships of its supporter that go on, the oldest first."""
    own = Membership.objects.filter(supporter=letter.supporter_id, state__in=LIVE)
    holder = letter.supporter.email_hash if letter.supporter else ""
    return [_standing(each, holder) for each in own.order_by("created_at", "pk")]


def _standing(membership: Membership, holder: str) -> Standing:
    rows = [(_("Your support"), price_of(membership)), _next(membership), _change(membership)]
    ending = membership.ends_on is not None
    end_url = "" if ending else links.url(Purpose.CANCEL, membership.pk, holder=holder)
    return Standing(facts(*rows)["facts"], end_url)


def _next(membership: Membership) -> tuple[str, str]:
    if membership.ends_on is not None:
        return _("Ends on"), long_date(membership.ends_on)
    if membership.state == MembershipState.PAUSED:
        until = membership.resumes_on
        return _("Paused until"), long_date(until) if until else _("you take it up again")
    if membership.state == MembershipState.PAST_DUE:
        return _("Next payment"), _("one is overdue")
    if membership.free:
        return _("Next payment"), _("none: it is free for you")
    return _("Next payment"), long_date(membership.period_end) if membership.period_end else ""


def _change(membership: Membership) -> tuple[str, str]:
    """What a change that has been asked for will bring."""
    if membership.changes_on is None or membership.ends_on is not None:
        return "", ""
    after = price(
        membership.next_amount_cents or membership.amount_cents,
        membership.currency,
        membership.next_interval or membership.interval,
    )
    return _("From %(day)s") % {"day": long_date(membership.changes_on)}, after
