"""Rebuild the hashes by which supporters are found, after VAULT_LOOKUP_KEY was changed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from members import resealing


class Command(BaseCommand):
    help = "Rebuild the lookup hash of every supporter. Run it while nobody can join."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch", type=int, default=500, help="rows held in memory at a time")

    def handle(self, *_args: Any, **options: Any) -> None:
        count = resealing.rehash(batch=options["batch"])
        self.stdout.write(
            f"{count.changed} rehashed, {count.fine} right already, {count.failed} left: "
            "no key opens them, or another row has their address."
        )
        if count.failed:
            raise SystemExit(1)
