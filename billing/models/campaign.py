"""What somebody was asked by: a stall, a story, a letter. Counted, never followed."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from billing.ids import new_id


class Campaign(models.Model):
    """A name that a link to the join page may carry (`?campaign=`): the table is the allow-list.

    It stays with us: Stripe, bank lines and letters never hear of it, so its name may say what it
    likes. An inactive one is kept for its figures and no longer counted.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.SlugField(max_length=32, unique=True)
    name = models.CharField(max_length=64)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.CheckConstraint(name="campaign_has_slug", condition=~Q(slug=""))]

    def __str__(self) -> str:
        return self.slug
