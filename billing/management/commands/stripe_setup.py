"""`manage.py stripe_setup`: put in place at Stripe what the service needs, as often as you like."""

import secrets
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from billing import stripe_setup
from billing.stripe_api import StripeProblem


class Command(BaseCommand):
    help = "Make or update our products, portal configuration and webhook endpoint at Stripe."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--env-file",
            type=Path,
            help="file that gets STRIPE_WEBHOOK_SECRETS: Stripe tells the secret only once",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        run = secrets.token_hex(8)
        try:
            stripe_setup.put_products(run=run)
            stripe_setup.put_portal(run=run)
            secret = stripe_setup.put_webhook(
                run=run, must_know_secret=not settings.STRIPE_WEBHOOK_SECRETS
            )
        except StripeProblem as error:
            raise CommandError(f"Stripe refused or did not answer: {error}") from None
        self.stdout.write("Products, customer portal and webhook endpoint are in place.")
        if secret:
            self._hand_over(secret, options["env_file"])

    def _hand_over(self, secret: str, env_file: Path | None) -> None:
        if env_file is None:
            self.stdout.write(
                "A webhook endpoint was made. Put its secret first in STRIPE_WEBHOOK_SECRETS;"
                " Stripe will not show it here again:"
            )
            self.stdout.write(secret)
            return
        stripe_setup.write_secret(env_file, secret)
        self.stdout.write(f"The webhook secret was written to {env_file}.")
