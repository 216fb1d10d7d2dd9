"""How allauth treats our staff: no sign-up, sealed second factors, supporters left alone."""

import base64
import time
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from members import signin, vault
from members.models import StaffMember
from members.staff import demo

# allauth asks to seal a secret before its row exists, so the place is the column alone.
_ANY_ROW: Final = UUID(int=0)
_COLUMN: Final = "authenticator.secret"


class StaffBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth ships no types
    """Password check, and on every request the question whether the member may still be here."""

    def user_can_authenticate(self, user: StaffMember) -> bool:
        return demo.may_enter(user)


class StaffAccounts(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: a member of staff is made by `manage.py enrol_staff`."""
        return False

    def pre_login(self, request: HttpRequest, user: StaffMember, **more: Any) -> Any:
        if not demo.may_enter(user):
            return self.respond_user_inactive(request, user)
        return super().pre_login(request, user, **more)

    def is_reauthentication_required(self, *, app: str, **_more: Any) -> bool:
        """Whether it is too long ago that this person proved who they are, by either factor."""
        records = get_authentication_records(self.request, self.request.user)
        latest = max((record["at"] for record in records), default=0)
        return bool(time.time() - latest > app_settings.REAUTHENTICATION_TIMEOUT)

    def get_reauthentication_methods(self, user: StaffMember) -> list[dict[str, Any]]:
        """One page asks for the second factor, of whatever kind; allauth has one for each."""
        ways = {
            "reauthenticate": "account_reauthenticate",
            "mfa_reauthenticate": "mfa_reauthenticate",
        }
        flows = [each["id"] for each in get_reauthentication_flows(user)]
        return [{"id": each, "description": "", "url": reverse(ways[each])} for each in flows]

    def logout(self, request: HttpRequest) -> None:
        """Sign the member out; a supporter signed in with the same browser stays so."""
        kept = {key: request.session.get(key) for key in signin.SESSION_KEYS}
        super().logout(request)
        for key, value in kept.items():
            if value is not None:
                request.session[key] = value

    def respond_user_inactive(self, request: HttpRequest, user: StaffMember) -> HttpResponse:
        response: HttpResponse = super().respond_user_inactive(request, user)
        return response


class StaffFactors(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """Second factors lie in the vault: a stolen dump holds no secret that makes codes.

    Of a passkey we hold the public half alone, which needs no vault.
    """

    def encrypt(self, text: str) -> str:
        return base64.b64encode(vault.seal(text, row=_ANY_ROW, column=_COLUMN)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        sealed = base64.b64decode(encrypted_text)
        return vault.unseal(sealed, row=_ANY_ROW, column=_COLUMN)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Never by allauth's own pages: ours (members/staff/factors.py) keeps the last one."""
        return False

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """For whom passkeys are made: by the settings, whatever host a request or a proxy names."""
        return {
            "id": urlsplit(settings.PASSKEY_ORIGIN).hostname or "",
            "name": settings.MFA_TOTP_ISSUER,
        }


def reseal_factors() -> int:
    """Seal every second factor under the newest vault key and say how many rows changed."""
    adapter = StaffFactors()
    changed = 0
    for row in Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN).iterator():
        secret = "seed" if row.type == Authenticator.Type.RECOVERY_CODES else "secret"
        if vault.sealed_under_newest(base64.b64decode(row.data[secret])):
            continue
        row.data[secret] = adapter.encrypt(adapter.decrypt(row.data[secret]))
        row.save(update_fields=["data"])
        changed += 1
    return changed
