"""The frames that letters are shown in: nothing in them runs, loads, opens or posts.

A letter needs its own inline styles, which the site's policy forbids, and a document written into
the page (srcdoc) would inherit that policy. So each is an answer of its own, under a stricter one.
"""

from collections.abc import Callable
from typing import Final, TypeVar, cast

from csp.decorators import csp, csp_update
from django.http import HttpResponseBase

_View = TypeVar("_View", bound=Callable[..., HttpResponseBase])

_POLICY: Final = {
    "default-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "img-src": ["data:"],
    "form-action": ["'none'"],
    "frame-ancestors": ["'self'"],
    "base-uri": ["'none'"],
    # Without a single permission, also where somebody opens the address outside of the frame.
    "sandbox": True,
}


def in_a_frame(view: _View) -> _View:
    """Send the policy of the frame instead of the site's."""
    return cast("_View", csp(_POLICY)(view))


def with_frames(view: _View) -> _View:
    """Let this page of ours show those frames."""
    return cast("_View", csp_update({"frame-src": ["'self'"]})(view))
