"""Samples of every kind: billing's, and those of the letters that members write."""

from django.conf import settings

from billing.letters.draft import Draft
from billing.letters.samples import SAMPLES, shows

_NOWHERE = f"{settings.SITE_URL}/sign-in/sample/link-that-leads-nowhere/"


@shows("sign-in")
def sign_in() -> Draft:
    return Draft({"link": _NOWHERE, "minutes": 60})


def cases(kind: str) -> list[str]:
    """The cases of a kind that there are samples of; none where nobody has made one yet."""
    return list(SAMPLES.get(kind, {}))


def draft(kind: str, case: str) -> Draft:
    """What the sample gives, in the language that is active. Raises KeyError."""
    return SAMPLES[kind][case]()
