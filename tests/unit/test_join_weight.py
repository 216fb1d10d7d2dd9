"""How heavy the join page is, and how little it asks for: an old phone has to load all of it."""

import re

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

pytestmark = [pytest.mark.django_db, pytest.mark.once]

MOST_BYTES = 60_000


def test_the_join_page_weighs_less_than_60_kilobytes_with_all_it_loads(client: Client) -> None:
    page = client.get("/?interval=month&amount=7")
    text = page.content.decode()
    loaded = set(re.findall(r'<(?:script|img|source)[^>]* src="([^"]+)"', text))
    loaded |= set(re.findall(r'<link[^>]* rel="[^"]+"[^>]* href="([^"]+)"', text))
    loaded |= set(re.findall(r'<link[^>]* href="([^"]+)"[^>]* rel="[^"]+"', text))
    assert loaded
    assert all(each.startswith("/static/") for each in loaded), "nothing from elsewhere"
    weight = len(page.content)
    for each in loaded:
        path = finders.find(each.removeprefix("/static/"))
        assert isinstance(path, str), each
        with open(path, "rb") as file:  # noqa: PTH123 - a path that Django gave
            content = file.read()
        assert b"url(" not in content, "a file that loads another would weigh more"
        weight += len(content)
    assert weight < MOST_BYTES, weight


def test_the_join_page_asks_the_database_three_times_at_most(client: Client) -> None:
    client.get("/")  # the rates are kept from here on
    with CaptureQueriesContext(
        connection,
    ) as asked:
        client.get("/?interval=year&amount=30&campaign=unheard-of")
    assert len(asked) <= 2, [each["sql"] for each in asked]
