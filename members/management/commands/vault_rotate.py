"""Seal everything again under the newest key, so that the older ones can be thrown away."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from members import resealing


class Command(BaseCommand):
    help = "Re-seal every name and address that is not under the newest of VAULT_KEYS."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch", type=int, default=500, help="rows held in memory at a time")

    def handle(self, *_args: Any, **options: Any) -> None:
        count = resealing.rotate(batch=options["batch"])
        self.stdout.write(
            f"{count.changed} re-sealed, {count.fine} under the newest key already, "
            f"{count.failed} that no key opens."
        )
        if count.failed:
            raise SystemExit(1)
