"""How a supporter wants to be written to, and where."""

from email.utils import parseaddr
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from members import addresses, limits, signin, vault
from members.forms import LetterForm, NewAddressForm
from members.models import Supporter

_METHODS: Final = ["GET", "HEAD", "POST"]
_SAVED: Final = "letters_saved"
_OWN: Final = _("That is the address you have already.")


@require_http_methods(_METHODS)
@signin.required
def wishes(request: HttpRequest, supporter: Supporter) -> HttpResponse:
    """Language, rhythm of receipts, discretion and the yearly statement, on one page."""
    if request.method != "POST":
        saved = request.session.pop(_SAVED, False)
        return _page(request, supporter, LetterForm(initial=_wishes_of(supporter)), saved=saved)
    form = LetterForm(request.POST)
    if not form.is_valid():
        return _page(request, supporter, form, status=400)
    Supporter.objects.filter(pk=supporter.pk).update(**form.cleaned_data)
    request.session[_SAVED] = True
    return redirect("account-letters")


@require_http_methods(_METHODS)
@signin.required
def address(request: HttpRequest, supporter: Supporter) -> HttpResponse:
    """Ask for another address. The answer is the same whoever has it already (DESIGN 9)."""
    if request.method != "POST":
        return _address_page(request, supporter, NewAddressForm())
    form = NewAddressForm(request.POST)
    if form.is_valid() and addresses.same(supporter, form.cleaned_data["email"]):
        form.add_error("email", _OWN)
    if not form.is_valid():
        return _address_page(request, supporter, form, status=400)
    email = form.cleaned_data["email"]
    if not _within_limits(request, supporter, email):
        return render(request, "members/account/address_too_many.html", status=429)
    addresses.ask(supporter, email=email)
    return render(request, "members/account/address_asked.html", {"email": email})


def _wishes_of(supporter: Supporter) -> dict[str, object]:
    names = ("language", "receipt_rhythm", "discreet", "wants_statement")
    return {name: getattr(supporter, name) for name in names}


def _page(
    request: HttpRequest,
    supporter: Supporter,
    form: LetterForm,
    *,
    saved: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "saved": saved,
        "supporter": supporter,
        "usual_sender": _shown(settings.DEFAULT_FROM_EMAIL),
        "discreet_sender": _shown(settings.DISCREET_FROM_EMAIL),
    }
    return render(request, "members/account/letters.html", context, status=status)


def _shown(sender: str) -> str:
    """A sender as mail programs show it: the name, and the address beside it."""
    name, address = parseaddr(sender)
    return f"{name} <{address}>" if name else address


def _address_page(
    request: HttpRequest, supporter: Supporter, form: NewAddressForm, *, status: int = 200
) -> HttpResponse:
    context = {"form": form, "supporter": supporter}
    return render(request, "members/account/address.html", context, status=status)


def _within_limits(request: HttpRequest, supporter: Supporter, email: str) -> bool:
    return (
        limits.allow(
            limits.ADDRESS_CHANGES_PER_ACCOUNT, what="address-account", who=str(supporter.pk)
        )
        and limits.allow_network(
            limits.ADDRESS_CHANGES_PER_NETWORK, what="address-network", request=request
        )
        and limits.allow(
            limits.ADDRESS_CHANGES_PER_ADDRESS,
            what="address-address",
            who=vault.normalise_email(email),
        )
    )
