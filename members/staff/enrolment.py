"""How a member of staff comes, gets a new key, and goes."""

import secrets

from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import flows
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.utils import is_mfa_enabled
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from members.models import StaffMember
from members.models.staff import Role
from members.staff import demo


def fresh_password() -> str:
    """A password of 120 random bits, to be read once and put into a password manager."""
    return secrets.token_urlsafe(15)


def enrol(*, email: str, role: str, password: str) -> StaffMember:
    """Make the member. Their second factor they make themselves, at their first sign-in.

    Raises IntegrityError where the address is taken.
    """
    return StaffMember.objects.create_user(email, password, role=role)


def reset(*, member: StaffMember, password: str) -> None:
    """Give a new password and forget the second factor; open sessions end with the old password."""
    with transaction.atomic():
        Authenticator.objects.filter(user=member).delete()
        member.set_password(password)
        member.is_active = True
        member.save(update_fields=["password", "is_active"])


def deactivate(*, member: StaffMember) -> None:
    """Shut the member out, from the next request on."""
    member.is_active = False
    member.save(update_fields=["is_active"])


def enrol_demo() -> StaffMember:
    """Make or mend the demo's member, with a password and a second factor that all may know."""
    member, _made = StaffMember.objects.get_or_create(
        email=demo.EMAIL, defaults={"role": Role.ADMIN}
    )
    if not member.check_password(demo.PASSWORD):
        reset(member=member, password=demo.PASSWORD)
    if not is_mfa_enabled(member, [Authenticator.Type.TOTP]):
        TOTP.activate(member, demo.TOTP_SECRET)
    return member


class EnrolFactor(ActivateTOTPView):  # type: ignore[misc]  # allauth ships no types
    """allauth's page, which counts the code just shown as the proof that the gate wants."""

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if is_mfa_enabled(request.user, [Authenticator.Type.TOTP]):
            return redirect("mfa_index")
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response

    def form_valid(self, form: object) -> HttpResponseBase:
        authenticator, codes = flows.activate_totp(self.request, form)
        post_authentication(self.request, authenticator)
        # A session that gains rights gains a new key with them.
        self.request.session.cycle_key()
        return redirect("mfa_view_recovery_codes" if codes else "mfa_index")
