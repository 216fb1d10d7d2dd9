"""Sessions whose key does not lie in the database: a stolen dump signs nobody in (DESIGN 8, 10)."""

from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone
from django.utils.crypto import salted_hmac


def stored_key(session_key: str) -> str:
    """What stands in the row in place of the cookie's text. 40 hex digits, the column's length."""
    return salted_hmac("config.sessions", session_key, algorithm="sha256").hexdigest()[:40]


class SessionStore(DatabaseStore):
    """Django's sessions in the database, each found by a keyed hash of its cookie.

    Only the calls that a WSGI process makes: the asynchronous ones would write the key itself.
    """

    def _get_session_from_db(self) -> Any:
        found = None
        if self.session_key:
            found = self.model.objects.filter(
                session_key=stored_key(self.session_key), expire_date__gt=timezone.now()
            ).first()
        if found is None:
            self._session_key = None
        return found

    def exists(self, session_key: str) -> bool:
        return super().exists(stored_key(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row = super().create_model_instance(data)
        row.session_key = stored_key(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            super().delete(stored_key(key))
