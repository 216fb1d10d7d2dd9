"""`manage.py reconcile [--apply]`: compare our rows with Stripe, and heal what differs."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from billing import reconcile
from billing.stripe_api import StripeProblem


class Command(BaseCommand):
    help = "Compare with Stripe. Exit code 0: clean, 1: differences remain, 2: could not be done."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--apply", action="store_true", help="heal what differs")
        parser.add_argument("--quiet", action="store_true", help="send no letters: for imports")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            remaining = self._run(apply=options["apply"], quiet=options["quiet"])
        except StripeProblem as error:
            self.stderr.write(f"Stripe could not be read: {error}")
            sys.exit(2)
        if remaining:
            sys.exit(1)

    def _run(self, *, apply: bool, quiet: bool) -> int:
        """Compare, heal if asked to, and compare again: what is claimed healed has been seen so."""
        report = reconcile.run(apply=apply, quiet=quiet)
        for line in report.differences:
            self.stdout.write(f"differs: {line}")
        if apply and report.differences:
            report = reconcile.run(apply=False)
            for line in report.differences:
                self.stdout.write(f"remains: {line}")
        self.stdout.write(f"{len(report.differences)} differences remain")
        return len(report.differences)
