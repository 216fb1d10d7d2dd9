"""What pages of the news site fetch: the button, the meter; and the short link of a stall."""

from base64 import b64encode
from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import override
from django.views.decorators.http import conditional_page, require_safe

from billing import charity
from members import lockdown
from members.embed import meter, origins, words
from members.embed.meter import Meter

_View = Callable[[HttpRequest], HttpResponse]
_DAY, _MINUTES = 60 * 60 * 24, 60 * 5
_LIGHT: Final = (
    ".card{fill:#fff;stroke:#e2ded6}.ink{fill:#1d1b26}.soft{fill:#57536a}.rail{fill:#e8dcf2}"
    ".bar,.pill{fill:#5b2a86}.on{fill:#fff}.warm{fill:#f6c177}"
)
_DARK: Final = (
    ".card{fill:#1f1c28;stroke:#38333f}.ink{fill:#f1eef6}.soft{fill:#b7b1c6}.rail{fill:#38304a}"
    ".bar,.pill{fill:#c79bf0}.on{fill:#1d1027}.warm{fill:#8a2f4b}"
)
# As the reader's own device has it, unless the page says which it is.
_STYLES: Final = {
    "light": _LIGHT,
    "dark": _DARK,
    "auto": f"{_LIGHT}@media(prefers-color-scheme:dark){{{_DARK}}}",
}


def _finished(
    by: Callable[[HttpRequest, HttpResponse], HttpResponse],
) -> Callable[[_View], _View]:
    """Finish what a view answers, and as well the 304 that says that nothing is new: a browser
    keeps what it has under the headers of the newest answer (RFC 9111, 3.2)."""

    def finish(view: _View) -> _View:
        marked = conditional_page(view)

        @wraps(view)
        def finished(request: HttpRequest) -> HttpResponse:
            return by(request, marked(request))

        return finished

    return finish


def _as_picture(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Opened by itself the picture is a page: one with its style, and nothing else."""
    digest = b64encode(sha256(_style(request).encode()).digest()).decode()
    response["Content-Security-Policy"] = f"default-src 'none'; style-src 'sha256-{digest}'"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@require_safe
@_finished(_as_picture)
def button(request: HttpRequest) -> HttpResponse:
    """The button as a picture. It asks the database nothing, and may be kept for a day."""
    with override(_language(request)):
        label = words.button(charity.current())
    # No font is sent along, so the room is measured generously.
    return _picture(
        request, "button", {"label": label, "width": 112 + 13 * len(label)}, seconds=_DAY
    )


@require_safe
@_finished(_as_picture)
def meter_picture(request: HttpRequest) -> HttpResponse:
    """The goal meter as a picture."""
    shown = _meter()
    with override(_language(request)):
        said = words.of_meter(shown)
    # The rail is 432 long; a round end of the bar needs its own height.
    length = 0 if shown.figure.at_least is None else max(14, 432 * shown.figure.percent // 100)
    context = {"said": said, "bar": length, "name": charity.current().trading_name}
    return _picture(request, "meter", context, seconds=_MINUTES)


@require_safe
@_finished(origins.let_read)
def meter_figures(request: HttpRequest) -> HttpResponse:
    """The same as figures, for a script of the news site's."""
    shown = _meter()
    with override(_language(request)):
        text = words.sentence(shown.figure)
    answer = JsonResponse(
        {
            "unit": "cents a month" if shown.figure.in_cents else "members",
            "at_least": shown.figure.at_least,
            "goal": shown.figure.goal,
            "percent": shown.figure.percent,
            "as_of": shown.day.isoformat(),
            "text": text,
        }
    )
    return _keep(answer, _MINUTES)


@require_safe
def stall(_request: HttpRequest, slug: str) -> HttpResponse:
    """From the short link on a poster to the join page, which knows which names count."""
    return HttpResponseRedirect(f"/?campaign={slug}")


def _meter() -> Meter:
    shown = meter.current(timezone.now())
    if shown is None or lockdown.hides_numbers():
        raise Http404
    return shown


def _language(request: HttpRequest) -> str:
    """The language asked for; English where it is none of ours."""
    asked = request.GET.get("lang", "")
    return asked if asked in dict(settings.LETTER_LANGUAGES) else "en"


def _picture(
    request: HttpRequest, name: str, context: dict[str, object], *, seconds: int
) -> HttpResponse:
    drawn = render_to_string(f"members/embed/{name}.svg", {**context, "style": _style(request)})
    return _keep(HttpResponse(drawn, content_type="image/svg+xml"), seconds)


def _style(request: HttpRequest) -> str:
    return _STYLES.get(request.GET.get("theme", ""), _STYLES["auto"])


def _keep(response: HttpResponse, seconds: int) -> HttpResponse:
    response["Cache-Control"] = f"public, max-age={seconds}"
    return response
