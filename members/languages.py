"""Which language a page speaks: the one chosen here, a letter's, the browser's, or English.

Nothing that we know of a person decides it, but on a page behind a letter's link, which only they
can open: else a page would answer differently for an address that we know (DESIGN 9).
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

ENGLISH: Final = "en"
# What staff and machines open speaks English alone.
ENGLISH_ALONE: Final = ("/staff/", "/dev/", "/stripe/", "/mail/", "/healthz")
# `?lang=ga` on any page: a link from an Irish page leads to ours in Irish, and so does our switch.
QUESTION: Final = "lang"


class PageLanguage:
    """Middleware. Speaks the visitor's language, tells which, and remembers one that was chosen."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # What the thread spoke before comes back: the next thing that it does may be no page.
        with translation.override(ENGLISH):
            if not speaks_more(request):
                return _told(self.get_response(request))
            asked = _asked_for(request)
            speak(request, asked or chosen(request) or _preferred(request))
            response = _told(self.get_response(request))
        if asked and response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            response = _elsewhere(request)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        if asked:
            remember(response, asked)
        return response


def speaks_more(request: HttpRequest) -> bool:
    """Whether this page is to be had in another language than English."""
    return not request.path_info.startswith(ENGLISH_ALONE)


def speak(request: HttpRequest, language: str) -> None:
    """Let the rest of this answer be in the language; in English if we do not speak it."""
    spoken = language if language in dict(settings.LANGUAGES) else ENGLISH
    translation.activate(spoken)
    request.LANGUAGE_CODE = spoken


def speak_as_letters(request: HttpRequest, language: str) -> None:
    """Let a page behind a letter's link go on in the letter's language, unless one was chosen."""
    if not (_asked_for(request) or chosen(request)):
        speak(request, language)


def switches(request: HttpRequest) -> list[tuple[str, str]]:
    """The languages that this page can be switched to: code and own name.

    The switch is a link, not a form: it leads from the answer to a POST back to the page itself,
    sets no cookie before somebody chose, and leaves a page's bytes the same for everybody. What the
    page was asked goes with it only where the view vouches for it, as `kept_query`.
    """
    if not speaks_more(request):
        return []
    return [each for each in settings.LANGUAGES if each[0] != translation.get_language()]


def chosen(request: HttpRequest) -> str:
    """The language that this browser keeps from an earlier choice, or ""."""
    return _known(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""))


def remember(response: HttpResponse, language: str, *, lasting: bool = True) -> None:
    """Let this browser keep the language as its choice: for a year, or until it is closed."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE if lasting else None,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite=settings.LANGUAGE_COOKIE_SAMESITE,  # type: ignore[arg-type]  # one of its literals
        secure=settings.LANGUAGE_COOKIE_SECURE,
    )


def forget(response: HttpResponse) -> HttpResponse:
    """Let this browser forget its language with everything else: who signs out leaves no trace."""
    response.delete_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        samesite=settings.LANGUAGE_COOKIE_SAMESITE,  # type: ignore[arg-type]  # one of its literals
    )
    return response


def _elsewhere(request: HttpRequest) -> HttpResponse:
    """Where a page leads that is only the answer to a press, and cannot be opened again."""
    inside = request.path_info.startswith(reverse("account"))
    return HttpResponseRedirect(reverse("account" if inside else "join"))


def _asked_for(request: HttpRequest) -> str:
    return _known(request.GET.get(QUESTION, "")) if request.method in {"GET", "HEAD"} else ""


def _known(language: str) -> str:
    return language if language in dict(settings.LANGUAGES) else ""


def _preferred(request: HttpRequest) -> str:
    """The first of the browser's languages that we speak; "ga-IE" is Irish, too."""
    told = request.META.get("HTTP_ACCEPT_LANGUAGE", "")
    for wanted, _weight in parse_accept_lang_header(told):
        if spoken := _known(wanted.partition("-")[0]):
            return spoken
    return ENGLISH


def _told(response: HttpResponse) -> HttpResponse:
    # A document, such as a receipt, is in the language of its letter.
    if response.headers.get("Content-Type", "").startswith("text/html"):
        response.headers["Content-Language"] = f"{translation.get_language()}-IE"
    return response
