"""The demo's staff member: credentials that everyone may know, so they open nothing but a demo."""

import time
from typing import Final

from allauth.mfa import app_settings
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings

from members.models import StaffMember

EMAIL: Final = "staff@gcn.example"
PASSWORD: Final = "many-hands-light-work"  # noqa: S105 - public on purpose, refused without DEBUG
TOTP_SECRET: Final = "MEITHEALMEITHEALMEITHEALMEITHEAL"  # noqa: S105 - as above


def may_enter(member: StaffMember) -> bool:
    """Whether this member may be signed in at all.

    A database that began as a demo may become a production; its known password must not come along.
    """
    return bool(member.is_active and (settings.DEBUG or member.email != EMAIL))


def current_code() -> tuple[str, int]:
    """The demo member's six digits of this moment, and for how many seconds they still hold."""
    period: int = app_settings.TOTP_PERIOD
    now = int(time.time())
    code: str = format_hotp_value(hotp_value(TOTP_SECRET, now // period))
    return code, period - now % period
