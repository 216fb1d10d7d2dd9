"""What has to happen before the doors open, in one Django process."""

import argparse
import os
from io import StringIO
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.core.management import call_command  # noqa: E402 - needs the set-up above

from tests.demo import environment, history, progress  # noqa: E402 - the same
from tests.local_stripe import LocalStripe  # noqa: E402 - the same


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--stripe-port", type=int, required=True)
    stripe = LocalStripe(port=parser.parse_args().stripe_port, log=Path(os.devnull))
    say("preparing the database")
    call_command("migrate", verbosity=0)
    start = None if progress.history_done() else history.begin(stripe)
    say("telling the local Stripe about us")
    call_command("stripe_setup", env_file=environment.FILE, stdout=StringIO())
    if start is not None:
        say("making up fourteen months of history")
        history.make(stripe, start, say)
        progress.note(newcomers=0)
    with progress.STAFF_CARD.open("w") as card:
        call_command("enrol_staff", demo=True, stdout=card)


def say(what: str) -> None:
    print(f"  {what} ...", flush=True)


if __name__ == "__main__":
    main()
