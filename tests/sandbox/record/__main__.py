"""Record what Stripe does, or compare two recordings: `python -m tests.sandbox.record`.

    local [--base URL] --out FILE   a local stand-in: the one there, or one started for it
    stripe --out FILE [--yes]       the Stripe account of STRIPE_TEST_KEY, a test key
    diff HERE THERE                 how they differ; exit code 1 if they do

A maintainer with a test account records Stripe once and compares it with the stand-in.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from . import recording
from .comparison import differences
from .recorder import Account, Unusable
from .script import told

ROOT: Final = Path(__file__).parents[3]
TEST_KEY: Final = re.compile(r"(sk|rk)_test_[A-Za-z0-9]+")
LOCAL_KEY: Final = "sk_test_localstandin"
# Real events come a few seconds late; a step is over when none came for so long.
REAL_PATIENCE: Final = 8.0
DIFFERENT, UNUSABLE, INTERRUPTED = 1, 2, 130


def main(words: Sequence[str] | None = None) -> int:
    """Do what was asked; 0 when done, 1 for differences, 2 where it cannot begin."""
    asked = _arguments().parse_args(words)
    if asked.verb == "diff":
        return diff(asked.here, asked.there)
    if asked.verb == "stripe":
        return record_stripe(asked.out, sure=asked.yes)
    return record_local(asked.base, asked.out)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tests.sandbox.record",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    local = verbs.add_parser("local", help="record a local stand-in")
    local.add_argument("--base", default="", help="where it is; without, one is started")
    real = verbs.add_parser("stripe", help="record Stripe, with a test key")
    real.add_argument("--yes", action="store_true", help="do not ask before it begins")
    for each in (local, real):
        each.add_argument("--out", type=Path, required=True, help="the file to write")
    compare = verbs.add_parser("diff", help="compare two recordings")
    compare.add_argument("here", type=Path)
    compare.add_argument("there", type=Path)
    return parser


def record_local(base: str, out: Path) -> int:
    """Record the stand-in at this address, or one of our own."""
    if not base:
        with _started() as own:
            return record_local(own, out) if own else _refuse("the stand-in did not start")
    if urlsplit(base).hostname not in {"127.0.0.1", "localhost"}:
        return _refuse(f"{base} is no address of this machine")
    return _record(Account(LOCAL_KEY, base), out)


def record_stripe(out: Path, *, sure: bool) -> int:
    """Record the account that the environment holds a test key of, after saying what will be."""
    key = os.environ.get("STRIPE_TEST_KEY", "")
    if not TEST_KEY.fullmatch(key):
        what = "a live key" if "_live_" in key else "no test key (sk_test_ or rk_test_)"
        return _refuse(f"STRIPE_TEST_KEY holds {what}; nothing was sent")
    print("In this test account it will make, on one test clock that it deletes at the end:")
    print(*(f"  {line}" for line in told()), sep="\n")
    print("An archived product stays. It takes some ten minutes.", flush=True)
    if not sure and input("Begin? Type yes: ").strip() != "yes":
        return _refuse("not begun")
    return _record(Account(key, patience=REAL_PATIENCE), out)


def diff(here: Path, there: Path) -> int:
    """Print how two recordings differ; 1 if they do."""
    try:
        first, second = recording.read(here), recording.read(there)
    except recording.Unreadable as error:
        return _refuse(str(error))
    lines = differences(first, second)
    print(f"here: {here} (of {first['made_of']}), there: {there} (of {second['made_of']})")
    print(*lines, sep="\n", end="\n" if lines else "")
    print(f"{len(lines)} differences")
    return DIFFERENT if lines else 0


def _record(account: Account, out: Path) -> int:
    try:
        made = recording.make(account, lambda line: print(line, flush=True))
    except Unusable as error:
        return _refuse(f"{account.name} cannot be recorded: {type(error).__name__}: {error}")
    except KeyboardInterrupt:
        print("record: interrupted, nothing written", file=sys.stderr)
        return INTERRUPTED
    recording.write(made, out)
    print(f"wrote {out}")
    return 0


@contextmanager
def _started() -> Iterator[str]:
    """Run a stand-in for the length of a block and yield its address; "" if it did not start."""
    words = [sys.executable, "-m", "tests.sandbox", "--port", "0"]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip().rpartition(" ")[2]
        finally:
            process.terminate()


def _refuse(why: str) -> int:
    print(f"record: {why}", file=sys.stderr)
    return UNUSABLE


if __name__ == "__main__":
    sys.exit(main())
