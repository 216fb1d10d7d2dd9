"""A list that a member of staff takes out as a file: what was asked for, and its parts."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from billing.ids import new_id
from billing.models.rules import one_of
from members import vault
from members.models.access import Purpose


class Subject(models.TextChoices):
    """What a line of the list is about."""

    MEMBERSHIPS = "memberships", "Memberships"
    PAYMENTS = "payments", "Payments"
    SUPPORTERS = "supporters", "Supporters"


class Format(models.TextChoices):
    CSV = "csv", "CSV"
    EXCEL_CSV = "excel-csv", "CSV, marked for Excel"
    XLSX = "xlsx", "XLSX"


class ListState(models.TextChoices):
    ASKED = "asked", "Waits for a second person"
    RESTING = "resting", "Waits a day"
    MAKING = "making", "Being made"
    READY = "ready", "Ready"
    REFUSED = "refused", "Refused"
    STOPPED = "stopped", "Stopped"
    OVER = "over", "Gone"


class StaffList(models.Model):
    """One list, from the asking to the day it is gone. The row stays 24 months, its parts a day.

    Made in steps by whoever holds the lease: `after` is the id of the last row that is in it, so
    that a worker who dies costs no more than a step. `names` says that it says who they are.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    press = models.CharField(max_length=64, unique=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="lists_asked"
    )
    role = models.CharField(max_length=16)
    subject = models.CharField(max_length=16, choices=Subject)
    columns = models.JSONField(default=list)
    filters = models.JSONField(default=dict)
    names = models.BooleanField(default=False)
    purpose = models.CharField(max_length=16, choices=Purpose)
    format = models.CharField(max_length=16, choices=Format, default=Format.CSV)
    state = models.CharField(max_length=16, choices=ListState)
    asked_at = models.DateTimeField(default=timezone.now)
    # Of a list that nobody else can agree to: it is not made before.
    rests_until = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True)
    rows_foreseen = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    after = models.UUIDField(null=True)
    claim = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    ready_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    taken_at = models.DateTimeField(null=True)
    times_taken = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints = [
            one_of("stafflist", "subject", Subject),
            one_of("stafflist", "purpose", Purpose),
            one_of("stafflist", "format", Format),
            one_of("stafflist", "state", ListState),
            models.CheckConstraint(
                name="stafflist_two_are_two",
                condition=Q(answered_by__isnull=True) | ~Q(answered_by=models.F("by")),
            ),
            models.CheckConstraint(
                name="stafflist_names_need_a_second_or_a_day",
                condition=Q(names=False)
                | ~Q(state__in=[ListState.MAKING, ListState.READY])
                | Q(answered_by__isnull=False)
                | Q(rests_until__isnull=False),
            ),
            models.CheckConstraint(
                name="stafflist_ready_says_until_when",
                condition=~Q(state=ListState.READY) | Q(expires_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["state", "lease_until"], name="stafflist_to_make"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def reference(self) -> str:
        """What a line of the file and its name carry, so that a file that turns up is known."""
        return self.id.hex[-8:].upper()


class ListPart(models.Model):
    """Some thousand lines of a list, packed and sealed: a stolen dump names nobody (DESIGN 10).

    In the database and not on a disk, for the worker that makes them and the machine that hands
    them out may be two.
    """

    of = models.ForeignKey(StaffList, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    lines = models.PositiveIntegerField()
    body_sealed = models.BinaryField()

    class Meta:
        ordering = ["of", "number"]
        constraints = [
            models.UniqueConstraint(fields=["of", "number"], name="listpart_once"),
        ]

    def __str__(self) -> str:
        return f"{self.of_id} {self.number}"

    @property
    def body(self) -> str:
        """The lines, packed, as base64. Raises vault.VaultError."""
        return vault.unseal(self.body_sealed, row=self.of_id, column=f"listpart.{self.number}")

    @body.setter
    def body(self, text: str) -> None:
        self.body_sealed = vault.seal(text, row=self.of_id, column=f"listpart.{self.number}")
