"""A supporter's wish to be thanked on the news site."""

from uuid import uuid4

from django.db import models
from django.utils import timezone

from members.models.supporter import Supporter


class Badge(models.Model):
    """The row stands while the supporter wants a badge; without it no token of theirs is good.

    Its id is what tokens are made of: random, not of our ordered ids, which tell when they were
    made. Wishing for one again makes another id, so what was given out before stays worthless.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    supporter = models.OneToOneField(Supporter, on_delete=models.CASCADE, related_name="badge")
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.supporter_id)
