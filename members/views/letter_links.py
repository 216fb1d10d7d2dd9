"""Links in letters: opening one shows what it is about, the button does it, nobody signs in.

Mail scanners open every link, so looking changes nothing. A link that is bent, old, of another
address or of nothing gets one and the same page, so that it tells nobody anything.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from billing import checkout, stripe_api, wording
from billing.letters import links
from billing.letters.links import Purpose
from billing.models import Membership
from members import languages, lockdown, press, standing
from members.acts import Act
from members.views import asking, changes, join_links, letter_papers, memberships

_METHODS: Final = ["GET", "HEAD", "POST"]
# They tell nothing of anybody, and let nobody in: no more letters, and the join form stays open.
_OUTLIVES: Final = frozenset({Purpose.STOP, Purpose.JOIN})
_PAID: Final = gettext_noop(
    "Nothing is open any more. If you paid a moment ago, thank you: it takes a minute."
)
_NO_CARD: Final = gettext_noop(
    "Nothing is being paid for it any more, so there is no card to change."
)


@dataclass(frozen=True, slots=True)
class Door:
    """What a purpose leads to: its row, whose letter it stands in, in which language, and the page
    with the button.

    The page is made from the request, the row and the link's own address.
    """

    find: Callable[[UUID], Any]
    holder: Callable[[Any], str]
    language: Callable[[Any], str]
    answer: Callable[[HttpRequest, Any, str], HttpResponse]


@require_http_methods(_METHODS)
def opened(request: HttpRequest, purpose: str, subject: UUID, token: str) -> HttpResponse:
    """The page behind a link; a press of its button does that one thing."""
    door = _DOORS.get(purpose)
    row = door.find(subject) if door else None
    if (
        door is None
        or row is None
        or not links.opens(Purpose(purpose), subject, token, holder=door.holder(row))
        or _ended(Purpose(purpose), token)
    ):
        return _private(_over(request), referrer="no-referrer")
    # Only who has the letter comes here: nobody else learns by the language that we know somebody.
    languages.speak_as_letters(request, door.language(row))
    return _private(door.answer(request, row, request.path))


def _ended(purpose: Purpose, token: str) -> bool:
    """Whether the house was locked down since this link was made."""
    locked = None if purpose in _OUTLIVES else lockdown.last_begun()
    return locked is not None and links.made_at(token) <= locked


# Mail programs press this one themselves, and have no page of ours to take a token from (RFC 8058).
# The link is the proof: nobody else knows it, so that nobody can have it pressed unawares.
@csrf_exempt
@require_http_methods(_METHODS)
def stop(request: HttpRequest, subject: UUID, token: str) -> HttpResponse:
    """No more letters of a kind that one can do without."""
    return opened(request, Purpose.STOP, subject, token)


@require_safe
def back(request: HttpRequest) -> HttpResponse:
    """Where Stripe's page leads back to from a letter's link. It is the same for everybody."""
    return render(request, "members/letter_link/back.html")


def _over(request: HttpRequest) -> HttpResponse:
    return render(request, "members/letter_link/over.html", status=404)


# "no-referrer" would also silence Origin, by which Django knows that the press came from us; what
# "strict-origin" tells is the name of the site, never the link.
def _private(response: HttpResponse, *, referrer: str = "strict-origin") -> HttpResponse:
    """Kept by no cache, found by no search, and never told to where one goes from here."""
    add_never_cache_headers(response)
    response.headers["Referrer-Policy"] = referrer
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _membership(subject: UUID) -> Membership | None:
    rows = Membership.objects.select_related("plan", "customer", "supporter")
    return rows.filter(pk=subject).first()


def _about(
    act: Act, *, do: asking.Do, show: asking.Show | None = None
) -> Callable[[HttpRequest, Membership, str], HttpResponse]:
    def answer(request: HttpRequest, membership: Membership, link: str) -> HttpResponse:
        return asking.answer(request, membership, act, do=do, show=show, link=link)

    return answer


def _pause(request: HttpRequest, membership: Membership, link: str) -> HttpResponse:
    if request.method == "POST" and changes.months(request) is None:
        found = standing.of(membership)
        return asking.page(request, found, Act.PAUSE, changes.breaks, status=400, link=link)
    do = changes.do_pause(request)
    return asking.answer(request, membership, Act.PAUSE, do=do, show=changes.breaks, link=link)


def _pay(request: HttpRequest, membership: Membership, link: str) -> HttpResponse:
    """Lead to Stripe's page for what is open."""
    found = standing.of(membership)
    if request.method != "POST":
        return asking.page(request, found, Act.PAY, link=link)
    try:
        asking.read(request, membership, Act.PAY)
        url = checkout.pay_url(membership=membership)
    except press.BadPress:
        return asking.page(request, found, Act.PAY, status=400, link=link)
    except (stripe_api.Unavailable, stripe_api.Refused):
        return asking.later(request, status=503, link=link)
    if url:
        return asking.see_other(url)
    checkout.ask_again(membership.pk)
    return asking.cannot(request, found, Act.PAY, _(_PAID), status=409, link=link)


def _card(request: HttpRequest, membership: Membership, link: str) -> HttpResponse:
    """Lead to Stripe's page for changing the card."""
    if not membership.live or membership.customer is None:
        found = standing.of(membership)
        return asking.cannot(request, found, Act.PAY, _(_NO_CARD), status=409, link=link)
    if request.method != "POST":
        return _card_page(request, membership, link)
    try:
        pressed = press.read_for(
            request.POST.get("press", ""), button="card", subject=membership.id
        )
        url = checkout.portal_url(
            membership=membership,
            press=pressed,
            return_url=settings.SITE_URL + reverse("letter-back"),
        )
    except press.BadPress:
        return _card_page(request, membership, link, status=400)
    except (stripe_api.Unavailable, stripe_api.Refused):
        return asking.later(request, status=503, link=link)
    return asking.see_other(url)


def _card_page(
    request: HttpRequest, membership: Membership, link: str, *, status: int = 200
) -> HttpResponse:
    found = standing.of(membership)
    context = {
        "standing": found,
        "membership": membership,
        "price": wording.price(found.price.cents, membership.currency, membership.interval),
        "press": press.make_for(button="card", subject=membership.id),
        "stale": status == 400,
        "link": link,
    }
    return render(request, "members/letter_link/card.html", context, status=status)


def _of_membership(answer: Callable[[HttpRequest, Any, str], HttpResponse]) -> Door:
    return Door(
        _membership,
        lambda row: row.supporter.email_hash,
        lambda row: row.supporter.language,
        answer,
    )


_comes_back = memberships.what_comes_back
_DOORS: Final[dict[str, Door]] = {
    Purpose.CANCEL: _of_membership(_about(Act.CANCEL, do=memberships.do_cancel)),
    Purpose.PAUSE: _of_membership(_pause),
    Purpose.SKIP: _of_membership(_about(Act.SKIP, do=changes.do_skip, show=changes.breaks)),
    Purpose.PAY: _of_membership(_pay),
    Purpose.CARD: _of_membership(_card),
    Purpose.WITHDRAW: _of_membership(
        _about(Act.WITHDRAW, do=memberships.do_withdraw, show=_comes_back)
    ),
    Purpose.UNDO: _of_membership(_about(Act.UNDO, do=memberships.do_undo, show=_comes_back)),
    Purpose.RECEIPT: Door(
        letter_papers.find_receipt,
        lambda row: row.payment.supporter.email_hash,
        lambda row: row.payment.supporter.language,
        letter_papers.receipt,
    ),
    Purpose.EXPORT: Door(
        letter_papers.find_export,
        lambda row: row.supporter.email_hash,
        lambda row: row.supporter.language,
        letter_papers.export,
    ),
    Purpose.ADDRESS: Door(
        letter_papers.find_change,
        lambda row: row.new_hash,
        lambda row: row.supporter.language,
        letter_papers.address,
    ),
    Purpose.STOP: Door(
        letter_papers.find_reader,
        letter_papers.reader_hash,
        letter_papers.reader_language,
        letter_papers.stop,
    ),
    Purpose.JOIN: Door(
        join_links.find,
        lambda row: row.email_hash,
        lambda row: row.language,
        join_links.review,
    ),
}
