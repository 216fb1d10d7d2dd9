"""The house: the whole service as the processes that it is, for journeys through the front door.

With SQLite it is the embedded one, as in `make run`; on servers it is gunicorn, a Celery worker and
beat, as in production. Both times the local Stripe is another process, and events come as signed
webhooks over HTTP.
"""

import email
import email.policy
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final, TypeVar

from django.db import connection

from billing.models import Letter, Plan, StripeEvent
from billing.models.letter import LetterState
from billing.models.stripe import EventState
from tests.demo.newcomers import choose
from tests.isolation import HOUSE_BROKER, HOUSE_CACHE, redis_variables
from tests.local_stripe import GOOD_CARD, LocalStripe, Told, session_id
from tests.processes import (
    ROOT,
    Service,
    answers,
    clean_environment,
    free_port,
    wait_until,
)
from tests.visitor import Visitor

Found = TypeVar("Found")
START_SECONDS: Final = 40
PATIENCE_SECONDS: Final = 20
SUPPORT: Final = "hello@gcn.example"


def on_servers() -> bool:
    """Whether this pass has a real PostgreSQL and a real Redis."""
    return connection.vendor == "postgresql" and bool(os.environ.get("REDIS_URL"))


class House:
    """A running Meitheal with its own Stripe, mailbox and clockwork."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.site = f"http://127.0.0.1:{self.port}"
        self.mailbox = folder / "mailbox"
        self.env_file = folder / "house.env"
        self.stripe = LocalStripe(
            port=free_port(), log=folder / "stripe.log", state=folder / "stripe.json"
        )
        self.services: dict[str, Service] = {}

    # Building it ------------------------------------------------------------------------------
    def open(self) -> None:
        """Start everything, once for all tests of this worker."""
        self.mailbox.mkdir()
        self.env_file.write_text("".join(f"{k}={v}\n" for k, v in self._variables().items()))
        self.stripe.start()
        self.manage("stripe_setup", "--env-file", str(self.env_file))
        self.stripe.stop()
        shutil.copy(self.folder / "stripe.json", self.folder / "stripe-set-up.json")
        self.products = dict(Plan.objects.values_list("slug", "stripe_product_id"))
        self.stripe.start()
        self.start()

    def start(self) -> None:
        """Start what is not running of web, worker and beat, and wait until all are well."""
        down = {
            name: arguments
            for name, arguments in self._commands().items()
            if name not in self.services or not self.services[name].alive
        }
        env = clean_environment(ENV_FILE=str(self.env_file))
        for name, arguments in down.items():
            log = self.folder / f"{name}.log"
            self.services[name] = Service(name, arguments, env=env, log=log)
        if down:
            self.services["web"].await_ready(
                lambda: answers(f"{self.site}/healthz"), seconds=START_SECONDS
            )

    def kill(self, name: str = "worker") -> None:
        """End a part as a crash would; the embedded house has but one part, and loses all of it."""
        self.services[name if name in self.services else "web"].kill()

    def close(self) -> None:
        for service in self.services.values():
            service.ask_to_stop()
        for service in self.services.values():
            service.stop()
        self.stripe.stop()

    # One test ---------------------------------------------------------------------------------
    def begin(self) -> None:
        """Empty Stripe and mailbox. The database is empty: the test before was flushed."""
        self.stripe.kill()
        shutil.copy(self.folder / "stripe-set-up.json", self.folder / "stripe.json")
        self.stripe.start()
        for slug, product in self.products.items():
            Plan.objects.filter(slug=slug).update(stripe_product_id=product)
        for letter in self.mailbox.iterdir():
            letter.unlink()
        self.start()

    def settle(self) -> None:
        """Let the workers finish what they hold, so that nothing is written after the flush."""
        in_hand = (
            StripeEvent.objects.filter(state__in=[EventState.WAITING, EventState.CLAIMED]),
            Letter.objects.filter(state__in=[LetterState.QUEUED, LetterState.SENDING]),
        )
        # A test may have left something that cannot be finished; then this was patience enough.
        with suppress(TimeoutError):
            wait_until(lambda: not any(rows.exists() for rows in in_hand), seconds=3, what="rest")
        self.stripe.kill()

    # What people do ---------------------------------------------------------------------------
    def visitor(self) -> Visitor:
        """Somebody with a browser of their own."""
        return Visitor(self.site)

    def join(
        self, plan: str = "monthly", amount: str = "1.99", email: str = "alice@example.org"
    ) -> str:
        """Choose, review and press pay; return the address of Stripe's checkout."""
        visitor = self.visitor()
        review = choose(visitor, plan=plan, amount=amount, email=email)
        paying = visitor.submit(review, review.form_with("press"))
        assert paying.leads_to.startswith(self.stripe.url), (paying.status, paying.text[-2000:])
        return paying.leads_to

    def pay(self, session: str, card: str = GOOD_CARD) -> Told:
        """Pay on Stripe's page. Raises HTTPError 402 for a declined card."""
        return self.stripe.pay(session_id(session), card=card)

    def letters(self, to: str = "", subject: str = "") -> list[EmailMessage]:
        """The letters in the mailbox, oldest first: to this address, with this in the subject."""
        files = sorted(self.mailbox.glob("*.eml"))
        read = [
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for path in files
        ]
        return [
            letter
            for letter in read
            if to in str(letter["To"]) and subject.lower() in str(letter["Subject"]).lower()
        ]

    # Time and clockwork -----------------------------------------------------------------------
    def advance(self, **span: int) -> None:
        """Move Stripe's clock (months, days, seconds) and wait until its events are delivered."""
        self.stripe.advance(**span)
        self.stripe.flush()

    def run_due(self, now: datetime) -> None:
        """Run what is due by our own clock at this moment."""
        self.manage("run_due", "--now", now.isoformat())

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a management command as an operator would; with `check`, insist on exit code 0."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=clean_environment(ENV_FILE=str(self.env_file)),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0 or not check, done.stdout + done.stderr
        return done

    def wait_for(self, predicate: Callable[[], Found], seconds: float = PATIENCE_SECONDS) -> Found:
        """Poll until the predicate holds and return what it said; else show the logs' ends."""
        try:
            return wait_until(predicate, seconds=seconds, what="it to come true")  # type: ignore[return-value]  # the predicate's own answer
        except TimeoutError as late:
            words = "\n".join(each.last_words() for each in self.services.values())
            raise AssertionError(f"{late}\n{words}") from None

    # How it is put together -------------------------------------------------------------------
    def _variables(self) -> dict[str, str]:
        made_up = dict(
            line.split("=", 1)
            for line in (ROOT / "tests/test.env").read_text().splitlines()
            if "=" in line and not line.startswith(("#", "STRIPE_WEBHOOK_SECRETS"))
        )
        return made_up | {
            "DEBUG": "1",
            "SITE_URL": self.site,
            "STRIPE_API_BASE": self.stripe.url,
            "STRIPE_PAGE_ORIGINS": self.stripe.url,
            "CHARITY_SUPPORT_EMAIL": SUPPORT,
            "DATABASE_URL": _database_url(),
            "MAILBOX_DIR": str(self.mailbox),
            "LEASE_SECONDS": "3",
            "SWEEP_SECONDS": "1",
            **redis_variables(broker=HOUSE_BROKER, cache=HOUSE_CACHE),
        }

    def _commands(self) -> dict[str, list[str]]:
        if not on_servers():
            return {"web": ["-m", "config.embedded", "--port", str(self.port)]}
        gunicorn = f"-m gunicorn config.wsgi -b 127.0.0.1:{self.port} -k gthread --threads 8"
        celery = "-m celery -A config"
        return {
            "web": [*gunicorn.split(), "--no-control-socket", "--log-level", "warning"],
            "worker": f"{celery} worker -c 2 -l warning --without-mingle".split(),
            "beat": f"{celery} beat -l warning -S config.embedded.PromptScheduler".split(),
        }


def _database_url() -> str:
    """The test database of this worker, as another process finds it."""
    its: dict[str, Any] = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{its['NAME']}"
    if its["HOST"].startswith("/"):
        return f"postgres://{its['USER']}@/{its['HOST']}/{its['NAME']}"
    login = f"{its['USER']}:{its['PASSWORD']}@{its['HOST']}:{its['PORT'] or 5432}"
    return f"postgres://{login}/{its['NAME']}"
