"""Which other sites may read an answer of ours (CORS): those in NEWS_ORIGINS, without cookies."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers


def allowed(request: HttpRequest) -> bool:
    """Whether the page that asks is the news site's."""
    return request.headers.get("Origin", "") in settings.NEWS_ORIGINS


def let_read(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Let the news site's script read this answer; a script of any other site is kept from it."""
    # Said to everybody, so that a cache never hands one site's answer to another.
    patch_vary_headers(response, ["Origin"])
    if allowed(request):
        response["Access-Control-Allow-Origin"] = request.headers["Origin"]
    return response
