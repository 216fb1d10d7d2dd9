"""A membership given without payment. Stripe does not know it, no report counts it as money."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from billing.ids import new_id
from billing.models.rules import one_of


class CompReason(models.TextChoices):
    HARDSHIP = "hardship", "Cannot pay just now"
    VOLUNTEER = "volunteer", "Volunteer"
    CONTRIBUTOR = "contributor", "Contributor"
    STAFF = "staff", "Staff"
    GOODWILL = "goodwill", "Goodwill"


class CompMembership(models.Model):
    """A complimentary membership: from a day until a day, or until it is taken back. UTC.

    `granted_by` is the id of a staff member; the reason is one of a list, never free text about a
    person.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    supporter = models.ForeignKey(
        "members.Supporter", on_delete=models.PROTECT, related_name="comp_memberships"
    )
    reason = models.CharField(max_length=16, choices=CompReason)
    granted_by = models.CharField(max_length=64)
    granted_at = models.DateTimeField(default=timezone.now)
    starts_on = models.DateTimeField()
    ends_on = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-granted_at"]
        constraints = [
            one_of("compmembership", "reason", CompReason),
            models.CheckConstraint(
                name="comp_ends_after_start", condition=Q(ends_on__gt=F("starts_on"))
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    def stands(self, now: datetime) -> bool:
        """Whether it is in force at this moment."""
        return self.revoked_at is None and self.starts_on <= now < self.ends_on
