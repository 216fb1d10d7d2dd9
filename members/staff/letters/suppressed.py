"""Addresses that get no letters: a list of hashes, which names nobody."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from billing.letters import suppression
from billing.models import Suppression
from members import addresses, limits, search, vault
from members.forms import LONGEST_ADDRESS
from members.models import AddressChange, StaffMember, Supporter
from members.models.access import Purpose
from members.roles import May
from members.staff.access import needs, who

log = structlog.get_logger(__name__)
PER_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """An address on the list."""

    row: Suppression
    supporters: int

    @property
    def short_hash(self) -> str:
        return self.row.address_hash[:8]


@require_http_methods(["GET", "HEAD", "POST"])
@needs(May.MEMBERS)
def suppressed(request: HttpRequest) -> HttpResponseBase:
    """Who gets no letters, newest first; an address that is typed in is looked up, never shown.

    That is a search like one at the desk: written down, told to whom it found, and limited.
    """
    typed = request.POST.get("address", "").strip()[:LONGEST_ADDRESS]
    limit, me = limits.DESK_SEARCHES_PER_MEMBER, str(who(request).pk)
    too_many = bool(typed) and not limits.allow(limit, what="desk-searches", who=me)
    found = _look_up(request, typed) if typed and not too_many else None
    rows = Suppression.objects.select_related("lifted_by")
    rows = rows.order_by(F("lifted_at").desc(nulls_first=True), "-since")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "staff/letters/suppressed.html",
        {
            "here": "letters",
            "page": page,
            "entries": _entries(list(page)),
            "asked": bool(typed) and not too_many,
            "too_many": too_many,
            "found": found,
        },
        status=429 if too_many else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs(May.MEMBERS)
def lift(request: HttpRequest, suppression_id: UUID) -> HttpResponseBase:
    """Ask once; on the press write to this address again."""
    row = get_object_or_404(Suppression, pk=suppression_id)
    if request.method != "POST":
        [entry] = _entries([row])
        return render(request, "staff/letters/lift.html", {"here": "letters", "entry": entry})
    if row.lifted_at is None:
        back = suppression.lift(
            row.address_hash, by=who(request), also=_not_a_supporters(row.address_hash)
        )
        log.info("suppression lifted by staff", staff=str(who(request).pk), suppression=str(row.pk))
        messages.info(request, _told(back))
    else:
        messages.warning(request, "It was off the list already.")
    return redirect("staff-suppressed")


def _not_a_supporters(address_hash: str) -> Q:
    """The letters to this address that hang on no supporter's: a colleague's, whose id ends their
    keys, and those that ask for a new address to be confirmed."""
    changes = AddressChange.objects.filter(new_hash=address_hash).values_list("pk", flat=True)
    found = Q(kind=addresses.CONFIRM, key__in=[str(pk) for pk in changes])
    for member in StaffMember.objects.filter(is_active=True):
        if vault.lookup_hash(member.email) == address_hash:
            found |= Q(supporter=None, key__endswith=f":{member.pk}")
    return found


def _told(back: int) -> str:
    told = "It is off the list. Letters go to this address again from now on."
    if back:
        told += f" So {'does one' if back == 1 else f'do {back}'} that had been left out."
    return told


def _look_up(request: HttpRequest, address: str) -> Suppression | None:
    """The entry in force of exactly this address. Of what was typed a keyed hash is kept."""
    if "@" not in address:
        return None
    search.find(term=address, staff=who(request), purpose=Purpose.MAIL, by_name=False)
    entry = Suppression.objects.filter(
        address_hash=vault.lookup_hash(address), lifted_at=None
    ).first()
    log.info("suppression looked up", staff=str(who(request).pk), found=entry is not None)
    return entry


def _entries(rows: list[Suppression]) -> list[Entry]:
    hashes = [row.address_hash for row in rows]
    known = set(
        Supporter.objects.filter(email_hash__in=hashes).values_list("email_hash", flat=True)
    )
    return [Entry(row, int(row.address_hash in known)) for row in rows]
