"""`manage.py balance`: do the books balance?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing import balance
from billing.money import format_amount
from billing.stripe_api import Unavailable


class Command(BaseCommand):
    help = "Compare every movement of money at Stripe with the ledger. Exit 1 unless they agree."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="write no line that is missing; only compare"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            found = balance.prove(apply=not options["dry_run"])
        except Unavailable as error:
            raise CommandError(f"Stripe did not answer: {error}") from None
        for currency, (theirs, ours) in found.by_currency.items():
            told = format_amount(theirs, currency), format_amount(ours, currency)
            self.stdout.write(f"{currency.upper()}: Stripe {told[0]}, ledger {told[1]}")
        self.stdout.write(f"{found.lines} lines, {found.posted} of them written now")
        for problem in found.problems:
            self.stdout.write(f"  {problem}")
        if not found.balances:
            raise CommandError(f"The books do not balance: {len(found.problems)} problems.")
        self.stdout.write("The books balance.")
