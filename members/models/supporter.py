"""A supporter: someone whose support may say something about them that is theirs to tell."""

from typing import Any, Final, Self

from django.db import models, transaction
from django.utils import timezone

from billing.ids import new_id
from billing.models import Membership, Payment
from billing.models.rules import one_of
from billing.states import MembershipState, PaymentState
from members import vault
from members.models import name as names

# What stands in place of the hash of an address that is nobody's any more: no hash begins so.
GONE: Final = "gone:"
_UNPAID: Final = (MembershipState.PENDING, MembershipState.EXPIRED)


class ReceiptRhythm(models.TextChoices):
    """How often a supporter is sent receipts; each is issued with its payment all the same."""

    EVERY = "every", "With every payment"
    QUARTER = "quarter", "Every three months"
    YEAR = "year", "Once a year"


class SupporterQuerySet(models.QuerySet["Supporter"]):
    def with_email(self, email: str) -> Self:
        """Those who have this address, in whatever case it was typed: one row or none."""
        return self.filter(email_hash=vault.lookup_hash(email))

    def without_payment(self) -> Self:
        """Those of whom nothing ever began at the bank, as `Supporter.has_given` has it."""
        begun = Membership.objects.filter(supporter=models.OuterRef("pk")).exclude(
            state__in=_UNPAID
        )
        paid = Payment.objects.filter(supporter=models.OuterRef("pk"), state=PaymentState.SUCCEEDED)
        return self.exclude(models.Exists(begun) | models.Exists(paid))

    def named(self) -> Self:
        """Those who can be found by their address: all but who was erased, or is about to be."""
        return self.exclude(email_hash__startswith=GONE)


class Supporter(models.Model):
    """A person known by an address. Both columns of identity are sealed (DESIGN 10).

    special_category: GDPR Art. 9, as all that hangs on this row (DOMAIN 4.1).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email_sealed = models.BinaryField()
    email_hash = models.CharField(max_length=64, unique=True)
    name_sealed = models.BinaryField(default=b"")
    language = models.CharField(max_length=8, default="en")
    receipt_rhythm = models.CharField(
        max_length=8,
        choices=ReceiptRhythm,
        default=ReceiptRhythm.EVERY,
        db_default=ReceiptRhythm.EVERY,
    )
    # Letters as plain text, from a neutral sender, without a name.
    discreet = models.BooleanField(default=False, db_default=False)
    wants_statement = models.BooleanField(default=True, db_default=True)
    # Sessions that began before it are over: the address they were opened from is not theirs now.
    signed_out_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    # False where a name was typed by a visitor and a worker has yet to index it (members.search):
    # on the page itself it would cost a statement more for some than for others.
    name_indexed = models.BooleanField(default=True, db_default=True)

    # A name that was given, until the index says it too.
    _to_index: str | None = None

    objects = SupporterQuerySet.as_manager()

    class Meta:
        constraints = [one_of("supporter", "receipt_rhythm", ReceiptRhythm)]
        indexes = [
            models.Index(
                fields=["id"],
                name="supporter_to_index",
                condition=models.Q(name_indexed=False),
            )
        ]

    def __str__(self) -> str:
        return str(self.id)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the row, and with a new name the index by which staff find it."""
        called, fresh = self._to_index, self._state.adding
        if called is None:
            super().save(*args, **kwargs)
            return
        with transaction.atomic():
            super().save(*args, **kwargs)
            names.index(self.pk, called, fresh=fresh)
        self._to_index = None

    @property
    def has_given(self) -> bool:
        """Whether anything of theirs ever began at the bank.

        Until then nobody has shown that the address is theirs: anybody may have typed it in.
        """
        return (
            self.memberships.exclude(state__in=_UNPAID).exists()
            or self.payments.filter(state=PaymentState.SUCCEEDED).exists()
        )

    @property
    def named(self) -> bool:
        """Whether they can be found by their address, as SupporterQuerySet.named asks."""
        return not self.email_hash.startswith(GONE)

    @property
    def erased(self) -> bool:
        """Whether they were erased: the row stands for what was given, and names nobody."""
        return not self.email_sealed

    @property
    def email(self) -> str:
        """The address as it was typed. Raises vault.VaultError, also where it was erased."""
        return vault.unseal(self.email_sealed, row=self.id, column="supporter.email")

    @email.setter
    def email(self, address: str) -> None:
        address = address.strip()
        self.email_sealed = vault.seal(address, row=self.id, column="supporter.email")
        self.email_hash = vault.lookup_hash(address)

    @property
    def name(self) -> str:
        """The name they chose to be called, or ""."""
        if not self.name_sealed:
            return ""
        return vault.unseal(self.name_sealed, row=self.id, column="supporter.name")

    @name.setter
    def name(self, text: str) -> None:
        sealed = vault.seal(text, row=self.id, column="supporter.name") if text else b""
        self.name_sealed = sealed
        self._to_index = text


def supporter_for(*, email: str, name: str = "", language: str = "") -> Supporter:
    """The supporter with this address, made now if there is none.

    An anonymous form must not change what is known of a person, so the name given with an address
    that is already here is dropped: whoever signs in may change it. Until a payment has arrived
    nothing is known: whoever came first may have been a stranger, and the later name counts; so
    does the language, where one is given. The same statements for every address (DESIGN 9).
    """
    fresh = Supporter(language=language or "en")
    fresh.email = email
    Supporter.objects.bulk_create([fresh], ignore_conflicts=True)
    found = Supporter.objects.with_email(email).get()
    before = found.name_sealed, found.language
    found.name, found.language = name, language or found.language
    typed = {"name_sealed": found.name_sealed, "language": found.language, "name_indexed": False}
    if not Supporter.objects.filter(pk=found.pk).without_payment().update(**typed):
        found.name_sealed, found.language = before
    found._to_index = None  # a worker's, whosever name this is
    return found


class Consent(models.Model):
    """Explicit consent under GDPR Art. 9(2)(a), as it was given. Never changed (DOMAIN 4.2)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    supporter = models.ForeignKey(Supporter, on_delete=models.CASCADE, related_name="consents")
    text_version = models.CharField(max_length=32)
    locale = models.CharField(max_length=8)
    given_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            # A double click gives its consent once.
            models.UniqueConstraint(
                fields=["supporter", "text_version", "locale", "given_at"],
                name="one_consent_per_press",
            )
        ]

    def __str__(self) -> str:
        return f"{self.text_version} {self.given_at:%Y-%m-%d}"
