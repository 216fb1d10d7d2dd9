"""The vault: names and addresses are encrypted at rest, with keys that the database never sees.

AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce; the row and the column are authenticated
with the text, so a cipher text moved to another place does not open. A stored value is

    1 byte format | 4 bytes key fingerprint | 12 bytes nonce | cipher text and tag

VAULT_KEYS holds the keys, newest first: the first writes, all read. Looking someone up by address
goes through HMAC-SHA256 under VAULT_LOOKUP_KEY, which is a separate key and is not rotated.
"""

import base64
import hashlib
import hmac
import os
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_FORMAT: Final = b"\x01"
_NONCE_BYTES: Final = 12
_HEAD_BYTES: Final = 5
_stand_in: ContextVar[str | None] = ContextVar("what the closed vault answers", default=None)


class VaultError(Exception):
    """The value does not open: no such key, another place, or damaged."""


def seal(text: str, *, row: UUID, column: str) -> bytes:
    """Encrypt a text for one column of one row, under the newest key."""
    fingerprint, cipher = next(iter(_ring(tuple(settings.VAULT_KEYS)).items()))
    nonce = os.urandom(_NONCE_BYTES)
    sealed = cipher.encrypt(nonce, text.encode(), _place(row, column))
    return _FORMAT + fingerprint + nonce + sealed


def unseal(blob: bytes | memoryview, *, row: UUID, column: str) -> str:
    """Decrypt what `seal` made for this place. Raises VaultError."""
    stand_in = _stand_in.get()
    if stand_in is not None:
        return stand_in
    blob = bytes(blob)
    cipher = _ring(tuple(settings.VAULT_KEYS)).get(blob[1:_HEAD_BYTES])
    if blob[:1] != _FORMAT or cipher is None:
        raise VaultError("no key for this value")
    nonce = blob[_HEAD_BYTES : _HEAD_BYTES + _NONCE_BYTES]
    try:
        text = cipher.decrypt(nonce, blob[_HEAD_BYTES + _NONCE_BYTES :], _place(row, column))
    except InvalidTag:
        raise VaultError("value does not open here") from None
    return text.decode()


@contextmanager
def closed(stand_in: str) -> Iterator[None]:
    """Open nothing inside this block: whoever unseals gets the stand-in.

    For pages which show what is written about a person and must not say who it is.
    """
    before = _stand_in.set(stand_in)
    try:
        yield
    finally:
        _stand_in.reset(before)


def sealed_under_newest(blob: bytes | memoryview) -> bool:
    """Whether rotation has nothing left to do for this value."""
    return bytes(blob)[1:_HEAD_BYTES] == next(iter(_ring(tuple(settings.VAULT_KEYS))))


def normalise_email(email: str) -> str:
    """The one spelling under which an address is looked up: NFC, no space around, lower case."""
    return unicodedata.normalize("NFC", email).strip().lower()


def lookup_hash(email: str) -> str:
    """The keyed hash that finds an address again; without the key it tells nothing."""
    return _keyed(normalise_email(email))


def word_hash(word: str) -> str:
    """The keyed hash of one word of a name, folded by members.models.name. No address has it."""
    return _keyed(f"name:{word}")


def term_hash(term: str) -> str:
    """The keyed hash of what somebody searched by: the same words again, and nothing else."""
    return _keyed(f"term:{normalise_email(term)}")


def _keyed(text: str) -> str:
    key = decode_key(settings.VAULT_LOOKUP_KEY)
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def decode_key(text: str) -> bytes:
    """Read a 256-bit key from base64, plain or URL-safe. Raises ValueError."""
    key = base64.b64decode(text.strip().replace("-", "+").replace("_", "/") + "==")
    if len(key) != 32:
        raise ValueError("a vault key is 32 bytes in base64")
    return key


def _place(row: UUID, column: str) -> bytes:
    return f"{column}:{row}".encode()


@lru_cache(maxsize=4)
def _ring(keys: tuple[str, ...]) -> dict[bytes, AESGCM]:
    """The ciphers by the fingerprint of their key, newest first."""
    decoded = [decode_key(text) for text in keys]
    return {hashlib.sha256(b"meitheal vault" + key).digest()[:4]: AESGCM(key) for key in decoded}
