"""The page on which a month is closed: what stands against it, and what closing means."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from billing.accounts import closing, months
from billing.accounts.closing import NotYet
from members.staff.access import books_only, who
from members.staff.books.pages import book


@require_http_methods(["GET", "HEAD", "POST"])
@books_only
def close_page(request: HttpRequest, month: str) -> HttpResponseBase:
    """Show what stands against closing; a POST closes, once nothing does."""
    found = book(month)
    if found.closed is not None:
        return redirect("staff-books-month", month)
    told: list[str] = []
    if request.method == "POST":
        known = request.POST.get("strays_known") == "yes"
        try:
            closing.close(month=found.month, by=str(who(request).pk), strays_known=known)
        except NotYet as refusal:
            told = refusal.reasons
        else:
            messages.success(request, f"{found.month:%B %Y} is closed.")
            return redirect("staff-books-month", month)
    wanted = next((each for each in months.open_months() if each.first == found.month), None)
    if wanted is None:  # a colleague was a moment faster
        return redirect("staff-books-month", month)
    ready = closing.readiness(wanted, found.pack)
    context = {"here": "books", "book": found, "pack": found.pack, "ready": ready}
    # The box is the one thing that can be put right on this page: it is told beside the box.
    context["box_wanted"] = bool(told) and ready.ready
    return render(request, "staff/books/close.html", context, status=409 if told else 200)
