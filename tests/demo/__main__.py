"""`python -m tests.demo`: start everything, say where it is, stop it all with Ctrl-C."""

import os
import signal
import subprocess
import sys
import threading
import time
from textwrap import indent
from typing import Final, NoReturn
from urllib.error import HTTPError

from tests.demo import environment, newcomers, progress
from tests.local_stripe import LocalStripe
from tests.processes import ROOT, Service, StartError, answers, clean_environment, is_free

READY_SECONDS: Final = 30
USAGE: Final = 2


def main() -> int:
    """Run the demo until Ctrl-C: 0 then, 1 if a part fell over, 2 if it cannot be started so."""
    port, stripe_port = _port("PORT", 8000), _port("SANDBOX_PORT", 8010)
    if port == stripe_port:
        _refuse("PORT and SANDBOX_PORT are the same: set one of them to another port.")
    for name, number in {"PORT": port, "SANDBOX_PORT": stripe_port}.items():
        if not is_free(number):
            _refuse(f"Port {number} is in use. Set {name}: {name}={number + 1} make run")
    if not progress.only_one():
        _refuse("A demo runs in this folder already; its data cannot be shared by two.")
    demo = Demo(port=port, stripe_port=stripe_port)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: demo.stop_asked())
    return demo.run()


class Stopped(Exception):
    """Somebody pressed Ctrl-C."""


class Demo:
    """The processes of the demo and what is known of them."""

    def __init__(self, *, port: int, stripe_port: int) -> None:
        self.port = port
        self.site = f"http://127.0.0.1:{port}"
        log = progress.VAR / "stripe.log"
        self.stripe = LocalStripe(port=stripe_port, log=log, state=progress.STRIPE_STATE)
        self.services: list[Service] = []
        self.stopping = threading.Event()
        self.begun = time.monotonic()

    def stop_asked(self) -> None:
        """What a signal does: once it interrupts whatever is being done, then it is patient."""
        if not self.stopping.is_set():
            self.stopping.set()
            raise Stopped

    def run(self) -> int:
        """Start, wait, stop."""
        try:
            self._start()
            self._tell()
            return self._watch()
        except Stopped:
            print("\nStopping ...", flush=True)
            return 0
        except environment.NotOursError:
            print("There is a .env of your own here; make run would overwrite it. Move it away.")
            return USAGE
        except (StartError, HTTPError, LookupError) as error:
            print(f"The demo could not start: {error}", file=sys.stderr)
            return 1
        finally:
            self._stop()

    def _start(self) -> None:
        progress.prepare()
        environment.write(site=self.site, stripe=self.stripe.url)
        print("Starting the demo.", flush=True)
        self.services.append(self.stripe.start())
        env = clean_environment(ENV_FILE=str(environment.FILE))
        self._backstage(env)
        web = Service(
            "the web server, with worker and beat",
            ["-m", "config.embedded", "--port", str(self.port)],
            env=env,
            log=progress.VAR / "web.log",
        )
        self.services.append(web)
        web.await_ready(lambda: answers(f"{self.site}/healthz"), seconds=READY_SECONDS)
        done = progress.newcomers_done()
        if done < len(newcomers.NEWCOMERS):
            print("  letting a dozen newcomers join ...", flush=True)
        for number in newcomers.join(self.site, self.stripe, done=done):
            progress.note(newcomers=number)
        self.stripe.tell("deliveries/flush", timeout=5)

    def _backstage(self, env: dict[str, str]) -> None:
        command = [sys.executable, "-m", "tests.demo.backstage"]
        command += ["--stripe-port", str(self.stripe.port)]
        log = progress.VAR / "backstage.log"
        with log.open("wb") as output:
            done = subprocess.run(command, cwd=ROOT, env=env, stderr=output, check=False)
        if done.returncode:
            raise StartError(f"see {log}\n{log.read_text(errors='replace')[-2000:]}")

    def _tell(self) -> None:
        print(
            f"""
Ready after {time.monotonic() - self.begun:.0f} s.

  Join page      {self.site}/
  Mailbox        {self.site}/dev/mailbox   (every letter that was sent)
  Local Stripe   {self.stripe.url}/   (card 4242 4242 4242 4242)
  Staff report   {self.site}/staff/
{indent(progress.STAFF_CARD.read_text(), " " * 17)}
Ctrl-C stops everything; the data stays in var/. Logs: var/web.log, var/stripe.log.""",
            flush=True,
        )

    def _watch(self) -> int:
        """Wait for the first process to end. Ctrl-C interrupts the waiting."""
        while True:
            for service in self.services:
                if not service.alive:
                    print(f"\n{service.name} ended by itself:\n{service.last_words()}")
                    return 1
            time.sleep(0.2)

    def _stop(self) -> None:
        for service in reversed(self.services):
            service.ask_to_stop()
        for service in reversed(self.services):
            service.stop()


def _port(name: str, default: int) -> int:
    text = os.environ.get(name, "") or str(default)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        _refuse(f"{name} must be the number of a port, not {text!r}.")
    return int(text)


def _refuse(why: str) -> NoReturn:
    print(why, file=sys.stderr)
    raise SystemExit(USAGE)


if __name__ == "__main__":
    sys.exit(main())
