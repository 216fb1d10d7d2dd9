"""A recording: the steps as a JSON file that a person can read and a machine can compare."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from ..world import API_VERSION
from .recorder import SDK_VERSION, Account, Recorder, Step
from .script import STEPS, Scene, clear_up

FORMAT = 1
Recording = dict[str, Any]


class Unreadable(ValueError):
    """The file is no recording of ours."""


def make(account: Account, say: Callable[[str], None]) -> Recording:
    """Play the whole script there and return what was heard; the test clock goes in any case."""
    recorder = Recorder(account)
    scene = Scene(recorder)
    try:
        for act in STEPS:
            step = recorder.play(act.__name__, partial(act, scene))
            say(f"{step.name}: {len(step.calls)} calls, {len(step.events)} events")
    finally:
        if "clock" in scene.made and not recorder.try_aside(partial(clear_up, scene)):
            say(f"left behind: test clock {scene.made['clock']}; delete it in the Dashboard")
    return {
        "format": FORMAT,
        "made_of": account.name,
        "api_version": API_VERSION,
        "sdk": SDK_VERSION,
        "steps": [_plain(step) for step in recorder.steps],
    }


def _plain(step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "calls": step.calls,
        "events": step.events,
        "changed": {name: sorted(keys) for name, keys in sorted(step.changed.items())},
        "objects": {
            kind: {path: sorted(kinds) for path, kinds in sorted(paths.items())}
            for kind, paths in sorted(step.objects.items())
        },
    }


def write(recording: Recording, file: Path) -> None:
    """Write it, indented, so that any diff tool can read it too."""
    file.write_text(json.dumps(recording, indent=1) + "\n", encoding="utf-8")


def read(file: Path) -> Recording:
    """Read one. Raises Unreadable."""
    try:
        found: Any = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Unreadable(f"{file}: {error}") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise Unreadable(f"{file}: not a recording of format {FORMAT}")
    return found
