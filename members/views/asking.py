"""An act on its way: the supporter's own membership, what cannot be done now, and one press."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _

from billing import stripe_api, wishes
from billing.models import Intent, Membership
from billing.models.stripe import IntentState
from members import acts, press, standing
from members.acts import Act
from members.models import Supporter
from members.standing import Standing

DONE_KEY: Final = "done"
DONE: Final = {
    Act.AMOUNT: _("Your new amount is set. Nothing was charged today."),
    Act.RHYTHM: _("The change is planned. Nothing was charged today."),
    Act.DROP: _("The change is taken back. Everything stays as it was."),
    Act.PAUSE: _("It is paused. Nothing is owed afterwards."),
    Act.SKIP: _("The next payment is left out. Nothing is owed afterwards."),
    Act.RESUME: _("The pause is over. It is good to have you back."),
    Act.CANCEL: _("It will end with what is paid. Until then you can change your mind."),
    Act.KEEP: _("Your membership goes on. Thank you."),
    Act.WITHDRAW: _(
        "You have withdrawn. It has ended, and what you paid is on its way back to you."
    ),
    Act.UNDO: _("The second one has ended, and what you paid for it is on its way back to you."),
}
_CHANGED: Final = _("It changed a moment ago. Please look at your account and try again.")
Context = dict[str, Any]
Show = Callable[[HttpRequest, Standing], Context]
Do = Callable[[Standing, press.Press], bool]


def own(supporter: Supporter, membership_id: UUID) -> Membership:
    """The supporter's own membership. Anybody else's is 404, as one that does not exist."""
    return get_object_or_404(
        supporter.memberships.select_related("plan", "customer"), pk=membership_id
    )


def answer(
    request: HttpRequest,
    membership: Membership,
    act: Act,
    *,
    do: Do,
    show: Show | None = None,
    link: str = "",
    then: str = "",
) -> HttpResponse:
    """Show what the act means, or do it when its button is pressed; the same press does it once.

    `show` adds to the page's context. What cannot be done now is said in words, and a press of it
    changes nothing. `link` is the address of a letter's link: nobody need be signed in then, so the
    pages name nobody, and what was done is said on a page of its own. `then` is the address of
    a page that says it better than the account does.
    """
    found = standing.of(membership)
    if request.method != "POST":
        return page(request, found, act, show, link=link)
    try:
        pressed = read(request, membership, act)
    except press.BadPress:
        return page(request, found, act, show, status=400, link=link)
    if _is_done(pressed, membership):
        return _told(request, found, act, link) if link else redirect(then or "account")
    if reason := acts.why_not(act, found):
        return cannot(request, found, act, reason, status=409, link=link)
    return _ask(request, found, act, pressed, do, link=link, then=then)


def read(request: HttpRequest, membership: Membership, act: Act) -> press.Press:
    """The press of this act's button about this membership. Raises press.BadPress."""
    pressed = press.read(request.POST.get("press", ""), button=act)
    if pressed.about.get("subject") != str(membership.id):
        raise press.BadPress("of another row")
    return pressed


def page(
    request: HttpRequest,
    found: Standing,
    act: Act,
    show: Show | None = None,
    *,
    status: int = 200,
    link: str = "",
) -> HttpResponse:
    """The page of an act; one that could not be read as a press says so and offers a new one."""
    if reason := acts.why_not(act, found):
        return cannot(request, found, act, reason, status=status, link=link)
    context: Context = {
        "standing": found,
        "membership": found.membership,
        "link": link,
        "press": press.make_for(button=act, subject=found.membership.id),
        "stale": status == 400,
    }
    context |= show(request, found) if show else {}
    return render(request, f"members/account/{act}.html", context, status=status)


def later(request: HttpRequest, *, status: int, link: str = "") -> HttpResponse:
    """Stripe did not take it: nothing was changed, and the supporter is told so."""
    return render(request, "members/account/later.html", {"link": link}, status=status)


def see_other(url: str) -> HttpResponse:
    """Lead to a page of Stripe's; 303, so that a reload does not press our button again."""
    response = HttpResponseRedirect(url)
    response.status_code = 303
    return response


def _ask(
    request: HttpRequest,
    found: Standing,
    act: Act,
    pressed: press.Press,
    do: Do,
    *,
    link: str,
    then: str,
) -> HttpResponse:
    """Ask for the change, then show the account, which says whether it is done or noted."""
    try:
        done = do(found, pressed)
    except (wishes.NotNow, wishes.TooLittle):
        # It changed between our look and the verb's.
        fresh = _afresh(found)
        words = acts.why_not(act, fresh) or str(_CHANGED)
        return cannot(request, fresh, act, words, status=409, link=link)
    except stripe_api.Refused:
        return later(request, status=502, link=link)
    if link:
        return _told(request, _afresh(found), act, link)
    if done and then:
        return redirect(then)
    if done:
        request.session[DONE_KEY] = act.value
    return redirect("account")


def _afresh(found: Standing) -> Standing:
    return standing.of(own(found.membership.supporter, found.membership.pk))


def _told(request: HttpRequest, found: Standing, act: Act, link: str) -> HttpResponse:
    """What became of a press on a letter's link."""
    context = {"done": DONE[act], "standing": found, "membership": found.membership, "link": link}
    return render(request, "members/account/told.html", context)


def _is_done(pressed: press.Press, membership: Membership) -> bool:
    """Whether this press was taken already; one that Stripe refused may be tried again."""
    taken = Intent.objects.filter(press=pressed.id, subject=membership.pk)
    return taken.exclude(state=IntentState.REFUSED).exists()


def cannot(
    request: HttpRequest,
    found: Standing,
    act: Act,
    reason: str,
    *,
    status: int = 200,
    link: str = "",
) -> HttpResponse:
    """Say in words why it is not possible now, and what is."""
    context = {
        "standing": found,
        "membership": found.membership,
        "act": act,
        "possible": acts.possible(found),
        "reason": reason,
        "link": link,
    }
    return render(request, "members/account/cannot.html", context, status=status)
