"""Money: integer cents in, integer cents out. Nothing here holds an amount as a float."""

import re
from typing import Final

_AMOUNT: Final = re.compile(r"(\d{1,7})(?:[.,](\d{2}))?")
_SIGNS: Final = {"eur": "€", "gbp": "£", "usd": "$"}


class BadAmount(ValueError):
    """The text is not an amount of money that we understand."""


def parse_amount(text: str) -> int:
    """Read an amount as people type it and return cents.

    Takes "1.99", "1,99", "€1.99", "EUR 1,99", "2". Refuses everything that would need a guess or a
    rounding: "1.999", "1e9", "-5", "1,000.00", "". Raises BadAmount.
    """
    bare = text.strip().removeprefix("€").removesuffix("€")
    bare = re.sub(r"^EUR|EUR$", "", bare.strip(), flags=re.IGNORECASE).strip()
    # \d would also take digits of other scripts, which int() reads but a bank form never means.
    match = _AMOUNT.fullmatch(bare) if bare.isascii() else None
    if match is None:
        raise BadAmount(text[:40])
    euros, cents = match.groups(default="00")
    return int(euros) * 100 + int(cents)


def format_amount(cents: int, currency: str = "eur") -> str:
    """Write cents the one way all pages, letters and receipts do: 199 -> "€1.99"."""
    sign = _SIGNS.get(currency, f"{currency.upper()} ")
    euros, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{sign}{euros:,}.{rest:02d}"


def decimal_amount(cents: int) -> str:
    """Write cents for a spreadsheet: 123456 -> "1234.56", without sign or thousands mark."""
    euros, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{euros}.{rest:02d}"
