"""What of a payment reaches the charity, and what has to be given so that enough of it does.

Pure, in integer cents. It is for sentences on pages and for the extra gift; the books take Stripe's
own figures. No rate depends on a card: a surcharge by brand is forbidden, and nobody is asked for a
fee (PSD2 Art. 62; DOMAIN 2.9).
"""

from dataclasses import dataclass
from typing import Final

_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Rates:
    """What is taken of each payment: a share under a half, in millionths, and fixed cents."""

    per_million: int
    fixed_cents: int

    def fee(self, cents: int) -> int:
        """What is taken of this amount, rounded half up as Stripe does, in cents."""
        return (cents * self.per_million + _MILLION // 2) // _MILLION + self.fixed_cents

    def arrives(self, cents: int) -> int:
        """What reaches the charity of this amount, in cents; never less than nothing."""
        return max(cents - self.fee(cents), 0)

    def gross_for(self, target_cents: int) -> int:
        """The smallest amount of which at least `target_cents` arrive, in cents (DOMAIN 8).

        What arrives grows with what is given, by a cent or not at all. The first guess is never too
        much, as long as a share of less than a half is taken.
        """
        gross = (target_cents + self.fixed_cents) * _MILLION // (_MILLION - self.per_million)
        while gross - self.fee(gross) < target_cents:
            gross += 1
        return gross

    def extra_for(self, cents: int) -> int:
        """What is to be given on top, so that as much as `cents` arrives; in cents."""
        return self.gross_for(cents) - cents


def configured(*, card_per_mille: int, card_cents: int, billing_per_mille: int = 0) -> Rates:
    """The rates of a price list: a share of each card payment, one for renewing it, fixed cents."""
    return Rates((card_per_mille + billing_per_mille) * 1000, card_cents)


def measured(*, payments: int, given_cents: int, taken_cents: int, fixed_cents: int) -> Rates:
    """The rates that explain what was taken of so many payments, in all.

    The fixed cents are what the price list says; the rest is a share. Where less than they was
    taken, there is no share, and the fixed cents are the average.
    """
    share = taken_cents - payments * fixed_cents
    if share < 0:
        return Rates(0, _half_up(taken_cents, payments))
    return Rates(min(_half_up(share * _MILLION, given_cents), _MILLION // 2 - 1), fixed_cents)


def _half_up(whole: int, parts: int) -> int:
    return (2 * whole + parts) // (2 * parts)
