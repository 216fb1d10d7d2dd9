"""Staff at the door: members of staff with a second factor, and how they sign in for real."""

import re
from datetime import timedelta
from typing import Any

import time_machine
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from members import tasks
from members.models import StaffList, StaffMember
from members.models.staff import Role
from members.staff.enrolment import enrol

LONG = timedelta(days=30)
PASSWORD = "a-long-and-quiet-evening"


def staff(role: Role = Role.ADMIN, *, email: str = "dara@example.org") -> StaffMember:
    """A member of staff who has not signed in yet, so has no second factor."""
    return enrol(email=email, role=role, password=PASSWORD)


def code_of(secret: str) -> str:
    """What an authenticator app with this secret shows now."""
    counter = next(iter(yield_hotp_counters_from_time()))
    shown: str = format_hotp_value(hotp_value(secret, counter))
    return shown


def give_password(client: Client, member: StaffMember, password: str = PASSWORD) -> HttpResponse:
    return client.post("/staff/sign-in/", {"login": member.email, "password": password})  # type: ignore[return-value]  # the client's response is one


def give_code(client: Client, code: str) -> HttpResponse:
    return client.post("/staff/second-factor/code/", {"code": code})  # type: ignore[return-value]  # as above


def signed_in(role: Role = Role.ADMIN, *, email: str = "dara@example.org") -> Client:
    """A browser in which a member of staff of this role has signed in with both factors."""
    return entered(staff(role, email=email))


def entered(member: StaffMember) -> Client:
    """A browser in which this member of staff has signed in, with a second factor made now."""
    client, secret = Client(), generate_totp_secret()
    TOTP.activate(member, secret)
    give_password(client, member)
    answer = give_code(client, code_of(secret))
    assert answer.status_code == 302, answer.content
    return client


def secret_on(page: HttpResponse) -> str:
    """The secret that the enrolment page shows to those without a camera."""
    found = re.search(r'class="secret">([A-Z2-7]+)<', page.content.decode())
    assert found is not None
    return found[1]


def colleague(role: Role = Role.ADMIN, *, email: str = "fionn@example.org") -> Client:
    """A browser of somebody who has been on the team for long, so may be a second person."""
    with time_machine.travel(timezone.now() - LONG, tick=False):
        member = staff(role, email=email)
    return entered(member)


def ask_for_list(client: Client, subject: str = "memberships", **form: Any) -> StaffList:
    """Fill in the form for a list, and press; what is not given is as the page proposes it."""
    path = f"/staff/lists/new/{subject}/"
    page = client.get(path)
    values = {
        "columns": page.context["chosen"],
        "format": page.context["chosen_format"],
        "purpose": "books",
        "press": page.context["press"],
    }
    answer = client.post(path, values | form)
    assert answer.status_code == 302, answer.context["form"].errors
    return StaffList.objects.get(pk=answer["Location"].split("/")[3])


def taken(client: Client, wanted: StaffList) -> bytes:
    """The file of a list, once the queue has run."""
    tasks.make_list(str(wanted.pk))
    answer = client.post(f"/staff/lists/{wanted.pk}/file/")
    assert answer.status_code == 200, answer
    body: bytes = answer.getvalue()
    return body
