"""The script: a membership's life and a few gifts, told once, in steps that build on each other.

Each step is a function on the run; its first line of text is what a maintainer is told it does.
What it leaves behind at Stripe is one archived product: all else hangs on a test clock that the
last step deletes. Amounts are cents.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .recorder import Recorder

Obj = Any
CLOCK_NAME: Final = "recording of the local stand-in"
HOUR: Final = 3600
DAY: Final = 24 * HOUR
ADVANCE_SECONDS: Final = 600
NO_REDIRECTS: Final[Mapping[str, Any]] = {"enabled": True, "allow_redirects": "never"}


@dataclass
class Scene:
    """The run as the steps see it: the SDK, and the ids of what earlier steps made."""

    recorder: Recorder
    made: dict[str, str] = field(default_factory=dict)

    @property
    def v1(self) -> Any:
        """The SDK's services; the script's parameters are checked by who answers them."""
        return self.recorder.api.v1

    def subscription(self) -> Obj:
        """Return the membership of the story as it is now, without writing it down."""
        with self.recorder.aside():
            return self.v1.subscriptions.retrieve(self.made["subscription"])

    def advance(self, to: int) -> None:
        """Move the test clock to a time in unix seconds and wait until that is done."""
        clock = self.made["clock"]
        self.v1.test_helpers.test_clocks.advance(clock, {"frozen_time": to})
        until = time.monotonic() + ADVANCE_SECONDS
        with self.recorder.aside():
            while self._clock().status != "ready":
                if time.monotonic() > until:
                    raise TimeoutError("the test clock did not arrive")
                time.sleep(1)

    def _clock(self) -> Obj:
        return self.v1.test_helpers.test_clocks.retrieve(self.made["clock"])

    def next_period(self) -> None:
        """Move the clock two hours into the next period: a renewal is a draft for the first."""
        self.advance(self.subscription()["items"].data[0].current_period_end + 2 * HOUR)

    def days_on(self, days: int) -> None:
        """Move the clock by days."""
        with self.recorder.aside():
            now = self._clock().frozen_time
        self.advance(now + days * DAY)

    def customer(self, card: str) -> str:
        """Make a customer on the test clock who pays with one of Stripe's test cards."""
        who = {"email": "alice@example.com", "name": "Alice", "test_clock": self.made["clock"]}
        customer = self.v1.customers.create(who)
        self.pays_with(customer.id, card)
        return str(customer.id)

    def pays_with(self, customer: str, card: str) -> None:
        """Give a customer a card and make it the one that invoices take."""
        method = self.v1.payment_methods.attach(card, {"customer": customer})
        chosen = {"invoice_settings": {"default_payment_method": method.id}}
        self.v1.customers.update(customer, chosen)

    def monthly(self, cents: int) -> dict[str, Any]:
        """An item of a subscription: so much a month."""
        price = {"currency": "eur", "unit_amount": cents, "product": self.made["product"]}
        return {"price_data": {**price, "recurring": {"interval": "month"}}}

    def change_amount(self, cents: int, prorate: str) -> None:
        """Change what the membership costs."""
        item = self.subscription()["items"].data[0].id
        items = [{"id": item, **self.monthly(cents)}]
        self.change({"items": items, "proration_behavior": prorate})

    def change(self, params: dict[str, Any]) -> None:
        """Update the membership."""
        self.v1.subscriptions.update(self.made["subscription"], params)

    def pay(self, cents: int, card: str) -> Obj:
        """Take a gift at once, without a checkout."""
        params = {"amount": cents, "currency": "eur", "confirm": True, "payment_method": card}
        return self.v1.payment_intents.create(
            {
                **params,
                "customer": self.made["customer"],
                "automatic_payment_methods": dict(NO_REDIRECTS),
            }
        )


def set_out(scene: Scene) -> None:
    """A product and a test clock, and on it a customer with a good card."""
    scene.made["product"] = scene.v1.products.create({"name": CLOCK_NAME}).id
    clock = {"frozen_time": int(time.time()), "name": CLOCK_NAME}
    scene.made["clock"] = scene.v1.test_helpers.test_clocks.create(clock).id
    scene.made["customer"] = scene.customer("pm_card_visa")


def join(scene: Scene) -> None:
    """A membership of 1.99 a month begins and is paid."""
    made = scene.v1.subscriptions.create(
        {"customer": scene.made["customer"], "items": [scene.monthly(199)]}
    )
    scene.made["subscription"] = made.id
    scene.v1.invoices.retrieve(made.latest_invoice, {"expand": ["payments"]})


def renew(scene: Scene) -> None:
    """A month later it is renewed."""
    scene.next_period()
    scene.v1.subscriptions.retrieve(scene.made["subscription"])


def change_amount_later(scene: Scene) -> None:
    """The amount is raised to 5.00 from the next period on, which then comes."""
    scene.change_amount(500, "none")
    scene.next_period()


def change_amount_now(scene: Scene) -> None:
    """Ten days on it is raised to 9.00 and the difference is taken at once."""
    scene.days_on(10)
    scene.change_amount(900, "always_invoice")


def lower_amount_now(scene: Scene) -> None:
    """It is lowered to 1.99 and the difference becomes a credit."""
    scene.change_amount(199, "always_invoice")
    scene.v1.customers.retrieve(scene.made["customer"])


def pause_collection(scene: Scene) -> None:
    """Collection is paused for a period, then taken up again."""
    scene.change({"pause_collection": {"behavior": "void"}})
    scene.next_period()
    scene.change({"pause_collection": ""})


def pause_and_resume(scene: Scene) -> None:
    """The membership is paused, and resumed a week later."""
    scene.v1.subscriptions.pause(scene.made["subscription"])
    scene.days_on(7)
    scene.v1.subscriptions.resume(
        scene.made["subscription"], {"billing_cycle_anchor": {"type": "now"}}
    )


def fail_renewal(scene: Scene) -> None:
    """The card is changed for one that fails, so the next renewals fail (a credit may pay one)."""
    scene.pays_with(scene.made["customer"], "pm_card_chargeCustomerFail")
    for _ in range(4):
        scene.next_period()
        if scene.subscription().status != "active":
            return


def mend(scene: Scene) -> None:
    """A new card pays the open invoice."""
    scene.pays_with(scene.made["customer"], "pm_card_mastercard")
    scene.v1.invoices.pay(scene.subscription().latest_invoice)


def cancel_and_keep(scene: Scene) -> None:
    """It is to end with the period, and then not."""
    scene.change({"cancel_at_period_end": True})
    scene.change({"cancel_at_period_end": False})


def end_with_period(scene: Scene) -> None:
    """It is to end with the period, and does."""
    scene.change({"cancel_at_period_end": True})
    scene.next_period()
    scene.v1.subscriptions.retrieve(scene.made["subscription"])


def give_and_refund(scene: Scene) -> None:
    """A gift of 5.00 is taken, 2.00 of it are refunded, then the rest."""
    paid = scene.pay(500, "pm_card_visa")
    scene.v1.refunds.create({"payment_intent": paid.id, "amount": 200})
    scene.v1.refunds.create({"payment_intent": paid.id})
    expand = {"expand": ["balance_transaction", "refunds"]}
    scene.v1.charges.retrieve(paid.latest_charge, expand)


def decline_gift(scene: Scene) -> None:
    """A gift is declined."""
    scene.pay(500, "pm_card_visa_chargeDeclined")


def dispute_gift(scene: Scene) -> None:
    """A gift is paid and disputed, which takes Stripe a moment of real time."""
    scene.recorder.expect("charge.dispute.funds_withdrawn")
    scene.pay(700, "pm_card_createDispute")


def decline_signup(scene: Scene) -> None:
    """Somebody else's first payment fails, and a day later the subscription is given up."""
    other = scene.customer("pm_card_chargeCustomerFail")
    made = scene.v1.subscriptions.create({"customer": other, "items": [scene.monthly(199)]})
    scene.days_on(1)
    scene.v1.subscriptions.retrieve(made.id)


def leave_unconfirmed(scene: Scene) -> None:
    """A third one's bank asks for a confirmation that never comes; it is cancelled."""
    third = scene.customer("pm_card_threeDSecure2Required")
    made = scene.v1.subscriptions.create({"customer": third, "items": [scene.monthly(199)]})
    scene.v1.subscriptions.cancel(made.id)


def let_checkout_expire(scene: Scene) -> None:
    """A checkout for a membership is opened and expired."""
    opened = scene.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "customer": scene.made["customer"],
            "line_items": [{"quantity": 1, **scene.monthly(199)}],
            "success_url": "https://example.com/thanks?cs={CHECKOUT_SESSION_ID}",
        }
    )
    scene.v1.checkout.sessions.expire(opened.id)


def send_unknown_parameter(scene: Scene) -> None:
    """A parameter that does not exist is sent."""
    scene.v1.customers.create({"favourite_colour": "green"})


def ask_for_missing(scene: Scene) -> None:
    """An object that does not exist is asked for."""
    scene.v1.subscriptions.retrieve("sub_missing")


def clear_up(scene: Scene) -> None:
    """The test clock is deleted with all that hangs on it, and the product archived."""
    scene.v1.test_helpers.test_clocks.delete(scene.made["clock"])
    scene.v1.products.update(scene.made["product"], {"active": False})
    scene.made.clear()


STEPS: Final[tuple[Callable[[Scene], None], ...]] = (
    set_out,
    join,
    renew,
    change_amount_later,
    change_amount_now,
    lower_amount_now,
    pause_collection,
    pause_and_resume,
    fail_renewal,
    mend,
    cancel_and_keep,
    end_with_period,
    give_and_refund,
    decline_gift,
    dispute_gift,
    decline_signup,
    leave_unconfirmed,
    let_checkout_expire,
    send_unknown_parameter,
    ask_for_missing,
    clear_up,
)


def told() -> list[str]:
    """What the script does, a line for each step."""
    return [f"{step.__name__}: {(step.__doc__ or '').splitlines()[0]}" for step in STEPS]
