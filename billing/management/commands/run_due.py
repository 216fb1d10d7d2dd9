"""`manage.py run_due --now ISO`: do what is due at a moment, here and now, without a worker."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from billing import dunning, reminders, sweeper
from billing.letters import gathering


class Command(BaseCommand):
    help = "Do what is due at a moment: reminders, grace ends, waiting events and letters."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--now", help="an ISO 8601 moment; without a zone it is UTC")

    def handle(self, *_args: Any, **options: Any) -> None:
        now = _moment(options["now"]) if options["now"] else timezone.now()
        if options["now"] and settings.STRIPE_LIVEMODE:
            raise CommandError("--now moves the clock and is refused with a live key")
        done = {
            "reminders": reminders.plan(now=now),
            "collected": gathering.plan(now=now),
            "graces": dunning.end_graces(now=now),
            **sweeper.do_what_waits(now=now),
        }
        self.stdout.write(", ".join(f"{count} {what}" for what, count in done.items()))


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"not an ISO 8601 moment: {text}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
