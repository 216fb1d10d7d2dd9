"""`manage.py rollups`: the figures of the reports, made anew from the facts, or compared."""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing import figures


class Command(BaseCommand):
    help = "Make the rollups anew from the facts. With --check only compare: exit 1 if they differ."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; only compare")
        cores = os.cpu_count() or 1
        parser.add_argument("--jobs", type=int, default=cores, help="processes; as many as cores")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not options["check"]:
            figures.rebuild(hands=options["jobs"])
        found = figures.compare(hands=options["jobs"])
        for each in found.differences:
            self.stdout.write(f"  {each}")
        if not found.equal:
            told = f"{len(found.differences)} places and {found.people} people differ"
            raise CommandError(f"The rollups are not what the facts say: {told}.")
        self.stdout.write(f"The rollups are what the facts say: {found.cells} places.")
