"""The supporter's account as a check of billing-e2e reads it: does the page say this, now?

    python -m tests.witness.account WORDS... [--not WORDS...]

Asks the application over HTTP, signed in as the supporter (WITNESS_SITE, WITNESS_COOKIE), and ends
with 0 if every phrase is on the page and none of the others, else with 1 and the page's words. In a
phrase `[+2 months]` is the day two months after the subscription began, as the site writes days;
the beginning is asked of the local Stripe (WITNESS_STRIPE, BILLING_E2E_SUBSCRIPTION).
"""

import argparse
import calendar
import json
import os
import re
import sys
import urllib.request
from collections.abc import Iterable
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Final
from zoneinfo import ZoneInfo

SITE_ZONE: Final = ZoneInfo("Europe/Dublin")
DAY: Final = re.compile(r"\[\+(\d+) months?\]")
SILENT: Final = {"script", "style", "title"}


class _Words(HTMLParser):
    """The words of a page, without what no reader sees."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in SILENT

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in SILENT

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)


def main() -> int:
    """Compare the page with the phrases; 0 if it says what it should."""
    asked = argparse.ArgumentParser(prog="tests.witness.account")
    asked.add_argument("there", nargs="*")
    asked.add_argument("--not", dest="absent", nargs="*", default=[])
    given = asked.parse_args()
    page = read_page(os.environ["WITNESS_SITE"], os.environ["WITNESS_COOKIE"])
    missing = [each for each in dated(given.there) if each not in page]
    unwanted = [each for each in dated(given.absent) if each in page]
    if missing or unwanted:
        print(f"missing {missing}, unwanted {unwanted}, in: {page}")
    return 1 if missing or unwanted else 0


def read_page(site: str, cookie: str) -> str:
    """The words of the account page, single spaces between them. Raises OSError."""
    request = urllib.request.Request(f"{site}/account/", headers={"Cookie": cookie})  # noqa: S310 - our own site
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - the same
        if not answer.url.endswith("/account/"):
            raise PermissionError(f"not signed in: led to {answer.url}")
        reader = _Words()
        reader.feed(answer.read().decode())
    page = " ".join("".join(reader.words).split())
    # "on <b>3 May</b>." must read as it looks, whatever stands between the tags.
    return page.replace(" .", ".").replace(" ,", ",")


def dated(phrases: Iterable[str]) -> list[str]:
    """The phrases with their days filled in."""
    wanted = list(phrases)
    if not any(DAY.search(each) for each in wanted):
        return wanted
    began = beginning()
    return [DAY.sub(lambda found: day_after(began, int(found[1])), each) for each in wanted]


def beginning() -> datetime:
    """When the subscription of this run began, in UTC, as Stripe has it."""
    stripe, subscription = os.environ["WITNESS_STRIPE"], os.environ["BILLING_E2E_SUBSCRIPTION"]
    request = urllib.request.Request(  # noqa: S310 - the local Stripe
        f"{stripe}/v1/subscriptions/{subscription}",
        headers={"Authorization": "Bearer sk_test_localstandin"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - the same
        return datetime.fromtimestamp(json.load(answer)["start_date"], UTC)


def day_after(moment: datetime, months: int) -> str:
    """The day so many calendar months later, or the last of a shorter month: "5 March 2027"."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    later = moment.replace(year=year, month=month + 1, day=min(moment.day, last))
    there = later.astimezone(SITE_ZONE)
    return f"{there.day} {there:%B %Y}"


if __name__ == "__main__":
    sys.exit(main())
