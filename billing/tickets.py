"""Tickets: the order in which we asked Stripe, which is the order in which answers are true."""

from django.db import transaction

from billing.models import Ticket


def draw() -> int:
    """Draw a number that is higher than every number drawn before. Call it before asking Stripe.

    Committed at once, so it must not be called inside a transaction: a number that another worker
    cannot see yet would let an older answer overwrite a newer one.
    """
    with transaction.atomic(durable=True):
        return Ticket.objects.create().pk


def sweep() -> None:
    """Forget numbers that are long used. The highest stays; the database remembers it anyway."""
    newest = Ticket.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    Ticket.objects.filter(pk__lt=newest - 1000).delete()
