"""What every answer tells the browser to keep shut."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

# No page of ours, and nothing on it, has a use for any of these.
_SHUT: Final = (
    *("accelerometer", "autoplay", "browsing-topics", "camera", "display-capture"),
    *("geolocation", "gyroscope", "magnetometer", "microphone", "midi", "payment", "usb"),
)
PERMISSIONS: Final = ", ".join(f"{each}=()" for each in _SHUT)


class ShutDoors:
    """Middleware. Permissions-Policy on every answer; Django has no setting for it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return response
