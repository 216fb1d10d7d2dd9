"""Every kind of letter with made-up data, for who writes, translates and draws them."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from billing.letters.draft import KINDS
from members.roles import May
from members.staff.access import needs
from members.staff.letters import preview, samples
from members.staff.letters.frames import in_a_frame, with_frames
from members.staff.letters.words import MATTERS, About, about

_LANGUAGES: Final = dict(settings.LETTER_LANGUAGES)


@dataclass(frozen=True, slots=True)
class Card:
    """A kind on the list: its name and its subject in each language."""

    kind: str
    about: About
    subjects: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which variant of a sample is shown."""

    kind: str
    case: str
    language: str
    discreet: bool

    @classmethod
    def of(cls, request: HttpRequest, kind: str) -> "Choice":
        """What the address asks for; a word that is none reads as the plainest."""
        if kind not in KINDS:
            raise Http404
        cases = samples.cases(kind)
        case, language = request.GET.get("case", ""), request.GET.get("language", "")
        return cls(
            kind,
            case if case in cases else (cases[0] if cases else ""),
            language if language in _LANGUAGES else "en",
            request.GET.get("discreet") == "1",
        )

    def query(self, **instead: str) -> str:
        asked = {
            "case": self.case,
            "language": self.language,
            "discreet": "1" if self.discreet else "",
        } | instead
        return f"?{urlencode({name: value for name, value in asked.items() if value})}"

    def preview(self) -> preview.Preview:
        return preview.of_sample(
            self.kind, self.case, language=self.language, discreet=self.discreet
        )


@require_safe
@needs(May.REPORTS)
def kind_list(request: HttpRequest) -> HttpResponse:
    """All kinds by matter. No row is read, so that every role may see it."""
    cards = [_card(kind) for kind in KINDS]
    matters = [*MATTERS, "Other"]
    groups = [
        (matter, [card for card in cards if card.about.matter == matter]) for matter in matters
    ]
    return render(
        request,
        "staff/letters/kinds.html",
        {
            "here": "kinds",
            "groups": [(matter, found) for matter, found in groups if found],
            "count": len(cards),
            "languages": len(_LANGUAGES),
        },
    )


@require_safe
@needs(May.REPORTS)
@with_frames
def kind_page(request: HttpRequest, kind: str) -> HttpResponse:
    """One kind: its headers, narrow, wide and dark, and its text beside."""
    choice = Choice.of(request, kind)
    return render(
        request,
        "staff/letters/kind.html",
        {
            "here": "kinds",
            "kind": kind,
            "about": about(kind),
            "document": KINDS[kind].states_identity,
            "choice": choice,
            "preview": choice.preview() if choice.case else None,
            "filters": _filters(choice),
            "light": choice.query(),
            "dark": choice.query(dark="1"),
        },
    )


@require_safe
@needs(May.REPORTS)
@xframe_options_sameorigin
@in_a_frame
def kind_html(request: HttpRequest, kind: str) -> HttpResponse:
    """The HTML of a sample, in the light or, with ?dark=1, in the dark."""
    choice = Choice.of(request, kind)
    if not choice.case:
        raise Http404
    html = choice.preview().html
    return HttpResponse(preview.recoloured(html, dark=request.GET.get("dark") == "1"))


def _card(kind: str) -> Card:
    cases = samples.cases(kind)
    subjects = [
        # As a discreet letter, which is text alone: nothing needs to be drawn for a subject.
        (name, preview.of_sample(kind, cases[0], language=language, discreet=True).subject)
        for language, name in _LANGUAGES.items()
        if cases
    ]
    return Card(kind, about(kind), subjects)


def _filters(choice: Choice) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """Rows of choices: what the row is about; of each its label, where it leads, if it is on."""
    languages = [
        (name, choice.query(language=language), choice.language == language)
        for language, name in _LANGUAGES.items()
    ]
    manners = [
        ("Usual", choice.query(discreet=""), not choice.discreet),
        ("Discreet", choice.query(discreet="1"), choice.discreet),
    ]
    cases = [
        (case.capitalize(), choice.query(case=case), choice.case == case)
        for case in samples.cases(choice.kind)
    ]
    rows = [("Language", languages), ("Manner", manners), ("Case", cases)]
    return [(name, row) for name, row in rows if len(row) > 1]
