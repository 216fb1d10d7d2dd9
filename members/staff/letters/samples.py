"""Samples of every kind: billing's, and those of the letters that members write."""

from datetime import timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from billing.letters.draft import Draft
from billing.letters.links import Purpose
from billing.letters.samples import SAMPLES, shows
from billing.letters.samples.shelf import BEGAN, NEXT, REFERENCE, link
from billing.models import Alarm
from billing.money import format_amount
from billing.wording import long_date, moment_words
from members import alarm_letters
from members.exports import telling
from members.exports.telling import Step
from members.models import StaffList
from members.models.listing import Subject


@shows("sign-in")
def sign_in() -> Draft:
    path = reverse("sign-in-link", args=[REFERENCE, "sample-that-opens-nothing"])
    return Draft({"link": f"{settings.SITE_URL}{path}", "minutes": 60})


@shows("address-confirm", "an address that is free")
def address_confirm() -> Draft:
    return _address_confirm(taken=False)


@shows("address-confirm", "an address with an account")
def address_taken() -> Draft:
    return _address_confirm(taken=True)


def _address_confirm(*, taken: bool) -> Draft:
    return Draft(
        {
            "taken": taken,
            "link": link(Purpose.ADDRESS),
            "hours": 24,
            "sign_in_url": settings.SITE_URL + reverse("sign-in"),
        }
    )


@shows("address-told")
def address_told() -> Draft:
    return Draft({"day": long_date(BEGAN)})


@shows("export-ready")
def export_ready() -> Draft:
    return Draft({"link": link(Purpose.EXPORT), "until": long_date(NEXT)})


@shows("erased", "who had given")
def erased() -> Draft:
    return Draft({"asked": long_date(BEGAN), "given": True})


@shows("erased", "who never gave")
def erased_without_gift() -> Draft:
    return Draft({"asked": long_date(BEGAN), "given": False})


@shows("join-link")
def join_link() -> Draft:
    return Draft({"link": link(Purpose.JOIN), "hours": 24})


@shows("shield-alert", "by itself")
def shield_alert() -> Draft:
    return _shield_alert(by_itself=True)


@shows("shield-alert", "set by a colleague")
def shield_forced() -> Draft:
    return _shield_alert(by_itself=False)


def _shield_alert(*, by_itself: bool) -> Draft:
    shield_url = settings.SITE_URL + reverse("staff-shield")
    return Draft({"at": moment_words(BEGAN), "by_itself": by_itself, "shield_url": shield_url})


@shows("staff-digest")
def staff_digest() -> Draft:
    leave_url = link(Purpose.STOP)
    context = {
        "first": long_date(BEGAN),
        "last": long_date(BEGAN + timedelta(days=6)),
        "facts": [
            (_("Members now"), "120"),
            (_("Monthly recurring revenue"), format_amount(23_880)),
            (_("New"), _("under %(few)s") % {"few": 5}),
            (_("Came in"), format_amount(23_880)),
        ],
        "works": [(_("Letters that wait"), "0"), (_("Letters given up"), "0")],
        "reports_url": settings.SITE_URL + reverse("staff-reports"),
        "leave_url": leave_url,
    }
    return Draft(context, leave_url=leave_url)


@shows("alarm", "it has begun")
def alarm_begun() -> Draft:
    return _alarm(over=False)


@shows("alarm", "it is over")
def alarm_over() -> Draft:
    return _alarm(over=True)


def _alarm(*, over: bool) -> Draft:
    since, until = BEGAN, BEGAN + timedelta(minutes=34)
    alarm = Alarm(what="letters-due", since=since, over_at=until if over else None)
    return Draft(alarm_letters.context(alarm, over=over))


@shows("staff-list", "it waits")
def list_waits() -> Draft:
    return _list(Step.WAITS)


@shows("staff-list", "it begins in a day")
def list_rests() -> Draft:
    return _list(Step.RESTS)


@shows("staff-list", "it is ready")
def list_ready() -> Draft:
    return _list(Step.READY)


@shows("staff-list", "it was refused")
def list_refused() -> Draft:
    return _list(Step.REFUSED)


@shows("staff-list", "nobody answered")
def list_unanswered() -> Draft:
    return _list(Step.UNANSWERED)


@shows("staff-list", "it is gone")
def list_gone() -> Draft:
    return _list(Step.GONE)


def _list(step: Step) -> Draft:
    wanted = StaffList(
        id=REFERENCE, subject=Subject.SUPPORTERS, names=True, asked_at=BEGAN,
        rests_until=BEGAN + timedelta(days=1), expires_at=BEGAN + timedelta(days=1),
    )  # fmt: skip
    return Draft(telling.context(wanted, step))


def cases(kind: str) -> list[str]:
    """The cases of a kind that there are samples of; none where nobody has made one yet."""
    return list(SAMPLES.get(kind, {}))


def draft(kind: str, case: str) -> Draft:
    """What the sample gives, in the language that is active. Raises KeyError."""
    return SAMPLES[kind][case]()
