"""Make a member of staff, give one a new key, or shut one out."""

import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.urls import reverse

from members.models import StaffMember
from members.models.staff import Role
from members.staff import demo, enrolment


class Command(BaseCommand):
    help = (
        "Make a member of staff and print a first password (or take it from "
        "MEITHEAL_STAFF_PASSWORD). The second factor is made at the first sign-in."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", nargs="?", default="")
        parser.add_argument("--role", choices=Role.values, help="default: viewer")
        action = parser.add_mutually_exclusive_group()
        action.add_argument(
            "--reset", action="store_true", help="new password, second factor forgotten"
        )
        action.add_argument("--deactivate", action="store_true", help="out, from now on")
        action.add_argument("--demo", action="store_true", help="the demo's member (DEBUG only)")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["demo"]:
            return self._demo(options["email"])
        email = _address(options["email"])
        member = StaffMember.objects.filter(email=email).first()
        if options["deactivate"] or options["reset"]:
            if member is None:
                raise CommandError("No member of staff has this address.")
            return self._deactivate(member) if options["deactivate"] else self._reset(member)
        if member is not None:
            return self._change_role(member, options["role"])
        password = _password()
        enrolment.enrol(email=email, role=options["role"] or Role.VIEWER, password=password)
        self._show(email)
        self._show_password(password)
        return None

    def _demo(self, email: str) -> None:
        if not settings.DEBUG:
            raise CommandError("--demo sets a password that everyone knows: only with DEBUG=1.")
        if email and email.lower() != demo.EMAIL:
            raise CommandError(f"The demo's member is {demo.EMAIL}.")
        enrolment.enrol_demo()
        self._show(demo.EMAIL)
        self.stdout.write(f"Password: {demo.PASSWORD}")
        self.stdout.write(f"Code:     {settings.SITE_URL}{reverse('staff-demo-code')}")

    def _deactivate(self, member: StaffMember) -> None:
        enrolment.deactivate(member=member)
        self.stdout.write("The member is out.")

    def _reset(self, member: StaffMember) -> None:
        password = _password()
        enrolment.reset(member=member, password=password)
        self._show(member.email)
        self._show_password(password)

    def _change_role(self, member: StaffMember, role: str | None) -> None:
        if role is None:
            raise CommandError("This address is taken. --reset gives a new key, --role a role.")
        enrolment.change_role(member=member, role=Role(role))
        self.stdout.write(f"The member is {Role(role).label.lower()!r} now.")

    def _show(self, email: str) -> None:
        self.stdout.write(f"Sign in:  {settings.SITE_URL}{reverse('account_login')}")
        self.stdout.write(f"E-mail:   {email}")

    def _show_password(self, password: str) -> None:
        if not os.environ.get("MEITHEAL_STAFF_PASSWORD"):
            self.stdout.write(f"Password: {password}")


def _address(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError:
        raise CommandError("Name the member's e-mail address.") from None
    return text.lower()


def _password() -> str:
    given = os.environ.get("MEITHEAL_STAFF_PASSWORD", "")
    if not given:
        return enrolment.fresh_password()
    try:
        validate_password(given)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from None
    return given
