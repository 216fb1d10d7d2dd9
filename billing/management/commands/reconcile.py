"""`manage.py reconcile`: compare our rows with Stripe, and with `--apply` heal what differs."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from billing import reconcile
from billing.reconcile import Report
from billing.stripe_api import StripeProblem


class Command(BaseCommand):
    help = (
        "Compare with Stripe. Exit code 0: clean (or another run is at work), 1: differences or"
        " errors remain, 2: could not be done. A run that was cut short is gone on with."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--apply", action="store_true", help="heal what differs, look again")
        what.add_argument("--dry-run", action="store_true", help="only compare; as without --apply")
        parser.add_argument("--quiet", action="store_true", help="send no letters: for imports")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            report = reconcile.run(
                apply=options["apply"], quiet=options["quiet"], tell=self.stdout.write
            )
        except StripeProblem as error:
            self.stderr.write(f"Stripe could not be read: {error}. The next run goes on here.")
            sys.exit(2)
        if report.busy:
            self.stdout.write("Another run is at work. Nothing was done here.")
            return
        self._tell(report)
        if report.remaining:
            sys.exit(1)

    def _tell(self, report: Report) -> None:
        for line in report.differences:
            self.stdout.write(f"differs: {line}")
        for line in report.errors:
            self.stdout.write(f"resists: {line}")
        for line in report.remains:
            self.stdout.write(f"remains: {line}")
        self.stdout.write(
            f"{report.seen} objects looked at, {report.found} differed, {report.healed} were healed"
        )
        self.stdout.write(f"{report.remaining} differences remain")
