"""A promise to give again and again, and the history of what became of it."""

from typing import Any, Final, NoReturn

from django.db import models
from django.db.models import Q
from django.utils import timezone

from billing.ids import new_id
from billing.models.campaign import Campaign
from billing.models.plan import Interval, Plan
from billing.models.rules import one_of, positive
from billing.models.stripe import StripeCustomer
from billing.states import EndReason, MembershipState

LIVE: Final = frozenset({MembershipState.ACTIVE, MembershipState.PAST_DUE, MembershipState.PAUSED})
# A kind of `method_kind` that must be told of before each payment.
DIRECT_DEBIT: Final = "sepa_debit"
# Stands in the changes of a line: a period that no money came for (billing.covered).
COVERED: Final = "covered"
# A pause may be over when the period is.
_RENEWING: Final = [MembershipState.ACTIVE, MembershipState.PAUSED]


class Membership(models.Model):
    """One Stripe subscription of one supporter. Written by billing.memberships alone.

    The row exists, PENDING, before Stripe hears of it. Moments are UTC and Stripe's own, so that a
    report does not depend on when we learnt of them. `applied_ticket` orders what we learnt.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    supporter = models.ForeignKey(
        "members.Supporter", on_delete=models.PROTECT, related_name="memberships"
    )
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="memberships")
    customer = models.ForeignKey(
        StripeCustomer, on_delete=models.PROTECT, null=True, related_name="memberships"
    )
    # Null where no link named one, or one that we do not know: never a default (PEERS F8).
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, null=True, related_name="memberships"
    )
    amount_cents = models.PositiveIntegerField()
    # The part of the amount that was given on top, so that more arrives; in it, not beside it.
    extra_cents = models.PositiveIntegerField(default=0, db_default=0)
    # Staff gave a discount of all of it that lasts: nothing is asked, whatever the amount says.
    free = models.BooleanField(default=False, db_default=False)
    currency = models.CharField(max_length=3, default="eur")
    interval = models.CharField(max_length=8, choices=Interval)
    state = models.CharField(
        max_length=16, choices=MembershipState, default=MembershipState.PENDING
    )
    # Null, not "", until known: unique must let many unknown ids stand side by side, and a lookup
    # by an empty id must find nobody (PEERS F5).
    stripe_subscription_id = models.CharField(max_length=255, null=True, unique=True)  # noqa: DJ001
    started_at = models.DateTimeField(null=True)
    period_start = models.DateTimeField(null=True)
    period_end = models.DateTimeField(null=True)
    ends_on = models.DateTimeField(null=True)
    past_due_since = models.DateTimeField(null=True)
    # Of a pause that ends by itself; null where it lasts until it is taken back.
    resumes_on = models.DateTimeField(null=True)
    # What a change that has been asked for will bring with the next period.
    next_amount_cents = models.PositiveIntegerField(null=True)
    next_interval = models.CharField(max_length=8, choices=Interval, blank=True)
    changes_on = models.DateTimeField(null=True)
    stripe_method_id = models.CharField(max_length=255, blank=True)
    # What it is paid with, as Stripe names the kind ("card", "sepa_debit"), and the last day of a
    # card: what a letter must be sent for in time is searched by them.
    method_kind = models.CharField(max_length=32, blank=True, db_default="")
    card_expires_on = models.DateField(null=True)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=16, choices=EndReason, blank=True)
    applied_ticket = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            one_of("membership", "state", MembershipState),
            models.CheckConstraint(
                name="membership_is_recurring",
                condition=Q(interval__in=[Interval.MONTH, Interval.YEAR]),
            ),
            positive("membership", "amount_cents"),
            models.CheckConstraint(
                name="membership_extra_is_part",
                condition=Q(extra_cents__lt=models.F("amount_cents")),
            ),
            models.CheckConstraint(
                name="membership_live_has_subscription",
                condition=Q(state__in=[MembershipState.PENDING, MembershipState.EXPIRED])
                | (Q(stripe_subscription_id__isnull=False) & ~Q(stripe_subscription_id="")),
            ),
            models.CheckConstraint(
                name="membership_ended_says_when",
                condition=Q(state=MembershipState.ENDED, ended_at__isnull=False)
                | (~Q(state=MembershipState.ENDED) & Q(ended_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="membership_end_reason_known",
                condition=Q(end_reason__in=["", *EndReason.values]),
            ),
            models.CheckConstraint(
                name="membership_next_interval_known",
                condition=Q(next_interval__in=["", Interval.MONTH, Interval.YEAR]),
            ),
            models.CheckConstraint(
                name="membership_past_due_says_since",
                condition=~Q(state=MembershipState.PAST_DUE) | Q(past_due_since__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["supporter", "-created_at"], name="membership_of_supporter"),
            models.Index(fields=["state", "-created_at"], name="membership_by_state"),
            # What letters are planned by (billing.reminders): each looks at a few rows of many.
            models.Index(
                fields=["period_end"],
                name="membership_renews_yearly",
                condition=Q(interval=Interval.YEAR, state__in=_RENEWING),
            ),
            models.Index(
                fields=["period_end"],
                name="membership_is_debited",
                condition=Q(method_kind=DIRECT_DEBIT, state__in=_RENEWING),
            ),
            models.Index(
                fields=["card_expires_on"],
                name="membership_card_runs_out",
                condition=Q(
                    card_expires_on__isnull=False,
                    state__in=sorted(LIVE),
                ),
            ),
            models.Index(
                fields=["resumes_on"],
                name="membership_resumes",
                condition=Q(resumes_on__isnull=False, state=MembershipState.PAUSED),
            ),
            models.Index(
                fields=["past_due_since"],
                name="membership_overdue",
                condition=Q(state=MembershipState.PAST_DUE),
            ),
            # The staff's list reads the newest.
            models.Index(fields=["-created_at", "-id"], name="membership_by_arrival"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def live(self) -> bool:
        """Whether it still stands: it renews, is paused, or waits for an overdue payment."""
        return self.state in LIVE


class HistoryIsFinal(TypeError):
    """A line of history is a record of what was decided: it is neither changed nor deleted."""


class MembershipEvent(models.Model):
    """One line of a membership's history: written with the change, in the same transaction.

    The database refuses to change one; PostgreSQL also to delete one while its membership stands
    (PEERS F13). It goes with a membership that is over, when the law no longer wants it kept.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="history")
    old_state = models.CharField(max_length=16, choices=MembershipState, blank=True)
    new_state = models.CharField(max_length=16, choices=MembershipState)
    changes = models.JSONField(default=dict)
    source = models.CharField(max_length=16)
    reference = models.CharField(max_length=255, blank=True)
    # When it came about, by Stripe's dates or our wish's; null in lines from before we kept it.
    happened_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["recorded_at", "id"]
        constraints = [one_of("membershipevent", "new_state", MembershipState)]
        indexes = [
            # Pauses are read from it, and few lines are of one.
            models.Index(
                fields=["membership"],
                name="history_of_pauses",
                condition=Q(old_state=MembershipState.PAUSED) | Q(new_state=MembershipState.PAUSED),
            ),
            # So are periods that no money came for.
            models.Index(
                fields=["membership"],
                name="history_of_covered",
                condition=Q(changes__has_key=COVERED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.old_state or 'new'} -> {self.new_state}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise HistoryIsFinal(str(self.pk))
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise HistoryIsFinal(str(self.pk))
