"""What we keep of Stripe: its ids, its events' ids, and what we asked of it. Never a payload."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from billing.ids import new_id
from billing.models.rules import one_of


class StripeCustomer(models.Model):
    """A customer at Stripe. One may have several: an anonymous join makes one (DESIGN 9)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    supporter = models.ForeignKey(
        "members.Supporter", on_delete=models.PROTECT, related_name="customers"
    )
    stripe_customer_id = models.CharField(max_length=255, unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="customer_has_id", condition=~Q(stripe_customer_id=""))
        ]

    def __str__(self) -> str:
        return self.stripe_customer_id


class EventState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    CLAIMED = "claimed", "In work"
    DONE = "done", "Applied"
    FOREIGN = "foreign", "Not ours"
    IGNORED = "ignored", "Nothing to do"
    PARKED = "parked", "Needs a person"


class StripeEvent(models.Model):
    """The inbox: one row per event id, whatever Stripe sends and however often."""

    id = models.CharField(primary_key=True, max_length=255)
    type = models.CharField(max_length=100)
    object_id = models.CharField(max_length=255)
    api_version = models.CharField(max_length=64, blank=True)
    livemode = models.BooleanField()
    created = models.DateTimeField()
    received_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=16, choices=EventState, default=EventState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    claim = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            one_of("stripeevent", "state", EventState),
            models.CheckConstraint(name="event_has_id", condition=~Q(id="")),
            models.CheckConstraint(
                name="event_claimed_has_lease",
                condition=~Q(state=EventState.CLAIMED) | Q(lease_until__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                name="event_open",
                condition=Q(state__in=[EventState.WAITING, EventState.CLAIMED]),
            ),
            models.Index(
                fields=["object_id"],
                name="event_open_of_object",
                condition=Q(state=EventState.WAITING),
            ),
            # The staff's page reads the newest, of all or of one state, among years of them.
            models.Index(fields=["-received_at", "-id"], name="event_by_arrival"),
            models.Index(fields=["state", "-received_at", "-id"], name="event_by_state"),
        ]

    def __str__(self) -> str:
        return self.id


class Ticket(models.Model):
    """A number drawn before asking Stripe: who drew the later one asked later, and knows more.

    One series for all objects rather than a counter for each, so that a ticket drawn before a page
    of a list is fetched serves for every object on that page. Old rows are swept away; the
    database never gives a number twice.
    """

    id = models.BigAutoField(primary_key=True)
    drawn_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.id)


class IntentKind(models.TextChoices):
    CHECKOUT = "checkout", "Open a checkout"
    CANCEL_AT_PERIOD_END = "cancel_at_period_end", "End with the paid period"
    KEEP = "keep", "Take the cancellation back"
    CANCEL_NOW = "cancel_now", "End now, the grace is over"
    END_NOW = "end_now", "End now"
    CHANGE_AMOUNT = "change_amount", "Change the amount"
    CHANGE_INTERVAL = "change_interval", "Change the rhythm with the next period"
    DROP_CHANGE = "drop_change", "Take a change back"
    PAUSE = "pause", "Pause"
    RESUME = "resume", "End the pause"
    REFUND = "refund", "Refund"
    PAY_INVOICE = "pay_invoice", "Collect an open invoice"
    CLOSE_CHECKOUT = "close_checkout", "Close an open checkout"
    UPDATE_CUSTOMER = "update_customer", "Tell a new address"
    DELETE_CUSTOMER = "delete_customer", "Delete the customer"


class IntentState(models.TextChoices):
    OPEN = "open", "To be done"
    DONE = "done", "Done"
    REFUSED = "refused", "Refused"
    SUPERSEDED = "superseded", "Overtaken by a later wish"


class Intent(models.Model):
    """A write to Stripe, as a row before it is a call (DESIGN 5).

    `press` is one press of one button; `params` is frozen at that moment, so that every try is
    byte-equal and Stripe answers it once. `subject` is the public id of our row it is about. A new
    `attempt`, and with it a new idempotency key, follows only on a definitive answer. `claim` is
    the worker that has it at Stripe just now, until `lease_until` at the latest.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=24, choices=IntentKind)
    press = models.CharField(max_length=64, unique=True)
    subject = models.UUIDField(db_index=True)
    params = models.JSONField(default=dict)
    attempt = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=16, choices=IntentState, default=IntentState.OPEN)
    stripe_object_id = models.CharField(max_length=255, blank=True)
    error = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    next_try_at = models.DateTimeField(default=timezone.now)
    tries = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            one_of("intent", "kind", IntentKind),
            one_of("intent", "state", IntentState),
            models.CheckConstraint(name="intent_has_press", condition=~Q(press="")),
            models.CheckConstraint(
                name="intent_claimed_has_lease",
                condition=Q(claim__isnull=True, lease_until__isnull=True)
                | Q(claim__isnull=False, lease_until__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"], name="intent_open", condition=Q(state=IntentState.OPEN)
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def idempotency_key(self) -> str:
        return f"{self.id}:{self.attempt}"
