"""How a member of staff comes, gets a new key, and goes."""

import secrets

import structlog
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.utils import is_mfa_enabled
from django.db import transaction

from members.models import StaffMember, TeamAct
from members.models.staff import Role
from members.models.team import TeamDeed
from members.staff import demo

log = structlog.get_logger(__name__)


def fresh_password() -> str:
    """A password of 120 random bits, to be read once and put into a password manager."""
    return secrets.token_urlsafe(15)


class LastAdmin(ValueError):
    """Without this one nobody would look after the staff."""


class NotYours(ValueError):
    """Nobody gives a new key to themselves: that is what a second factor is against."""


def enrol(
    *, email: str, role: str, password: str, name: str = "", by: StaffMember | None = None
) -> StaffMember:
    """Make the member. Their second factor they make themselves, at their first sign-in.

    Without `by` it is done at the console. Raises IntegrityError where the address is taken.
    """
    with transaction.atomic():
        member = StaffMember.objects.create_user(email, password, role=role, name=name)
        write_down(TeamDeed.ENROLLED, member, by)
    return member


def reset(*, member: StaffMember, password: str, by: StaffMember | None = None) -> None:
    """Give a new password and forget all second factors; open sessions end with the old password.

    Raises NotYours.
    """
    if by is not None and by.pk == member.pk:
        raise NotYours
    with transaction.atomic():
        Authenticator.objects.filter(user=member).delete()
        member.set_password(password)
        member.is_active = True
        member.save(update_fields=["password", "is_active"])
        write_down(TeamDeed.RESET, member, by)


def change_role(*, member: StaffMember, role: Role, by: StaffMember | None = None) -> None:
    """Give another role; it counts from their next request on. Raises LastAdmin."""
    with transaction.atomic():
        if role != Role.ADMIN:
            _keep_an_admin(member, by)
        if member.role == role:
            return
        member.role = role
        member.save(update_fields=["role"])
        write_down(TeamDeed.ROLE, member, by)


def deactivate(*, member: StaffMember, by: StaffMember | None = None) -> None:
    """Shut the member out, from the next request on. Raises LastAdmin.

    The console may shut out the last one too: whoever is there can let another in.
    """
    with transaction.atomic():
        _keep_an_admin(member, by)
        if not member.is_active:
            return
        member.is_active = False
        member.save(update_fields=["is_active"])
        write_down(TeamDeed.REMOVED, member, by)


def _keep_an_admin(member: StaffMember, by: StaffMember | None) -> None:
    """Refuse if no admin would be left. Under a lock: two could let each other go at once."""
    if by is None:
        return
    locked = StaffMember.objects.select_for_update().filter(role=Role.ADMIN, is_active=True)
    admins = {each.pk for each in locked.order_by("pk") if demo.may_enter(each)}
    # Who presses may have been let go a moment ago.
    if by.pk not in admins or not admins - {member.pk}:
        raise LastAdmin


def write_down(deed: TeamDeed, member: StaffMember, by: StaffMember | None) -> None:
    """Note for good what was done to a member; part of the caller's transaction."""
    TeamAct.objects.create(deed=deed, subject=member, actor=by, role=member.role)
    log.info("staff changed", deed=str(deed), subject=str(member.pk), by=str(by.pk) if by else "")


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
