"""Going back to the moment before the events came: all rows, and everything at the local Stripe."""

from typing import Final

from django.apps import apps
from django.db import connection

from tests.local_stripe import LocalStripe

_KEPT: Final = "before_the_flood"


class Rewind:
    """Keeps the rows of members and billing in a schema of their own (PostgreSQL)."""

    def __init__(self, stripe: LocalStripe) -> None:
        self.stripe = stripe
        models = [
            model
            for label in ("members", "billing")
            for model in apps.get_app_config(label).get_models(include_auto_created=True)
        ]
        self.tables = [model._meta.db_table for model in models]
        stripe.tell("snapshots", name=_KEPT)
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA IF EXISTS {_KEPT} CASCADE; CREATE SCHEMA {_KEPT}")
            for table in self.tables:
                cursor.execute(f"CREATE TABLE {_KEPT}.{table} AS TABLE public.{table}")

    def go_back(self) -> None:
        """Everything as it was when this was made. Nobody else may be at work."""
        self.stripe.tell(f"snapshots/{_KEPT}/restore")
        with connection.cursor() as cursor:
            # Without the checks of foreign keys, so that the order of the tables does not matter;
            # and without the triggers that keep what is written down of the staff.
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(f"TRUNCATE {', '.join(self.tables)} CASCADE")
            for table in self.tables:
                kept = f"TABLE {_KEPT}.{table}"
                cursor.execute(f"INSERT INTO public.{table} {kept}")
            cursor.execute("RESET session_replication_role")

    def forget(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA IF EXISTS {_KEPT} CASCADE")
