"""The browsers in which a supporter is signed in: begun, seen, shown, and ended."""

from datetime import datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.dates import dublin_date
from members.models import Browser, Supporter
from members.models.session import Program, System

_Kind = TypeVar("_Kind", Program, System)
# However often it is used: who forgot to sign out on a shared computer is out by then.
LASTS: Final = timedelta(seconds=settings.SESSION_COOKIE_AGE)

# In this order: nearly every one of them also names those below it.
_PROGRAMS: Final = (
    (("Edg/", "EdgA/", "EdgiOS/"), Program.EDGE),
    (("SamsungBrowser/",), Program.SAMSUNG),
    (("OPR/", "OPT/", "Opera"), Program.OPERA),
    (("Firefox/", "FxiOS/"), Program.FIREFOX),
    (("Chrome/", "CriOS/"), Program.CHROME),
    (("Safari/",), Program.SAFARI),
)
_SYSTEMS: Final = (
    (("iPhone", "iPod"), System.IPHONE),
    (("iPad",), System.IPAD),
    (("Android",), System.ANDROID),
    (("CrOS",), System.CHROMEBOOK),
    (("Windows",), System.WINDOWS),
    (("Macintosh", "Mac OS X"), System.MAC),
    (("Linux", "X11"), System.LINUX),
)


def begin(supporter: Supporter, *, user_agent: str) -> Browser:
    """Note that a browser is signed in now. Of its header two words are kept."""
    now = timezone.now()
    return Browser.objects.create(
        supporter=supporter,
        program=_first(_PROGRAMS, user_agent, Program.OTHER),
        system=_first(_SYSTEMS, user_agent, System.OTHER),
        began_at=now,
        last_seen_on=dublin_date(now),
    )


def _first(known: tuple[tuple[tuple[str, ...], _Kind], ...], text: str, other: _Kind) -> _Kind:
    return next((kind for signs, kind in known if any(sign in text for sign in signs)), other)


def seen(browser_id: UUID, *, supporter_id: UUID) -> Supporter | None:
    """Whose this browser is, if it is signed in still; the day is noted where it is a new one."""
    browser = (
        _lasting(timezone.now())
        .select_related("supporter")
        .filter(pk=browser_id, supporter=supporter_id)
        .first()
    )
    if browser is None:
        return None
    day = dublin_date(timezone.now())
    if browser.last_seen_on < day:
        Browser.objects.filter(pk=browser_id, last_seen_on__lt=day).update(last_seen_on=day)
    return browser.supporter


def of(supporter: Supporter) -> list[Browser]:
    """Those of theirs that are signed in, the newest first."""
    return list(_lasting(timezone.now()).filter(supporter=supporter).order_by("-began_at", "-pk"))


def end(browser_id: UUID) -> None:
    """Sign one browser out. Its next page asks it to sign in."""
    Browser.objects.filter(pk=browser_id).delete()


def end_all(supporter: Supporter) -> None:
    """Sign all of their browsers out; part of the caller's transaction."""
    supporter.browsers.all().delete()


def over(now: datetime) -> QuerySet[Browser]:
    """Those that were signed in too long ago, at `now`."""
    return Browser.objects.filter(began_at__lte=now - LASTS)


def label(browser: Browser) -> str:
    """What its owner may know it by: "Firefox on Android"."""
    if browser.program == Program.OTHER and browser.system == System.OTHER:
        return _("A browser that we do not know")
    if browser.program == Program.OTHER:
        return _("A browser on %(system)s") % {"system": browser.get_system_display()}
    if browser.system == System.OTHER:
        return browser.get_program_display()
    return _("%(program)s on %(system)s") % {
        "program": browser.get_program_display(),
        "system": browser.get_system_display(),
    }


def _lasting(now: datetime) -> QuerySet[Browser]:
    return Browser.objects.filter(began_at__gt=now - LASTS)
