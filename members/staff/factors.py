"""Second factors of one's own: an authenticator app, passkeys. Made, shown, removed.

A passkey is worth what a code is: it comes after the password, and is asked for again wherever a
fresh code is. Whatever is said of the one is held by the same lines for the other.
"""

from collections.abc import Callable
from typing import Any

from allauth.mfa.base.forms import ReauthenticateForm
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.base.views import AuthenticateView, ReauthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import flows as app
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.utils import is_mfa_enabled
from allauth.mfa.webauthn.internal import auth
from allauth.mfa.webauthn.internal import flows as passkey
from allauth.mfa.webauthn.views import AddWebAuthnView
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from members.models import StaffMember
from members.models.team import TeamDeed
from members.staff.access import freshly_proven, proven_at, who
from members.staff.enrolment import write_down
from members.staff.passkeys import NewPasskey, ShownAgain, ShownPasskey, for_script


class EnrolApp(ActivateTOTPView):  # type: ignore[misc]  # allauth ships no types
    """allauth's page, which counts the code just shown as the proof that the gate wants."""

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if is_mfa_enabled(request.user, [Authenticator.Type.TOTP]):
            return redirect("mfa_index")
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response

    def form_valid(self, form: Any) -> HttpResponseBase:
        return _keep(self.request, lambda: app.activate_totp(self.request, form))


class AddPasskey(AddWebAuthnView):  # type: ignore[misc]  # as above
    """The same for a passkey, of which one may have several."""

    form_class = NewPasskey
    initial = {"name": ""}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"passkey": for_script(context["js_data"]["creation_options"])}

    def form_valid(self, form: Any) -> HttpResponseBase:
        made = form.cleaned_data
        return _keep(
            self.request,
            lambda: passkey.add_authenticator(self.request, made["name"], made["credential"]),
        )


def _keep(
    request: HttpRequest, make: Callable[[], tuple[Authenticator, Authenticator | None]]
) -> HttpResponseBase:
    """Keep a new factor, which was shown just now; with the first one come recovery codes."""
    member = who(request)
    with transaction.atomic():
        # Of two who know the first password only one makes the first factor; and who is being
        # given a new key meanwhile gets none from the old session.
        now = StaffMember.objects.select_for_update().get(pk=member.pk)
        first = not _held(member).exists()
        if now.password != member.password or not (first or proven_at(request)):
            return redirect("mfa_index")
        factor, codes = make()
        write_down(TeamDeed.FACTOR_MADE, member, member)
    post_authentication(request, factor)
    # A session that gains rights gains a new key with them.
    request.session.cycle_key()
    return redirect("mfa_view_recovery_codes" if codes else "mfa_index")


class ShowFactor(AuthenticateView):  # type: ignore[misc]  # as above
    """After the password: a passkey, where the member has one, or a code."""

    webauthn_form_class = ShownPasskey

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        user, options = self.stage.login.user, context["js_data"]["request_options"]
        return context | _asked(user, options)


class ConfirmFactor(ReauthenticateView):  # type: ignore[misc]  # as above
    """The same again, before a page that wants a fresh proof."""

    def get_form_class(self) -> Any:
        return ShownAgain if "credential" in self.request.POST else super().get_form_class()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        member, given = who(self.request), context["form"]
        if isinstance(given, ShownAgain):
            context |= {"webauthn_form": given, "form": ReauthenticateForm(user=member)}
        return context | _asked(member, auth.begin_authentication(member))


def _asked(member: StaffMember, options: dict[str, Any]) -> dict[str, Any]:
    """What the page asks this member for: their kinds of factor."""
    has_passkey = bool(options["publicKey"]["allowCredentials"])
    return {
        "passkey": for_script(options) if has_passkey else "",
        "has_app": is_mfa_enabled(member, [Authenticator.Type.TOTP]),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@freshly_proven
def remove(request: HttpRequest, factor_id: int) -> HttpResponseBase:
    """Remove a factor of one's own, never the last. Sessions that were opened by it ask again."""
    member = who(request)
    factor = get_object_or_404(_held(member), pk=factor_id)
    if request.method != "POST":
        only = len(member.factors) == 1
        return render(request, "mfa/remove.html", {"factor": factor, "only": only, "here": "key"})
    with transaction.atomic():
        StaffMember.objects.select_for_update().get(pk=member.pk)
        gone = _held(member).exclude(pk=factor.pk).exists() and factor.delete()[0]
        if gone:
            write_down(TeamDeed.FACTOR_REMOVED, member, member)
    if gone:
        messages.info(request, "It is removed, and opens nothing any more.")
    else:
        messages.warning(request, "It is your only second factor: add another one first.")
    return redirect("mfa_index")


def _held(member: StaffMember) -> Any:
    """Their factors as they are now; `member.factors` is as the request found them."""
    codes = Authenticator.Type.RECOVERY_CODES
    return Authenticator.objects.filter(user=member).exclude(type=codes)
