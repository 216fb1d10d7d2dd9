"""Who looked at what is known of a supporter, what they looked at, and why."""

from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.utils import timezone

from billing.ids import new_id
from billing.models.rules import one_of
from members.models.supporter import Supporter


class Action(models.TextChoices):
    SHOWN = "shown", "Looked at"
    FOUND = "found", "Found in a search or a list"
    EXPORTED = "exported", "Taken out in a file"
    CHANGED = "changed", "Changed"
    REMOVED = "removed", "Deleted"


class Field(models.TextChoices):
    """What of a supporter was seen: a short list, and never what stood in it."""

    NAME = "name", "Name"
    EMAIL = "email", "E-mail address"
    LETTERS = "letters", "Letters"
    MEMBERSHIP = "membership", "Membership"
    PAYMENTS = "payments", "Payments"
    RECEIPTS = "receipts", "Receipts"
    WISHES = "wishes", "How letters come"


class Purpose(models.TextChoices):
    """Why. Of this list and nothing else: free text about a person would be one more secret."""

    ASKED = "asked", "They asked us for something"
    PAYMENT = "payment", "A payment needed a person to look at it"
    MAIL = "mail", "A letter could not be delivered"
    BOOKS = "books", "The books had to be closed or checked"
    SAFETY = "safety", "The service had to be kept safe"
    LAW = "law", "The law asked for it"


class AccessIsFinal(TypeError):
    """A line says that somebody looked: it is neither changed nor taken back."""


class AccessLog(models.Model):
    """One look of one member of staff at one supporter (Data Protection Act 2018, s. 36).

    The database refuses every change, and to delete a line within 24 months (migration 0008). A
    supporter who goes does not take it along, so there is no constraint to their row: the line then
    bears an id that leads to nobody. `role` is what the member of staff was at the time.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="looks"
    )
    role = models.CharField(max_length=16)
    supporter = models.ForeignKey(
        Supporter, on_delete=models.DO_NOTHING, db_constraint=False, related_name="looks"
    )
    action = models.CharField(max_length=16, choices=Action)
    fields = models.JSONField(default=list)
    purpose = models.CharField(max_length=16, choices=Purpose)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            one_of("accesslog", "action", Action),
            one_of("accesslog", "purpose", Purpose),
        ]
        indexes = [
            models.Index(fields=["supporter", "-at"], name="access_to_supporter"),
            models.Index(fields=["staff", "-at"], name="access_by_staff"),
            models.Index(fields=["at"], name="access_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AccessIsFinal(str(self.pk))
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise AccessIsFinal(str(self.pk))
