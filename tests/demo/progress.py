"""What is already made of the demo's people, so that an interrupted start goes on where it was."""

import fcntl
import json
import shutil
from functools import cache
from pathlib import Path
from typing import IO, Final

from tests.processes import ROOT

VAR: Final = ROOT / "var"
STRIPE_STATE: Final = VAR / "stripe.json"
STAFF_CARD: Final = VAR / "staff.txt"
_FILE: Final = VAR / "demo.json"
_MADE: Final = ("meitheal.sqlite3", "meitheal.sqlite3-wal", "meitheal.sqlite3-shm", "stripe.json")


def prepare_folder() -> None:
    """Make var/, for its owner only."""
    VAR.mkdir(mode=0o700, exist_ok=True)
    VAR.chmod(0o700)


def prepare() -> None:
    """A history that was not finished is started over cleanly."""
    if not history_done():
        for name in _MADE:
            (VAR / name).unlink(missing_ok=True)
        shutil.rmtree(VAR / "mailbox", ignore_errors=True)


def only_one() -> bool:
    """Whether no other demo has this folder. The lock goes with our process, however it ends."""
    prepare_folder()
    try:
        fcntl.flock(_lock().fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@cache
def _lock() -> IO[str]:
    """The file that is locked; it stays open as long as we run."""
    return (VAR / "lock").open("w")


def history_done() -> bool:
    return bool(_read())


def newcomers_done() -> int:
    """How many of the newcomers have joined."""
    return _read().get("newcomers", 0)


def note(*, newcomers: int) -> None:
    """Note that the history is made, and how many newcomers have joined since."""
    fresh = Path(f"{_FILE}.new")
    fresh.write_text(json.dumps({"newcomers": newcomers}))
    fresh.replace(_FILE)


def _read() -> dict[str, int]:
    told: dict[str, int] = json.loads(_FILE.read_text()) if _FILE.exists() else {}
    return told
