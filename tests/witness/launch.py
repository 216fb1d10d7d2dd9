"""billing-e2e, told where the local Stripe is: `python -m tests.witness.launch URL [its words]`.

It has no option for the address of the API, so this sets one and hands over; nothing else of it is
changed, its own command line decides and its own exit code comes back.
"""

import sys
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import stripe
from billing_e2e import cli

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def main(arguments: Sequence[str]) -> None:
    """Run billing-e2e against the local Stripe. Exits 2 for an address of another machine."""
    base, *own = arguments or [""]
    if urlsplit(base).hostname not in LOOPBACK:
        print(f"launch: {base or 'nothing'} is no address of this machine", file=sys.stderr)
        sys.exit(2)

    class Here(stripe.StripeClient):
        """The SDK's client with the address that billing-e2e cannot be given."""

        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, base_addresses={"api": base}, **named)

    stripe.StripeClient = Here  # type: ignore[misc]  # the one thing that is put in its way
    cli.main(own)


if __name__ == "__main__":
    main(sys.argv[1:])
