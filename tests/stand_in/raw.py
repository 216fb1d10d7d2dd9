"""Requests as they are, without the SDK: for what the SDK would never send."""

from __future__ import annotations

import http.client
import json
from typing import Any

from tests.stand_in.desk import Desk

KEY = {"Authorization": "Bearer sk_test_unit"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def ask(
    desk: Desk,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, Any, dict[str, str]]:
    """Send a request as it is; return status, decoded body, headers in lower case."""
    link = http.client.HTTPConnection(desk.base.removeprefix("http://"), timeout=10)
    try:
        link.request(method, path, body, KEY if headers is None else headers)
        answer = link.getresponse()
        text = answer.read()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, json.loads(text) if text else None, told
    finally:
        link.close()
