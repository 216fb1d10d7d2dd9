"""A dozen who join today, through the front door: form, checkout, webhook, letters."""

from collections.abc import Iterator
from typing import Final

from tests.demo.people import DECLINES_LATER
from tests.local_stripe import LocalStripe
from tests.visitor import Page, Visitor

NEWCOMERS: Final = (
    ("Alice", "monthly", "1.99"),
    ("Bob", "once", "5"),
    ("Méabh", "yearly", "23.88"),
    ("Kenji", "monthly", "3"),
    ("Ines", "monthly", "1.99"),
    ("Diarmuid", "once", "10"),
    ("Leila", "monthly", "5"),
    ("Pádraig", "yearly", "30"),
    ("Sofia", "monthly", "1.99"),
    ("Tunde", "monthly", "2.50"),
    ("Wren", "once", "2"),
    ("Éabha", "monthly", "1.99"),
)


def join(site: str, stripe: LocalStripe, *, done: int) -> Iterator[int]:
    """Let those join who have not yet, and yield how many have after each."""
    for number, (name, plan, amount) in enumerate(NEWCOMERS[done:], start=done + 1):
        visitor = Visitor(site)
        email = f"{_ascii(name)}@example.org"
        review = choose(visitor, name=name, plan=plan, amount=amount, email=email)
        paying = visitor.submit(review, review.form_with("press"))
        if not paying.leads_to:
            raise LookupError(f"the join page answered {paying.status}")
        paid = stripe.pay(paying.leads_to)
        if name == "Tunde":
            stripe.tell(f"customers/{paid['customer']}/card", card=DECLINES_LATER)
        yield number


def choose(visitor: Visitor, *, plan: str, amount: str, email: str, name: str = "") -> Page:
    """Fill in the join form as a person would and return the review page."""
    page = visitor.get("/")
    form = page.form_with("plan", "email")
    filled = {"plan": plan, f"pick_{plan}": "own", f"amount_{plan}": amount}
    filled |= {"email": email, "name": name}
    return visitor.submit(page, form, **filled, consent="on", adult="on")


def _ascii(name: str) -> str:
    return name.lower().translate(str.maketrans("áéíóú", "aeiou"))
