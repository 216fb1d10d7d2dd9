"""Letters of those who begin."""

from django.conf import settings

from billing import duplicates, withdrawal
from billing.dates import dublin_date
from billing.letters.draft import Draft, Outcome, Postpone, Skip, composes
from billing.letters.kinds.facts import facts, paid_with, price_of
from billing.models import Letter, Membership
from billing.models.plan import BenefitClass, Interval
from billing.money import format_amount
from billing.states import MembershipState
from billing.wording import long_date


@composes("welcome", states_identity=True)
def welcome(letter: Letter) -> Outcome:
    """The confirmation of the contract, complete in itself (DOMAIN 2.5)."""
    membership = Membership.objects.select_related("plan").get(pk=letter.key)
    if membership.state in {MembershipState.ENDED, MembershipState.EXPIRED}:
        return Skip("ended before it was confirmed")
    if membership.state == MembershipState.PENDING or membership.period_end is None:
        return Postpone("Stripe has not said yet that it began")
    agreed = membership.started_at or membership.created_at
    plan = membership.plan
    donation = plan.benefit_class == BenefitClass.NONE
    rows = [
        ("You pay", price_of(membership)),
        ("Paid with", paid_with(membership)),
        ("Began on", long_date(agreed)),
        ("Next payment", "" if membership.ends_on else long_date(membership.period_end)),
        ("In return", "Nothing: it is a donation" if donation else plan.benefits or plan.name),
        ("Reference", str(membership.pk)),
    ]
    return Draft(
        facts(*rows)
        | {
            "membership": membership,
            "price": price_of(membership),
            "amount": format_amount(membership.amount_cents, membership.currency),
            "agreed": long_date(agreed),
            "donation": donation,
            "interval_words": membership.get_interval_display(),
            "yearly": membership.interval == Interval.YEAR,
            "notice_weeks": settings.REMINDER_DAYS // 7,
            "withdraw_by": long_date(withdrawal.deadline(dublin_date(agreed))),
            "others": [
                (price_of(each), long_date(each.created_at))
                for each in duplicates.others(membership)
            ],
        }
    )
