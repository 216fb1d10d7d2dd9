"""A member on a test clock of their own: subscribed, moved through time, looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.stand_in.desk import DAY, Desk, unix

HOUR = 3600


@dataclass
class Member:
    """A customer on a test clock, driven through the real SDK only."""

    desk: Desk
    card: str | None = "pm_card_visa"
    now: int = unix(2026, 1, 1)
    clock: str = field(init=False)
    customer: str = field(init=False)
    sub: str = ""

    def __post_init__(self) -> None:
        api = self.desk.api.v1
        self.clock = api.test_helpers.test_clocks.create({"frozen_time": self.now}).id
        asked: Any = {"test_clock": self.clock, "email": "alice@example.org"}
        self.customer = api.customers.create(asked).id
        if self.card:
            self.use(self.card)

    def use(self, card: str) -> str:
        """Attach a test card and make it the default."""
        method = self.desk.api.v1.payment_methods.attach(card, {"customer": self.customer})
        settings: Any = {"invoice_settings": {"default_payment_method": method.id}}
        self.desk.api.v1.customers.update(self.customer, settings)
        return str(method.id)

    def price(self, amount: int, interval: str = "month", count: int = 1) -> str:
        """Make a price of so many cents."""
        asked: Any = {
            "currency": "eur",
            "unit_amount": amount,
            "product": self.desk.product,
            "recurring": {"interval": interval, "interval_count": count},
        }
        return str(self.desk.api.v1.prices.create(asked).id)

    def subscribe(self, price: str, **more: Any) -> Any:
        """Start a subscription."""
        asked: Any = {"customer": self.customer, "items": [{"price": price}], **more}
        made = self.desk.api.v1.subscriptions.create(asked)
        self.sub = made.id
        return made

    def change(self, price: str | None = None, **more: Any) -> Any:
        """Update the subscription, its item to another price if one is given."""
        asked: Any = dict(more)
        if price:
            asked["items"] = [{"id": self.item.id, "price": price}]
        return self.desk.api.v1.subscriptions.update(self.sub, asked)

    def at(self, moment: int) -> None:
        """Move the clock to a time, in steps that Stripe allows."""
        while self.now < moment:
            self.now = min(moment, self.now + 28 * DAY)
            clocks = self.desk.api.v1.test_helpers.test_clocks
            clocks.advance(self.clock, {"frozen_time": self.now})

    def after(self, days: float) -> None:
        """Move the clock by days."""
        self.at(self.now + int(days * DAY))

    @property
    def plan(self) -> Any:
        """The subscription as it is now."""
        return self.desk.api.v1.subscriptions.retrieve(self.sub)

    @property
    def item(self) -> Any:
        """Its first item."""
        return self.plan["items"].data[0]

    @property
    def balance(self) -> int:
        """What the customer owes, negative when they have credit."""
        return int(self.desk.api.v1.customers.retrieve(self.customer).balance or 0)

    @property
    def invoices(self) -> Any:
        """The customer's invoices, newest first."""
        asked: Any = {"customer": self.customer, "limit": 100}
        return self.desk.api.v1.invoices.list(asked).data

    def charged(self) -> int:
        """Return the cents charged so far."""
        return sum(int(invoice.amount_paid) for invoice in self.invoices)

    def seen(self, kind: str) -> list[Any]:
        """Return the events of a type so far, oldest first."""
        told = self.desk.control(f"events?type={kind}&limit=5000")["data"]
        return [event["data"] for event in told]
