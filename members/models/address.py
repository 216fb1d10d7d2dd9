"""A change of address on its way: asked for in the account, confirmed from the new mailbox."""

from django.db import models
from django.utils import timezone

from billing.ids import new_id
from members import vault
from members.models.supporter import Supporter


class AddressChange(models.Model):
    """A supporter's wish to be written to elsewhere. Both addresses are sealed, and soon gone.

    The old one is kept only from the change until it has been told. `new_hash` holds the link in
    the letter to the new one.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    supporter = models.ForeignKey(
        Supporter, on_delete=models.CASCADE, related_name="address_changes"
    )
    new_sealed = models.BinaryField()
    new_hash = models.CharField(max_length=64)
    old_sealed = models.BinaryField(default=b"")
    old_hash = models.CharField(max_length=64, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="address_change_by_expiry")]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def new_email(self) -> str:
        """The address that is asked for. Raises vault.VaultError."""
        return vault.unseal(self.new_sealed, row=self.id, column="addresschange.new")

    @new_email.setter
    def new_email(self, address: str) -> None:
        self.new_sealed = vault.seal(address, row=self.id, column="addresschange.new")
        self.new_hash = vault.lookup_hash(address)

    @property
    def old_email(self) -> str:
        """The address it was until then, or "" once that has been told. Raises vault.VaultError."""
        if not self.old_sealed:
            return ""
        return vault.unseal(self.old_sealed, row=self.id, column="addresschange.old")

    @old_email.setter
    def old_email(self, address: str) -> None:
        self.old_sealed = vault.seal(address, row=self.id, column="addresschange.old")
        self.old_hash = vault.lookup_hash(address)
