"""Seal everything again under the newest key, so that the older ones can be thrown away."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from members import resealing
from members.staff.accounts import reseal_factors


class Command(BaseCommand):
    help = "Re-seal all names, addresses and second factors that an older key still holds."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch", type=int, default=500, help="rows held in memory at a time")

    def handle(self, *_args: Any, **options: Any) -> None:
        count = resealing.rotate(batch=options["batch"])
        self.stdout.write(
            f"{count.changed} re-sealed, {count.fine} under the newest key already, "
            f"{count.failed} that no key opens."
        )
        factors = reseal_factors()
        self.stdout.write(f"{factors} second factors of staff re-sealed.")
        if count.failed:
            raise SystemExit(1)
