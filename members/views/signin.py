"""Signing in: ask for a link, open it, press the button."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from members import languages, limits, signin, vault
from members.forms import AddressForm


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def ask(request: HttpRequest) -> HttpResponse:
    """Take an address and answer the same for every one of them."""
    if request.method != "POST":
        return render(request, "members/signin/ask.html", {"form": AddressForm()})
    form = AddressForm(request.POST)
    if not form.is_valid():
        return render(request, "members/signin/ask.html", {"form": form}, status=400)
    email = form.cleaned_data["email"]
    if not _within_limits(request, email):
        return limits.too_many(request, "members/signin/too_many.html", limits.SIGN_IN_PER_NETWORK)
    signin.ask(email=email)
    return render(request, "members/signin/sent.html")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def confirm(request: HttpRequest, signin_id: UUID, token: str) -> HttpResponse:
    """Show a button; only pressing it signs in, for mail scanners open links but press nothing."""
    response = (
        _enter(request, signin_id, token)
        if request.method == "POST"
        else _button(request, signin_id, token)
    )
    # The page's address is the link: not even our own style sheet is asked for with it as Referer.
    # "no-referrer" would also silence Origin, by which Django knows that the press came from us.
    response.headers["Referrer-Policy"] = "strict-origin"
    return response


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    signin.leave(request)
    return languages.forget(redirect("join"))


def _button(request: HttpRequest, signin_id: UUID, token: str) -> HttpResponse:
    if not signin.opens(signin_id=signin_id, token=token):
        return _link_is_over(request)
    return render(request, "members/signin/confirm.html")


def _enter(request: HttpRequest, signin_id: UUID, token: str) -> HttpResponse:
    supporter = signin.redeem(signin_id=signin_id, token=token)
    if supporter is None:
        return _link_is_over(request)
    signin.enter(request, supporter)
    response = redirect("account")
    if not languages.chosen(request):
        languages.remember(response, supporter.language, lasting=False)
    return response


def _link_is_over(request: HttpRequest) -> HttpResponse:
    # One page for expired, used, changed and made up: what is wrong is nobody else's to learn.
    return render(request, "members/signin/over.html", {"form": AddressForm()}, status=410)


def _within_limits(request: HttpRequest, email: str) -> bool:
    if not limits.allow_network(
        limits.SIGN_IN_PER_NETWORK, what="sign-in-network", request=request
    ):
        return False
    if not limits.allow_all(limits.SIGN_IN_OF_ALL, what="sign-in", request=request):
        return False
    address = vault.normalise_email(email)
    return limits.allow(limits.SIGN_IN_PER_ADDRESS, what="sign-in-address", who=address)
