"""What every page may say of the charity."""

from typing import Any

from django.http import HttpRequest

from billing import charity as identity


def charity(_request: HttpRequest) -> dict[str, Any]:
    return {"charity": identity.current()}
