"""The account: what a supporter gives, gave, and is called. Every look-up starts from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from billing import lapse
from billing.models import Payment
from billing.models.membership import LIVE
from billing.states import MembershipState, PaymentState
from members import acts, ahead, press, signin, standing
from members.acts import Act
from members.forms import NameForm
from members.models import Supporter
from members.standing import Standing
from members.views import asking

_PENDING: Final = MembershipState.PENDING
# A glance: the rest is in the history, year by year.
_SHOWN: Final = 6
_STANDING: Final = LIVE | {_PENDING}


@dataclass(frozen=True, slots=True)
class Card:
    """A membership as the account shows it, with what can be asked of it now."""

    standing: Standing
    possible: frozenset[Act]
    ahead: list[ahead.Line]
    # What the last payment was made with, as the row of that payment names it.
    means: str = ""

    @property
    def press(self) -> dict[str, str]:
        """The hidden fields of the buttons that ask at once, without a page of their own."""
        buttons = [Act.KEEP.value, Act.DROP.value, Act.PAY.value, "card"]
        subject = self.standing.membership.id
        return {button: press.make_for(button=button, subject=subject) for button in buttons}


@require_safe
@signin.required
def overview(request: HttpRequest, supporter: Supporter) -> HttpResponse:
    """Memberships with their state in plain words, payments with their receipts, the name."""
    return _page(request, supporter, NameForm(initial={"name": supporter.name}))


@require_POST
@signin.required
def rename(request: HttpRequest, supporter: Supporter) -> HttpResponse:
    """Change what the supporter is called; an empty name is a good answer."""
    form = NameForm(request.POST)
    if not form.is_valid():
        return _page(request, supporter, form, status=400)
    supporter.name = form.cleaned_data["name"]
    supporter.save(update_fields=["name_sealed"])
    return redirect("account")


def cards_of(supporter: Supporter) -> list[Card]:
    """The memberships that stand, or wait for their first payment, newest first."""
    standings = standing.all_of(supporter)
    return [_card(each) for each in standings if each.membership.state in _STANDING]


def _page(
    request: HttpRequest, supporter: Supporter, form: NameForm, *, status: int = 200
) -> HttpResponse:
    standings = standing.all_of(supporter)
    payments = _payments_of(supporter)
    live = [_card(each, payments) for each in standings if each.membership.live]
    context = {
        "supporter": supporter,
        "done": asking.DONE.get(request.session.pop(asking.DONE_KEY, None)),
        "live": live,
        "undoable": any(Act.UNDO in card.possible for card in live),
        "paying": sum(each.membership.live and not each.ending for each in standings),
        "earlier": [each for each in standings if each.membership.ended_at],
        "forgets": lapse.forgets_on(supporter, now=timezone.now()),
        "opening": [_card(each) for each in standings if each.membership.state == _PENDING],
        "payments": payments[:_SHOWN],
        "more": max(len(payments) - _SHOWN, 0),
        "language": dict(settings.LETTER_LANGUAGES).get(supporter.language, supporter.language),
        "form": form,
        "badges": bool(settings.NEWS_ORIGINS),
    }
    return render(request, "members/account/overview.html", context, status=status)


def _card(found: Standing, payments: Sequence[Payment] = ()) -> Card:
    paid = (
        each.method_label
        for each in payments
        if each.membership_id == found.membership.pk and each.state == PaymentState.SUCCEEDED
    )
    return Card(found, acts.possible(found), ahead.of(found), next(paid, ""))


def _payments_of(supporter: Supporter) -> list[Payment]:
    """Their payments and gifts, newest first, without those that were never made."""
    payments = supporter.payments.exclude(state=PaymentState.EXPIRED)
    return list(
        payments.select_related("plan")
        .prefetch_related("receipts", "refunds", "disputes")
        .order_by("-created_at")
    )
