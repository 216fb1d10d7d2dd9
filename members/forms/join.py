"""The join form: a way to help, an amount, an address, two boxes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import Plan
from billing.money import BadAmount, decimal_amount, parse_amount
from billing.wording import named
from members.forms.amounts import amount_field, amount_for
from members.forms.people import AddressField, NameField
from members.offers import Offer, Preset

FORM_WIDE_ERROR: Final = gettext_lazy(
    "Please look at the marked fields: nothing has been sent or charged yet."
)
# What stands in place of a preset's cents where an amount is typed.
OWN: Final = "own"


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to support, with the fields of its own: a preset or a typed amount, and the extra."""

    offer: Offer
    pick: BoundField
    amount: BoundField
    extra: BoundField
    chosen: bool
    picked: str

    @property
    def presets(self) -> Iterator[tuple[Preset, bool]]:
        """The amounts to choose from, each with whether it is chosen."""
        for preset in self.offer.presets:
            yield preset, self.picked == str(preset.cents)

    @property
    def types(self) -> bool:
        """Whether an amount of one's own is chosen."""
        return self.picked == OWN


class JoinForm(forms.Form):
    """Choose a way, an amount, an address. A signed-in supporter is known and gives no address.

    Each way has presets, and a field for an amount of one's own, which counts where "another
    amount" is chosen, and where nothing was: a form of somebody else's page may send no preset.
    """

    plan = forms.ChoiceField(
        error_messages={
            "required": gettext_lazy("Choose how you would like to help."),
            "invalid_choice": gettext_lazy("Choose one of the ways to help that are listed here."),
        }
    )
    email = AddressField(label=gettext_lazy("Your e-mail address"))
    name = NameField(label=gettext_lazy("What should we call you?"))
    consent = forms.BooleanField(
        error_messages={
            "required": gettext_lazy("Tick this box if you agree: we need your consent.")
        }
    )
    adult = forms.BooleanField(
        label=gettext_lazy("I am 18 or older."),
        error_messages={
            "required": gettext_lazy("Tick this box if you are 18 or older: only adults can pay.")
        },
    )

    def __init__(self, *args: Any, offers: list[Offer], signed_in: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offers = offers
        self.plans = {offer.plan.slug: offer.plan for offer in offers}
        choices = [(slug, named(plan.name)) for slug, plan in self.plans.items()]
        self.fields["plan"].choices = choices  # type: ignore[attr-defined]  # stubs: it is a ChoiceField
        if signed_in:
            del self.fields["email"], self.fields["name"]
        for slug, plan in self.plans.items():
            self.fields[f"pick_{slug}"] = forms.CharField(required=False)
            self.fields[f"amount_{slug}"] = amount_field(plan)
            self.fields[f"extra_{slug}"] = forms.BooleanField(required=False)
        # The order on the page, so that the summary lists what is wrong from the top.
        ways = [f"{each}_{slug}" for slug in self.plans for each in _OF_A_WAY]
        self.order_fields(["plan", *ways])

    def choices(self) -> Iterator[Choice]:
        """The ways to support with their fields, for the page."""
        chosen = self["plan"].value()
        for offer in self.offers:
            slug = offer.plan.slug
            pick, amount, extra = (self[f"{each}_{slug}"] for each in _OF_A_WAY)
            yield Choice(offer, pick, amount, extra, slug == chosen, self._picked(offer))

    def unused(self) -> str:
        """What was typed beside a preset that was chosen, and so does not count; "" for nothing."""
        slug = self.cleaned_data["chosen"].slug
        typed: str = self.cleaned_data.get(f"amount_{slug}", "")
        pick = self.cleaned_data.get(f"pick_{slug}", "")
        if pick in {"", OWN} or _same(typed, pick):
            return ""
        return typed[:20]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        plan = self.plans.get(cleaned.get("plan", ""))
        # What was typed for the ways that were not chosen is nobody's concern.
        for slug in self.plans.keys() - {plan.slug if plan else ""}:
            for each in _OF_A_WAY:
                self.errors.pop(f"{each}_{slug}", None)
        if plan is not None:
            cleaned["chosen"] = plan
            cleaned["extra"] = bool(cleaned.get(f"extra_{plan.slug}"))
            self._clean_amount(plan, cleaned)
        return cleaned

    def _clean_amount(self, plan: Plan, cleaned: dict[str, Any]) -> None:
        pick, name = cleaned.get(f"pick_{plan.slug}", ""), f"amount_{plan.slug}"
        presets = {str(each.cents): each.cents for each in self._offer(plan).presets}
        if pick in presets:
            cleaned["amount_cents"] = presets[pick]
            # A preset counts whatever else was typed beside it.
            self.errors.pop(name, None)
        elif pick not in {"", OWN}:
            self.add_error(f"pick_{plan.slug}", _("Choose one of the amounts, or another amount."))
        elif name not in self.errors:
            # A link or a form of somebody else's page says plain "amount" for the plan it names.
            text = cleaned.get(name) if name in self.data else self.data.get("amount", "")
            try:
                cleaned["amount_cents"] = amount_for(plan, text or "")
            except ValidationError as error:
                self.add_error(name, error)

    def _offer(self, plan: Plan) -> Offer:
        return next(each for each in self.offers if each.plan == plan)

    def _picked(self, offer: Offer) -> str:
        """What is chosen of this way's amounts; at first the one that its plan suggests."""
        slug = offer.plan.slug
        picked = self[f"pick_{slug}"].value()
        if not picked and self[f"amount_{slug}"].value():
            return OWN
        return str(picked or offer.plan.suggested_cents)


_OF_A_WAY: Final = ("pick", "amount", "extra")


def prefilled(offer: Offer, text: str) -> dict[str, str]:
    """The fields of a way, filled in with an amount; with nothing where it is none.

    One that is among the presets is chosen there, any other is typed.
    """
    try:
        cents = parse_amount(text)
    except BadAmount:
        return {}
    slug = offer.plan.slug
    if any(each.cents == cents for each in offer.presets):
        return {f"pick_{slug}": str(cents)}
    return {f"pick_{slug}": OWN, f"amount_{slug}": decimal_amount(cents)}


def _same(typed: str, pick: str) -> bool:
    if not typed:
        return True
    try:
        return str(parse_amount(typed)) == pick
    except BadAmount:
        return False
