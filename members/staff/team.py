"""The staff as admins see them: who is here, who let them in, and the way in and out."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import structlog
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from members import lockdown
from members.models import StaffMember, TeamAct
from members.models.staff import Role
from members.roles import May
from members.staff import demo, enrolment
from members.staff.access import freshly_proven, needs, who
from members.staff.enrolment import LastAdmin, NotYours

log = structlog.get_logger(__name__)
_SHOWN: Final = 30
MEANS: Final = {
    Role.VIEWER: "Sums and charts, nobody's row.",
    Role.SUPPORT: "Sees memberships, letters and events, and helps supporters at the desk, where "
    "each look at who they are is written down. Takes no list out.",
    Role.FINANCE: "Sees memberships, letters and events, not who they are of. Keeps the books and "
    "takes lists out; those with names, or of most supporters, need a second person.",
    Role.ADMIN: "All of that, and the team, the access log and the lock.",
}


class NewColleague(forms.Form):
    """Somebody to let in."""

    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        error_messages={
            "required": "Enter the address that they will sign in with.",
            "invalid": "Enter an address like name@newsroom.ie.",
        },
    )
    name = forms.CharField(
        label="Name",
        max_length=100,
        help_text="As the team knows them. Supporters never see it.",
        error_messages={"required": "Enter a name, so that the team knows who it is."},
    )
    role = forms.ChoiceField(
        choices=Role,
        initial=Role.VIEWER,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a role."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].widget.attrs.update(autocapitalize="none", autocomplete="off")
        self.fields["name"].widget.attrs.update(autocomplete="off")

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if StaffMember.objects.filter(email=email).exists():
            raise ValidationError("Somebody on the list below has this address already.")
        return email


@dataclass(frozen=True, slots=True)
class Colleague:
    """A member of staff, as the list shows them."""

    member: StaffMember
    has_factor: bool

    @property
    def role(self) -> str:
        return str(Role(self.member.role).label)

    @property
    def here(self) -> bool:
        return demo.may_enter(self.member)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(May.TEAM)
@freshly_proven
def team(request: HttpRequest) -> HttpResponseBase:
    """Everybody, and what was done; a POST lets somebody in and shows their first password once."""
    form = NewColleague(request.POST if request.method == "POST" else None)
    if form.is_valid():
        password = enrolment.fresh_password()
        try:
            member = enrolment.enrol(**form.cleaned_data, password=password, by=who(request))
        except IntegrityError:
            form.add_error("email", "A colleague let them in at this moment.")
        else:
            return _key(request, member, password, new=True)
    with_factor = set(
        Authenticator.objects.exclude(type=Authenticator.Type.RECOVERY_CODES).values_list(
            "user", flat=True
        )
    )
    members = StaffMember.objects.order_by("-is_active", "name", "email")
    colleagues = [Colleague(each, each.pk in with_factor) for each in members]
    context = {
        "here": "team",
        "form": form,
        "roles": [(role.value, role.label, MEANS[role]) for role in Role],
        "chosen": form["role"].value(),
        "colleagues": [each for each in colleagues if each.here],
        "gone": [each for each in colleagues if not each.here],
        "acts": TeamAct.objects.select_related("actor", "subject")[:_SHOWN],
        "lock": lockdown.last(),
        "locked": lockdown.holds(),
    }
    return render(request, "staff/team/team.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(May.TEAM)
@freshly_proven
def colleague(request: HttpRequest, member_id: UUID) -> HttpResponseBase:
    """One of them: role, key, and the way out. A POST names what is pressed."""
    member = get_object_or_404(StaffMember, pk=member_id)
    if request.method == "POST":
        return _pressed(request, member)
    context = {
        "here": "team",
        "member": member,
        "self": member.pk == who(request).pk,
        "active": demo.may_enter(member),
        "roles": [(role.value, role.label, MEANS[role]) for role in Role],
        "has_factor": bool(member.factors),
        "acts": TeamAct.objects.select_related("actor", "subject").filter(subject=member)[:_SHOWN],
    }
    return render(request, "staff/team/colleague.html", context)


def _pressed(request: HttpRequest, member: StaffMember) -> HttpResponseBase:
    act, by = request.POST.get("act", ""), who(request)
    try:
        if act == "role" and request.POST.get("role") in Role.values:
            enrolment.change_role(member=member, role=Role(request.POST["role"]), by=by)
            messages.info(request, "The role is changed, from their next click on.")
        elif act == "remove":
            enrolment.deactivate(member=member, by=by)
            messages.info(request, "They are out, from their next click on.")
            return redirect("staff-team")
        elif act == "reset":
            password = enrolment.fresh_password()
            enrolment.reset(member=member, password=password, by=by)
            return _key(request, member, password, new=False)
        elif act == "digest":
            StaffMember.objects.filter(pk=member.pk).update(wants_digest=True)
            messages.info(request, "The weekly figures are mailed again, from the next Monday on.")
        else:
            messages.warning(request, "Choose a role first.")
    except LastAdmin:
        messages.warning(request, "Somebody has to look after the staff: make another admin first.")
    except NotYours:
        messages.warning(request, "You find your own password and codes under “Your sign-in”.")
    return redirect("staff-colleague", member.pk)


def _key(
    request: HttpRequest, member: StaffMember, password: str, *, new: bool
) -> HttpResponseBase:
    """The password, this once: it is kept nowhere, and no cache keeps the page."""
    return render(
        request,
        "staff/team/key.html",
        {"here": "team", "member": member, "password": password, "new": new},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs(May.LOCK)
@freshly_proven
def lock(request: HttpRequest) -> HttpResponseBase:
    """Lock the house down, or open it again; a GET comes back from the second factor."""
    if request.method != "POST":
        return redirect("staff-team")
    if request.POST.get("to") == "open":
        done = lockdown.end(by=who(request))
        messages.info(request, "The house is open again." if done else "It was open already.")
    elif request.POST.get("sure") == "yes":
        done = lockdown.begin(by=who(request), now=timezone.now())
        messages.info(request, "The house is locked down." if done else "It was locked already.")
    else:
        messages.warning(request, "Tick the box first, so that nobody locks it by a slip.")
    return redirect("staff-team")
