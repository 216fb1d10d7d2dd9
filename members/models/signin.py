"""A request to sign in: the row behind the link that is mailed."""

from django.db import models
from django.utils import timezone

from billing.ids import new_id
from members.models.supporter import Supporter


class SignIn(models.Model):
    """One asked-for link. Made for every request, known address or not, so that both cost the same.

    The link's token is an HMAC of this row's id and nonce under a key that is not in the database:
    neither a dump nor the outbox holds a link that works (DESIGN 8).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    supporter = models.ForeignKey(Supporter, on_delete=models.CASCADE, null=True)
    nonce = models.CharField(max_length=32)
    asked_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="signin_by_expiry")]

    def __str__(self) -> str:
        return str(self.id)
