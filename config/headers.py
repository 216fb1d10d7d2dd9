"""What every answer tells the browser to keep shut."""

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

# No page of ours, and nothing on it, has a use for any of these.
_SHUT: Final = (
    *("accelerometer", "autoplay", "browsing-topics", "camera", "display-capture"),
    *("geolocation", "gyroscope", "magnetometer", "microphone", "midi", "payment", "usb"),
)
PERMISSIONS: Final = ", ".join(f"{each}=()" for each in _SHUT)


class ShutDoors:
    """Middleware. Permissions-Policy on every answer; Django has no setting for it. And no page of
    another site finds what a browser keeps of ours."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        if request.path_info.startswith(settings.STATIC_URL):
            # Else a script of the news site, which is the same site to a browser, could tell by the
            # time it takes whether our style lies in the cache: that somebody here was with us
            # (https://xsleaks.dev/docs/attacks/cache-probing/).
            patch_vary_headers(response, ("Sec-Fetch-Site",))
        return response
