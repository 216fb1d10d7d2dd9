"""The state file: a line of JSON that says what it is, one with the state, one for each event.

An event's line is the event, a tab, and its data, which is JSON text already. The file is written
whole beside the old one and swapped in, so that it is never half of either.
"""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path

from .store import Obj
from .world import API_VERSION, World

PAUSE = 1.0
# Counted up with every change after which an older file cannot be read.
FORMAT = 4
# The last save, on SIGTERM, may come while the one before it is still being written.
_writing = threading.Lock()
STAMP = {"local_stripe": FORMAT, "stripe": API_VERSION}


class Unreadable(Exception):
    """The file is not a state that this version can take up; the message says why."""


def load(world: World, path: Path) -> None:
    """Take up the state of an earlier run, if there is one. Raises Unreadable."""
    if not path.exists():
        return
    try:
        with path.open(encoding="utf-8") as lines:
            _check_stamp(path, next(lines, ""))
            data = json.loads(next(lines, ""))
            data["events"] = [_event(line) for line in lines]
        with world.lock:
            world.load(data)
            # What was asked to fail for a while is over.
            world.faults.down_until = 0.0
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"{path} cannot be read: {error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"{path} is damaged ({type(error).__name__}: {error})") from error


def _event(line: str) -> Obj:
    event, _, data = line.rstrip("\n").partition("\t")
    # Read whole, so that half a line is not taken for an event.
    if not data.endswith("}"):
        raise ValueError("half an event")
    told: Obj = json.loads(event)
    return {**told, "data": data}


def _line(event: Obj) -> str:
    data = event.pop("data")
    return f"{json.dumps(event, ensure_ascii=False)}\t{data}\n"


def _check_stamp(path: Path, line: str) -> None:
    try:
        stamp = json.loads(line)
    except ValueError:
        stamp = None
    if not isinstance(stamp, dict) or "local_stripe" not in stamp:
        raise Unreadable(f"{path} is not a state file of this local Stripe (format {FORMAT})")
    if stamp != STAMP:
        told = f"format {stamp['local_stripe']} for Stripe {stamp.get('stripe')}"
        raise Unreadable(f"{path} is of another version: {told}, not {FORMAT} for {API_VERSION}")


def save(world: World, path: Path) -> None:
    """Write the state if it has changed; a crash leaves the old file or the new one, whole."""
    with _writing:
        if world.changed.is_set() or not path.exists():
            _save(world, path)


def _save(world: World, path: Path) -> None:
    with world.lock:
        world.changed.clear()
        data = world.dump()
        events = data.pop("events")
        text = json.dumps(data, ensure_ascii=False)
    fresh = path.with_name(path.name + ".new")
    with fresh.open("w", encoding="utf-8") as out:
        out.write(f"{json.dumps(STAMP)}\n{text}\n")
        # One by one: encoding all at once would hold up the requests of the meantime.
        out.writelines(_line(event) for event in events)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)


def keep_saving(world: World, path: Path, stop: threading.Event) -> None:
    """Write shortly after changes, more rarely when the state is large."""
    pause = PAUSE
    while not stop.wait(pause):
        if world.changed.is_set():
            started = time.monotonic()
            save(world, path)
            pause = max(PAUSE, 10 * (time.monotonic() - started))
