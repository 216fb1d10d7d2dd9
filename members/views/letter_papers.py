"""The links in letters that are about papers and letters: a receipt, a copy, an address, no more.

Each takes the request, the row that the link is of, and the link's own address.
"""

from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from billing.models import Receipt
from members import addresses, languages, press, signin, vault
from members.models import AddressChange, Export, StaffMember, Supporter
from members.privacy import copies
from members.views import data, receipts

# What mail programs send of themselves (RFC 8058, 3.1).
_ONE_CLICK: Final = ("List-Unsubscribe", "One-Click")


def find_receipt(subject: UUID) -> Receipt | None:
    return Receipt.objects.select_related("payment__supporter").filter(pk=subject).first()


def receipt(_request: HttpRequest, row: Receipt, _link: str) -> HttpResponse:
    """The document itself: there is nothing to be pressed, since nothing changes."""
    return receipts.as_file(row, row.payment.supporter)


def find_export(subject: UUID) -> Export | None:
    export = Export.objects.select_related("supporter").filter(pk=subject).first()
    return export if export and copies.lasts(export) else None


def export(request: HttpRequest, row: Export, link: str) -> HttpResponse:
    """The copy of everything, made when the button is pressed."""
    if request.method == "POST":
        return data.as_file(row.supporter)
    return render(request, "members/letter_link/export.html", {"export": row, "link": link})


def find_change(subject: UUID) -> AddressChange | None:
    return AddressChange.objects.select_related("supporter").filter(pk=subject).first()


def address(request: HttpRequest, row: AddressChange, link: str) -> HttpResponse:
    """Confirm a new address. The browser that presses stays signed in if it was; others do not."""
    if request.method != "POST":
        return _address_page(request, row, link)
    try:
        press.read_for(request.POST.get("press", ""), button="address", subject=row.id)
    except press.BadPress:
        return _address_page(request, row, link, status=400)
    before = signin.current(request)
    confirmed = addresses.confirm(row.pk)
    if confirmed is None:
        return _address_page(request, row, link, status=409)
    if confirmed.fresh and before is not None and before.pk == row.supporter_id:
        signin.enter(request, before)
    return render(request, "members/letter_link/address_done.html", {"link": link})


def _address_page(
    request: HttpRequest, row: AddressChange, link: str, *, status: int = 200
) -> HttpResponse:
    if row.confirmed_at is not None:
        return render(request, "members/letter_link/address_done.html", {"link": link})
    if not addresses.waits(row) or addresses.taken(row):
        status = 200 if status == 200 else 409
        return render(request, "members/letter_link/address_cannot.html", status=status)
    context = {
        "press": press.make_for(button="address", subject=row.id),
        "stale": status == 400,
        "link": link,
    }
    return render(request, "members/letter_link/address.html", context, status=status)


def find_reader(subject: UUID) -> Supporter | StaffMember | None:
    """Who can do without a kind of letter: a supporter, or somebody of the staff.

    Both tables are asked, whoever it is: how long it takes tells nothing (DESIGN 9).
    """
    member = StaffMember.objects.filter(pk=subject).first()
    return Supporter.objects.filter(pk=subject).first() or member


def reader_hash(row: Supporter | StaffMember) -> str:
    return row.email_hash if isinstance(row, Supporter) else vault.lookup_hash(row.email)


def reader_language(row: Supporter | StaffMember) -> str:
    return row.language if isinstance(row, Supporter) else languages.ENGLISH


def stop(request: HttpRequest, row: Supporter | StaffMember, link: str) -> HttpResponse:
    """No more yearly statements, or weekly figures; pressed by a person or by a mail program."""
    context = {"staff": isinstance(row, StaffMember), "link": link}
    if request.method != "POST":
        context["press"] = press.make_for(button="stop", subject=row.pk)
        return render(request, "members/letter_link/stop.html", context)
    name, value = _ONE_CLICK
    if request.POST.get(name) != value:
        try:
            press.read_for(request.POST.get("press", ""), button="stop", subject=row.pk)
        except press.BadPress:
            context |= {"press": press.make_for(button="stop", subject=row.pk), "stale": True}
            return render(request, "members/letter_link/stop.html", context, status=400)
    if isinstance(row, StaffMember):
        StaffMember.objects.filter(pk=row.pk).update(wants_digest=False)
    else:
        Supporter.objects.filter(pk=row.pk).update(wants_statement=False)
    return render(request, "members/letter_link/stopped.html", context)
