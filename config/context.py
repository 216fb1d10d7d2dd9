"""What every page may say of the charity, and where its frame leads."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from billing import charity as identity
from members import languages


def charity(request: HttpRequest) -> dict[str, Any]:
    return {
        "charity": identity.current(),
        "exit_url": settings.EXIT_URL,
        # Not made before a page asks: it may have changed its language by then.
        "switches": lambda: languages.switches(request),
    }
