"""Staff: the people who read reports and help supporters. Supporters are not among these users."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property

from billing.ids import new_id


class Role(models.TextChoices):
    VIEWER = "viewer", "Reads reports"
    SUPPORT = "support", "Helps supporters"
    FINANCE = "finance", "Keeps the books"
    ADMIN = "admin", "Looks after staff"


class StaffManager(BaseUserManager["StaffMember"]):
    def create_user(self, email: str, password: str | None = None, **extra: Any) -> "StaffMember":
        """Make a staff member with the least role, unless another is given."""
        member = self.model(email=self.normalize_email(email).lower(), **extra)
        member.set_password(password)
        member.save()
        return member

    def create_superuser(self, email: str, password: str | None = None) -> "StaffMember":
        return self.create_user(email, password, is_superuser=True, role=Role.ADMIN)

    def get_by_natural_key(self, username: str | None) -> "StaffMember":
        return self.get(email=(username or "").lower())


class StaffMember(AbstractBaseUser, PermissionsMixin):
    """A person on the staff, who signs in with a password and a second factor."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100, blank=True)
    role = models.CharField(max_length=16, choices=Role, default=Role.VIEWER)
    is_active = models.BooleanField(default=True)
    wants_digest = models.BooleanField(default=True, db_default=True)
    date_joined = models.DateTimeField(default=timezone.now)

    objects: ClassVar[StaffManager] = StaffManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="staff_role_known", condition=models.Q(role__in=Role.values)
            ),
            models.CheckConstraint(
                name="staff_email_is_lower_case", condition=models.Q(email=Lower("email"))
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_staff(self) -> bool:
        """Every one of these may open the read-only admin; what they see there is by permission."""
        return self.is_active

    @cached_property
    def factors(self) -> frozenset[int]:
        """The ids of their second factors, app and passkeys, as this request found them.

        Recovery codes stand in for one that is lost, and are none.
        """
        held = self.authenticator_set.exclude(  # type: ignore[attr-defined]  # allauth has no types
            type="recovery_codes"
        )
        return frozenset(held.values_list("pk", flat=True))
