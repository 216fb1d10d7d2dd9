"""Signs of life of the parts that work unseen."""

from django.db import models


class Pulse(models.Model):
    """When a part ("worker", "beat") was last seen at work. /healthz reads it."""

    name = models.CharField(primary_key=True, max_length=16)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
