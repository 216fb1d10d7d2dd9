"""`manage.py tidy [--dry-run]`: delete what is kept no longer, or say how much that would be."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from billing import lapse
from members import retention


class Command(BaseCommand):
    help = "Delete what is kept no longer: links, sessions, names of who lapsed, old books."

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
        if count.forgotten:
            forgot = "Would forget" if dry else "Forgot"
            self.stdout.write(
                f"{forgot} {count.forgotten} people, {lapse.MONTHS} months after they last paid."
            )
        if count.documents or count.payments or count.lines or count.payouts:
            self.stdout.write(
                f"{verb} {count.payments} payments, {count.documents} receipts and notes, "
                f"{count.lines} lines and {count.payouts} payouts: their years are over."
            )
        if count.nameless or count.letters or count.events:
            self.stdout.write(
                f"{verb} {count.nameless} nameless rows, {count.letters} letters' rows "
                f"and {count.events} events' ids."
            )
