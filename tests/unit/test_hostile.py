import logging
import re

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory

from members import limits
from members.models import StaffMember, Supporter
from members.models.supporter import supporter_for
from config.logs import logging_config

pytestmark = pytest.mark.django_db


def test_a_dump_of_the_sessions_signs_nobody_in(client: Client) -> None:
    session = client.session
    session["supporter"] = str(supporter_for(email="alice@example.org").id)
    session.save()
    client.cookies["sessionid"] = session.session_key
    assert client.get("/account/").status_code == 200
    (row,) = Session.objects.all()
    thief = Client()
    thief.cookies["sessionid"] = row.session_key
    assert thief.get("/account/").status_code == 302
    client.post("/sign-out/")
    assert not Session.objects.exists()


def test_a_refused_press_of_the_sign_in_button_logs_no_link() -> None:
    config = logging_config(debug=False)
    assert "without_path" in config["loggers"]["django.security.csrf"]["filters"]


def test_no_upload_is_kept(client: Client) -> None:
    request = RequestFactory().post(
        "/sign-in/", {"f": SimpleUploadedFile("a", b"x" * 3_000_000), "email": "a@b.ie"}
    )
    assert not request.FILES
    assert request.POST["email"] == "a@b.ie"


def test_mapped_addresses_are_their_own_networks(rf: RequestFactory) -> None:
    assert limits.network_of(rf.get("/", REMOTE_ADDR="::ffff:192.0.2.1")) == "192.0.2.1"
    assert limits.network_of(rf.get("/", REMOTE_ADDR="::ffff:127.0.0.1")) == ""


@pytest.mark.parametrize(
    ("model", "lookup"),
    [
        ("staffmember", "password__startswith"),
        ("supporter", "email_hash__startswith"),
        ("signin", "nonce"),
        ("supporter", "email_sealed"),
    ],
)
def test_hidden_columns_cannot_be_asked_after(model: str, lookup: str, rf: RequestFactory) -> None:
    from django.contrib import admin
    from django.apps import apps

    shown = admin.site._registry[apps.get_model("members", model)]
    assert not shown.lookup_allowed(lookup, "a", rf.get("/"))
    assert shown.lookup_allowed("id", "a", rf.get("/"))
