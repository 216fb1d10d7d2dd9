"""What stands before the payment page: nothing, a sum, or a link in a letter (members/shield)."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation

from billing.models import Intent
from members import limits
from members.models.shield import Level
from members.press import Press
from members.pressure import Signal
from members.shield import orders, proofs, watch

FORM: Final = "join"
BY_LETTER: Final = "letter"
# Nobody types an address and ticks two boxes faster, or reads what they are to pay.
_A_HAND_NEEDS: Final = timedelta(seconds=2)
_A_PAGE_LASTS: Final = timedelta(days=1)
_STAMP: Final = "members.shield.stamp"


def level_for(request: HttpRequest) -> Level:
    """The level that holds for who asks. The machine itself presses nobody, so only staff's word.

    Behind a proxy that we were not told of everybody is the machine itself (TRUSTED_PROXY).
    """
    return watch.level(now=timezone.now(), of_pressure=bool(limits.network_of(request)))


def stamp() -> str:
    """When a form was made, signed, for its hidden field."""
    return signing.dumps(timezone.now().timestamp(), salt=_STAMP)


def see_form(request: HttpRequest) -> None:
    """Count a form that no hand sent: too soon after it was made, a day late, or made elsewhere.

    It presses, and refuses nobody.
    """
    try:
        made = float(signing.loads(request.POST.get("made", ""), salt=_STAMP))
    except signing.BadSignature:
        made = 0.0
    _see_age(request, timezone.now().timestamp() - made)


def see_stale(request: HttpRequest) -> None:
    """Count a button whose page was a day old, or was never made by us."""
    limits.presses(Signal.HASTY, request=request)


def hold(request: HttpRequest, pressed: Press, *, label: str) -> HttpResponse | None:
    """What is answered instead of the payment page just now; None where the way is free.

    `label` is what the button that pays says.

    Free too are a press that opened a page already, who is signed in, and who came by letter: they
    have shown a mailbox of theirs. Nothing here asks whether an address is known.
    """
    if Intent.objects.filter(press=pressed.id).exists():
        return None
    limits.presses(Signal.ASKED, request=request)
    _see_age(request, (timezone.now() - pressed.shown_at).total_seconds())
    level = level_for(request)
    if level == Level.CALM or pressed.about.get("supporter_id"):
        return None
    if orders.came_by_letter(pressed.id):
        return None
    if level == Level.STORM or request.POST.get("by") == BY_LETTER:
        return _write(request, pressed)
    text, number = request.POST.get("challenge", ""), request.POST.get("number", "")
    if proofs.solved(text, number, form=FORM, about=pressed.id):
        return None
    return _one_more_step(request, label)


def _see_age(request: HttpRequest, seconds: float) -> None:
    natural = _A_HAND_NEEDS.total_seconds() <= seconds <= _A_PAGE_LASTS.total_seconds()
    if not natural:
        limits.presses(Signal.HASTY, request=request)


def _write(request: HttpRequest, pressed: Press) -> HttpResponse:
    """Send the link, and answer the same for every address."""
    allowed = limits.allow_network(
        limits.JOIN_LINKS_PER_NETWORK, what="join-link-network", request=request
    ) and limits.allow_all(limits.JOIN_LINKS_OF_ALL, what="join-link", request=request)
    if not allowed:
        again = {"press": request.POST["press"]}
        template = "members/shield/too_many.html"
        return limits.too_many(request, template, limits.JOIN_LINKS_PER_NETWORK, again)
    orders.write(press=pressed.id, order=pressed.about, language=_language())
    hours = int(orders.KEPT.total_seconds() // 3600)
    return render(request, "members/shield/written.html", {"hours": hours})


def _one_more_step(request: HttpRequest, label: str) -> HttpResponse:
    """The sum is missing, wrong, old or used: once more, or the link."""
    context = {"press": request.POST["press"], "again": True, "label": label}
    # 428: what is wanted is a condition of ours, and the same form will do (RFC 6585, 3).
    return render(request, "members/shield/step.html", context, status=428)


def _language() -> str:
    spoken = (translation.get_language() or "en").split("-")[0]
    return spoken if spoken in dict(settings.LETTER_LANGUAGES) else "en"
