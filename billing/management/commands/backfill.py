"""`manage.py backfill`: take in the events that never reached us."""

import sys
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand

from billing import backfill
from billing.stripe_api import StripeProblem


class Command(BaseCommand):
    help = (
        "Ask Stripe for the events since the last run and take in those we do not know. Exit code"
        " 0: done (or another run is at work), 2: could not be done; the next run goes on there."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days",
            type=int,
            metavar="N",
            help=f"look back N days, at most {backfill.KEPT.days}: Stripe keeps events for 30",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        back = timedelta(days=options["days"]) if options["days"] else None
        try:
            found = backfill.run(back=back, tell=self.stdout.write)
        except StripeProblem as error:
            self.stderr.write(f"Stripe could not be read: {error}. The next run goes on here.")
            sys.exit(2)
        if found is None:
            self.stdout.write("Another run is at work. Nothing was done here.")
            return
        self.stdout.write(f"{found} events had been missed and are in the inbox now")
