"""A security key of software: it makes and shows passkeys as a browser would say it."""

import json
import secrets
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from django.http import HttpResponse
from django.test import Client
from fido2.cose import ES256, CoseKey, UnsupportedKey
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

HERE: Final = "https://support.newsroom.example"
ADD: Final = "/staff/second-factor/passkey/"
CODE: Final = "/staff/second-factor/code/"
CONFIRM: Final = "/staff/second-factor/confirm/"
_FLAG = AuthenticatorData.FLAG


class SecurityKey:
    """One passkey; its person puts in the PIN unless told otherwise."""

    def __init__(self) -> None:
        self.id = secrets.token_bytes(16)
        self._private = ec.generate_private_key(ec.SECP256R1())
        self.public: CoseKey = ES256.from_cryptography_key(self._private.public_key())  # type: ignore[no-untyped-call]  # fido2 leaves this one out

    def made(self, options: dict[str, Any], *, origin: str = HERE, person: bool = True) -> str:
        """What the browser says when this passkey is made."""
        own = AttestedCredentialData.create(Aaguid.NONE, self.id, self.public)
        data = _data(options["rp"]["id"], person=person, own=own)
        client = CollectedClientData.create("webauthn.create", options["challenge"], origin)
        attested = AttestationObject.create("none", data, {})
        return self._said(
            {
                "clientDataJSON": websafe_encode(client),
                "attestationObject": websafe_encode(attested),
            }
        )

    def shown(self, options: dict[str, Any], *, origin: str = HERE, person: bool = True) -> str:
        """What the browser says when it is shown."""
        data = _data(options["rpId"], person=person)
        client = CollectedClientData.create("webauthn.get", options["challenge"], origin)
        signature = self._private.sign(data + client.hash, ec.ECDSA(SHA256()))
        return self._said(
            {
                "clientDataJSON": websafe_encode(client),
                "authenticatorData": websafe_encode(data),
                "signature": websafe_encode(signature),
            }
        )

    def _said(self, response: dict[str, str]) -> str:
        own = websafe_encode(self.id)
        said = {"id": own, "rawId": own, "type": "public-key", "response": response}
        return json.dumps(said | {"clientExtensionResults": {}})


def broken_key() -> SecurityKey:
    """One whose signatures nobody can check."""
    key = SecurityKey()
    key.public = UnsupportedKey({1: 2, 3: -9999})
    return key


def _data(
    rp_id: str, *, person: bool, own: AttestedCredentialData | None = None
) -> AuthenticatorData:
    flags = _FLAG.UP | (_FLAG.UV if person else 0) | (_FLAG.AT if own else 0)
    data: AuthenticatorData = AuthenticatorData.create(sha256(rp_id.encode()), flags, 0, own or b"")
    return data


def asked(client: Client, path: str) -> dict[str, Any]:
    """What the page asks the browser for."""
    options: dict[str, Any] = json.loads(client.get(path).context["passkey"])["publicKey"]
    return options


def add(client: Client, key: SecurityKey, name: str = "ring", **how: Any) -> HttpResponse:
    """Make a passkey on one's own page."""
    said = key.made(asked(client, ADD), **how)
    return client.post(ADD, {"name": name, "credential": said})  # type: ignore[return-value]  # the client's response is one


def show(client: Client, key: SecurityKey, path: str = CODE, **how: Any) -> HttpResponse:
    """Show it where a second factor is asked for."""
    return client.post(path, {"credential": key.shown(asked(client, path), **how)})  # type: ignore[return-value]  # as above
