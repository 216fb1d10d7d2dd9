"""Signing in by a link: asking for one, opening it once, and who is signed in now (DESIGN 8, 9)."""

import hmac
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Concatenate, Final, ParamSpec
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.crypto import salted_hmac

from billing import letters
from billing.cause import Cause
from billing.ids import read_id
from members import sessions
from members.models import SignIn, Supporter

LASTS: Final = timedelta(hours=1)
_SESSION_KEY: Final = "supporter"
_SINCE_KEY: Final = "supporter_since"
_BROWSER_KEY: Final = "supporter_browser"
# What a session holds of a supporter.
SESSION_KEYS: Final = (_SESSION_KEY, _SINCE_KEY, _BROWSER_KEY)
_P = ParamSpec("_P")


def ask(*, email: str) -> SignIn:
    """Note that somebody wants a link for this address, and queue the letter that carries it.

    The same rows are written whether the address is known or not: the letter to nobody is skipped
    by the worker, out of sight of who asked (DESIGN 9).
    """
    supporter = Supporter.objects.with_email(email).first()
    now = timezone.now()
    with transaction.atomic():
        signin = SignIn.objects.create(
            supporter=supporter,
            nonce=secrets.token_hex(16),
            asked_at=now,
            expires_at=now + LASTS,
        )
        letters.queue(
            kind="sign-in",
            key=str(signin.id),
            supporter_id=supporter.id if supporter else None,
            cause=Cause.supporter(),
        )
    return signin


def token_of(signin: SignIn) -> str:
    """The secret part of the link. Made when the letter is rendered, stored nowhere."""
    return salted_hmac(
        "members.signin", f"{signin.id}:{signin.nonce}", algorithm="sha256"
    ).hexdigest()


def opens(*, signin_id: UUID, token: str) -> bool:
    """Whether this link would still sign in. Changes nothing."""
    return _genuine(signin_id, token) and _unused(signin_id).exists()


def redeem(*, signin_id: UUID, token: str) -> Supporter | None:
    """Use the link up and return whose it is; None if it does not open (any more)."""
    if not _genuine(signin_id, token):
        return None
    # Two presses at once: the row decides which of them was the first.
    if _unused(signin_id).update(used_at=timezone.now()) != 1:
        return None
    return SignIn.objects.select_related("supporter").get(pk=signin_id).supporter


def _genuine(signin_id: UUID, token: str) -> bool:
    signin = SignIn.objects.filter(pk=signin_id, supporter__isnull=False).first()
    return signin is not None and hmac.compare_digest(token_of(signin).encode(), token.encode())


def _unused(signin_id: UUID) -> QuerySet[SignIn]:
    return SignIn.objects.filter(pk=signin_id, used_at=None, expires_at__gt=timezone.now())


def enter(request: HttpRequest, supporter: Supporter) -> None:
    """Sign this browser in, under a session key that nobody knew before."""
    _end_row(request)
    if request.session.get(_SESSION_KEY, str(supporter.id)) != str(supporter.id):
        # What the session holds was said to somebody else.
        request.session.flush()
    browser = sessions.begin(supporter, user_agent=request.headers.get("User-Agent", ""))
    request.session[_BROWSER_KEY] = str(browser.id)
    request.session[_SESSION_KEY] = str(supporter.id)
    request.session[_SINCE_KEY] = timezone.now().isoformat()
    request.session.cycle_key()


def leave(request: HttpRequest) -> None:
    """Forget everything about this browser."""
    _end_row(request)
    request.session.flush()


def browser_of(request: HttpRequest) -> UUID | None:
    """The row of the browser that asks, as its session says."""
    return read_id(request.session.get(_BROWSER_KEY, ""))


def _end_row(request: HttpRequest) -> None:
    if browser_id := browser_of(request):
        sessions.end(browser_id)


def current(request: HttpRequest) -> Supporter | None:
    """The supporter who is signed in with this browser."""
    supporter_id = read_id(request.session.get(_SESSION_KEY, ""))
    browser_id = browser_of(request)
    if supporter_id is None or browser_id is None:
        return None
    found = sessions.seen(browser_id, supporter_id=supporter_id)
    return found if found and found.named and _still(request, found) else None


def _still(request: HttpRequest, supporter: Supporter) -> bool:
    """Whether this session began after all of theirs were last ended."""
    if supporter.signed_out_at is None:
        return True
    since = request.session.get(_SINCE_KEY, "")
    return since != "" and datetime.fromisoformat(since) >= supporter.signed_out_at


def end_all(supporter: Supporter, *, now: datetime) -> None:
    """End every session of theirs and every link that was sent; part of the caller's transaction.

    The row is saved by the caller with what else changes.
    """
    supporter.signed_out_at = now
    sessions.end_all(supporter)
    links = SignIn.objects.filter(supporter=supporter, used_at=None, expires_at__gt=now)
    links.update(expires_at=now)


def required(
    view: Callable[Concatenate[HttpRequest, Supporter, _P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, _P], HttpResponseBase]:
    """Let only a signed-in supporter through, and hand them to the view; no cache keeps it."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: _P.args, **kwargs: _P.kwargs) -> HttpResponseBase:
        supporter = current(request)
        response = (
            view(request, supporter, *args, **kwargs)
            if supporter
            else HttpResponseRedirect("/sign-in/")
        )
        add_never_cache_headers(response)
        return response

    return guarded
