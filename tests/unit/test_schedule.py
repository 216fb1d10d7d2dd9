"""docs/retention.md says of every table how long its rows are kept: what the nights do, no more."""

import os

from django.apps import apps
from django.test import Client
from django.utils.translation import override

from billing import keeping, lapse
from members import access
from members.privacy.schedule import SCHEDULE
from tests.processes import ROOT

PAGE = ROOT / "docs" / "retention.md"
START = "<!-- Below: from members/privacy/schedule.py; MEITHEAL_WRITE=1 writes it anew. -->\n"


def test_it_names_every_table_once() -> None:
    ours = {
        each
        for app in ("billing", "members")
        for each in apps.get_app_config(app).get_models(include_auto_created=False)
    }
    named = [table for kept in SCHEDULE for table in kept.tables]
    assert len(named) == len(set(named)), "a table stands in two lines"
    assert set(named) == ours


def test_the_page_in_the_docs_says_what_the_nights_do() -> None:
    head, _, told = PAGE.read_text().partition(START)
    lines = [f"| {each.what} | {each.until} | {each.why} |\n" for each in SCHEDULE]
    wanted = "".join(["\n| What | Until when | Why |\n|---|---|---|\n", *lines])
    if os.environ.get("MEITHEAL_WRITE"):
        PAGE.write_text(head + START + wanted)
        told = wanted
    assert told == wanted


def test_the_privacy_page_promises_the_same(client: Client, db: None) -> None:
    page = client.get("/privacy/").content.decode()
    assert f"{keeping.FULL_YEARS} full years after the year they belong to" in page
    assert f"{lapse.MONTHS} months after your last payment" in page
    assert f"what they did for you: {access.MONTHS} months." in page
    with override("ga"):
        irish = client.get("/privacy/?lang=ga").content.decode()
    assert f"{lapse.MONTHS} mhí tar éis" in irish
