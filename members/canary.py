"""The canary: tells at start that the keys do not open this database, before anyone notices.

A wrong VAULT_KEYS would show at the first letter, a wrong VAULT_LOOKUP_KEY would quietly make a
second supporter of everyone who comes back. The oldest row and the newest one tell both.
"""

from collections.abc import Sequence
from typing import Any, Final

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError, connections

from members import vault
from members.models import Supporter


def complaint(*, using: str = "default") -> str:
    """What is wrong with the keys for this database, naming the setting; "" if nothing is seen."""
    supporters = Supporter.objects.using(using).named()
    for supporter in (supporters.order_by("pk").first(), supporters.order_by("pk").last()):
        if supporter is None:
            return ""
        try:
            email = supporter.email
        except vault.VaultError:
            return "VAULT_KEYS"
        if vault.lookup_hash(email) != supporter.email_hash:
            return "VAULT_LOOKUP_KEY"
    return ""


_HINTS: Final = {
    "VAULT_KEYS": "Add the key that these rows were sealed with to VAULT_KEYS, after the newest.",
    "VAULT_LOOKUP_KEY": "Put the old VAULT_LOOKUP_KEY back, or stop the service and run "
    "`manage.py vault_rehash` to move all rows to the new one.",
}


@register(Tags.database)
def keys_open_the_vault(
    databases: Sequence[str] | None = None, **_kwargs: Any
) -> list[CheckMessage]:
    """Runs with `manage.py migrate` and `manage.py check --database default`."""
    found = [wrong for name in databases or [] if (wrong := _complaint_if_migrated(name))]
    return [
        Error(f"{wrong} does not fit this database.", hint=_HINTS[wrong], id="members.E001")
        for wrong in found
    ]


def _complaint_if_migrated(name: str) -> str:
    try:
        if Supporter._meta.db_table not in connections[name].introspection.table_names():
            return ""
        return complaint(using=name)
    except DatabaseError:
        return ""  # no database, or one of an older release: migrate will tell
