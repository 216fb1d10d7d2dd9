"""A request and a reply, independent of the socket."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Request:
    """What came in: header names are lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: str

    def fields(self) -> dict[str, str]:
        """Return the fields of a plain HTML form."""
        return dict(parse_qsl(self.body, keep_blank_values=True))

    def asked(self) -> dict[str, str]:
        """Return the query as flat strings."""
        return dict(parse_qsl(self.query, keep_blank_values=True))


@dataclass
class Reply:
    """What goes out; `lost` closes the connection without an answer."""

    status: int
    body: str = ""
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    lost: bool = False


def as_json(status: int, data: object, **headers: str) -> Reply:
    """Return a JSON reply."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps(data, indent=2, ensure_ascii=False), headers=told)


def page(body: str, status: int = 200) -> Reply:
    """Return an HTML reply."""
    return Reply(status, body, "text/html; charset=utf-8", {"Cache-Control": "no-store"})


def see_other(url: str) -> Reply:
    """Return a redirect to GET another URL."""
    return Reply(303, "", "text/plain", {"Location": url})
