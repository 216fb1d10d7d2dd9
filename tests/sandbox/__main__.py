"""Run the local Stripe: `python -m tests.sandbox --port 8010 [--state FILE]`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from . import state
from .engine.timers import keep_ticking
from .server import Server
from .webhooks.courier import Courier
from .world import World


def arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="tests.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8010, help="0 picks a free one")
    parser.add_argument("--state", type=Path, help="keep the state in this JSON file")
    return parser.parse_args()


def main() -> int:
    """Serve until SIGTERM or Ctrl-C; 2 when port or state file cannot be used."""
    asked = arguments()
    world = World()
    try:
        server = Server(asked.port, world)
    except OSError as error:
        print(f"local Stripe: port {asked.port} cannot be used: {error}", file=sys.stderr)
        return 2
    try:
        if asked.state:
            state.load(world, asked.state)
    except state.Unreadable as error:
        print(f"local Stripe: {error}; remove it to begin anew", file=sys.stderr)
        return 2
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    courier = Courier(world)
    _background(keep_ticking, world, stop)
    if asked.state:
        _background(state.keep_saving, world, asked.state, stop)
    _background(server.serve_forever, 0.05)
    print(f"local Stripe ready on {world.base}", flush=True)
    stop.wait()
    server.shutdown()
    courier.stop()
    if asked.state:
        state.save(world, asked.state)
    return 0


def _background(run: Callable[..., None], *given: object) -> None:
    threading.Thread(target=run, args=given, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
