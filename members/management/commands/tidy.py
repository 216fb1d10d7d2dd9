"""`manage.py tidy [--dry-run]`: delete what is kept no longer, or say how much that would be."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from members import retention


class Command(BaseCommand):
    help = "Delete ended sessions, old sign-in links, and people who never finished joining."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count only, delete nothing")

    def handle(self, *_args: Any, **options: Any) -> None:
        dry = options["dry_run"]
        count = (retention.due if dry else retention.tidy)(now=timezone.now())
        verb = "Would delete" if dry else "Deleted"
        self.stdout.write(
            f"{verb} {count.sessions} sessions, {count.links} sign-in links, "
            f"{count.statements} statements and {count.people} people who never paid."
        )
