"""Thin events: the same fact as a reference, without version and without data."""

from __future__ import annotations

import functools
from datetime import UTC, datetime

from ..spec.checks import checks
from ..store import Obj


def rendered(event: Obj) -> Obj:
    """Return the thin form of a rendered event; its id is another one, `snapshot_event` tells ours.

    As in the SDK's `v2/core/_event.py` and its `events/_v1_..._event.py`.
    """
    told: Obj = {
        "id": event["id"].replace("evt_1", "evt_test_65", 1),
        "object": "v2.core.event",
        "type": f"v1.{event['type']}",
        "created": datetime.fromtimestamp(event["created"], UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "livemode": False,
        "context": None,
        "snapshot_event": event["id"],
    }
    if event["request"]["id"]:
        told["reason"] = {"type": "request", "request": event["request"]}
    obj = event["data"]["object"]
    path = _path(obj["object"])
    if path and obj.get("id"):
        url = path.replace("{}", obj["id"])
        told["related_object"] = {"id": obj["id"], "type": obj["object"], "url": url}
    elif path:
        told["related_object"] = {"type": obj["object"], "url": path}
    return told


@functools.cache
def _path(kind: str) -> str | None:
    """Where this kind of object is retrieved, read from the SDK's calls; None for nowhere."""
    library = checks().library
    place = library.place(kind)
    for name, call in sorted(library.calls.items(), key=lambda item: item[0].count("/")):
        method, _, path = name.partition(" ")
        single = "{}" not in path or (path.count("{}") == 1 and path.endswith("/{}"))
        if method == "GET" and single and place and call["result"] == ["class", *place]:
            return path
    return None
