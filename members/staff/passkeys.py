"""What a browser sends of a passkey, read with distrust: made, or shown, on a page of ours.

fido2 verifies challenge, key, presence and the person behind it. It takes any subdomain and any
port, and its readers break over bytes that no browser makes: both is seen to here, before it.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import structlog
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from allauth.mfa.webauthn.internal import auth
from cryptography.exceptions import InvalidSignature
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from fido2.cose import CoseKey
from fido2.webauthn import AuthenticationResponse, CollectedClientData, RegistrationResponse

log = structlog.get_logger(__name__)
# Three times what the longest that is known takes.
_MOST_SIGNS: Final = 20_000
_NOT_TAKEN: Final = "That passkey was not taken. Try it once more."
_NO_SCRIPT: Final = "No passkey was shown. It takes a browser with JavaScript; a code does not."


class Credential(forms.JSONField):
    """What the browser says of a passkey, in a field that its script fills."""

    widget = forms.HiddenInput
    default_error_messages = {"required": _NO_SCRIPT, "invalid": _NOT_TAKEN}

    def to_python(self, value: Any) -> Any:
        if value and len(value) > _MOST_SIGNS:
            raise ValidationError(_NOT_TAKEN)
        try:
            return super().to_python(value)
        except RecursionError:
            raise ValidationError(_NOT_TAKEN) from None


class NewPasskey(AddWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    """A passkey that was just made, and what its owner calls it."""

    name = forms.CharField(
        label="What do you call it?",
        max_length=60,
        help_text="So that you know it again: “work laptop”, “key on my ring”.",
        error_messages={"required": "Give it a name, so that you know it again."},
    )
    credential = Credential()

    def clean(self) -> dict[str, Any]:
        """Verify it, and keep of it only what fido2 read."""
        if self.errors:
            return self.cleaned_data  # type: ignore[no-any-return]  # as above
        made = _read(RegistrationResponse, self.cleaned_data["credential"])
        data = made.response.attestation_object.auth_data.credential_data
        if data is None or not _can_verify(data.public_key):
            raise ValidationError(_NOT_TAKEN)
        if auth.get_authenticator_by_credential_id(self.user, data.credential_id):
            raise ValidationError("You have this passkey already.")
        # What extensions say is anybody's, a NUL too, which PostgreSQL does not store.
        kept = dict(made) | {"clientExtensionResults": {}}
        self.cleaned_data["credential"] = json.loads(json.dumps(kept))
        try:
            super().clean()
        except ValidationError:
            raise _not_taken("made") from None
        return self.cleaned_data  # type: ignore[no-any-return]  # as above


class _Shown:
    cleaned_data: dict[str, Any]

    def clean_credential(self) -> Any:
        """The passkey that was shown, if it is one of this member's."""
        _read(AuthenticationResponse, self.cleaned_data["credential"])
        try:
            return super().clean_credential()  # type: ignore[misc]  # of the form beside it
        except ValidationError as refused:
            # The other reason is that it was tried too often, which its own words say.
            raise (_not_taken("shown") if refused.code == "incorrect_code" else refused) from None


class ShownPasskey(_Shown, AuthenticateWebAuthnForm):  # type: ignore[misc]  # as above
    credential = Credential()


class ShownAgain(_Shown, ReauthenticateWebAuthnForm):  # type: ignore[misc]  # as above
    credential = Credential()


def for_script(options: Mapping[str, Any]) -> str:
    """What the page's script asks the browser for: JSON."""
    return json.dumps(options)


def _read(kind: Any, credential: object) -> Any:
    """What the browser says, if a page of ours asked it. Raises ValidationError."""
    try:
        said = kind.from_dict(credential)
        client: CollectedClientData = said.response.client_data
    except Exception:  # noqa: BLE001 - anybody may send any bytes, and fido2 reads them anyhow
        raise _not_taken("unreadable") from None
    if client.origin != settings.PASSKEY_ORIGIN or client.cross_origin:
        raise _not_taken("of another page")
    return said


def _can_verify(key: CoseKey) -> bool:
    """Whether it is a key at all: else its owner could never show it."""
    try:
        key.verify(b"", b"")
    except InvalidSignature:
        return True
    except Exception:  # noqa: BLE001 - as above
        return False
    return False


def _not_taken(why: str) -> ValidationError:
    log.warning("passkey not taken", why=why)
    return ValidationError(_NOT_TAKEN)
