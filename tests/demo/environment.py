"""The .env that `make run` writes, so that `manage.py ...` by hand just works as well."""

import base64
import os
import secrets
from pathlib import Path
from typing import Final

from tests.processes import ROOT

FILE: Final = ROOT / ".env"
FIRST_LINE: Final = "# Written by make run; make reset removes it."
SUPPORT: Final = "hello@gcn.example"
# Made once, kept from run to run: without them the data of the last run would not open.
KEPT: Final = ("SECRET_KEY", "VAULT_KEYS", "VAULT_LOOKUP_KEY", "STRIPE_WEBHOOK_SECRETS")


class NotOursError(Exception):
    """There is a .env that somebody wrote by hand."""


def write(*, site: str, stripe: str, file: Path = FILE) -> None:
    """Write the variables of the demo, for its own user only. Raises NotOursError."""
    values = _made_up() | _kept(file) | _set(site, stripe)
    lines = [FIRST_LINE, *(f"{name}={value}" for name, value in values.items())]
    fresh = file.with_name(file.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write("\n".join(lines) + "\n")
    fresh.replace(file)


def _is_ours(file: Path) -> bool:
    return file.read_text().startswith(FIRST_LINE)


def _kept(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    if not _is_ours(file):
        raise NotOursError(file.name)
    found = dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)
    return {name: found[name] for name in KEPT if name in found}


def _made_up() -> dict[str, str]:
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "VAULT_KEYS": _key(),
        "VAULT_LOOKUP_KEY": _key(),
    }


def _key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _set(site: str, stripe: str) -> dict[str, str]:
    return {
        "DEBUG": "1",
        "SITE_URL": site,
        "STRIPE_API_KEY": "sk_test_local",
        "STRIPE_API_BASE": stripe,
        "STRIPE_PAGE_ORIGINS": stripe,
        "CHARITY_SUPPORT_EMAIL": SUPPORT,
        # There is no news site in the demo: badges lead back to where they were asked for.
        "NEWS_ORIGINS": site,
        "METER_GOAL_MEMBERS": "200",
        "SWEEP_SECONDS": "5",
    }
