"""The form that asks for a list: which columns, of whom, why, and as what."""

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError

from members.exports import shapes
from members.exports.asking import Wish
from members.models import StaffMember
from members.models.access import Purpose
from members.models.listing import Format, Subject
from members.roles import May, may

_FORMATS: Final = {
    Format.CSV: "For programs: UTF-8, commas, a point in amounts.",
    Format.EXCEL_CSV: "The same with a mark at its beginning, so that Excel reads á and ó rightly.",
    Format.XLSX: "A workbook with amounts and dates as such, up to 20,000 lines.",
}


class ListForm(forms.Form):
    """A list to take out."""

    columns = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one column."},
    )
    first = forms.DateField(
        required=False,
        label="From",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Enter the first day like 2026-01-31."},
    )
    last = forms.DateField(
        required=False,
        label="Until",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Enter the last day like 2026-01-31."},
    )
    purpose = forms.ChoiceField(
        label="What is it for?",
        choices=[("", "Choose one"), *Purpose.choices],
        error_messages={
            "required": "Say what it is for: it is written down for everybody in the list.",
            "invalid_choice": "Choose one of the purposes.",
        },
    )
    format = forms.ChoiceField(choices=Format, initial=Format.CSV, widget=forms.RadioSelect)

    def __init__(self, subject: Subject, by: StaffMember, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subject, self.shape = subject, shapes.of(subject)
        with_names = may(by, May.EXPORT_NAMES)
        self.offered = [each for each in self.shape.columns if with_names or not each.identity]
        columns = self.fields["columns"]
        columns.choices = [(each.name, each.label) for each in self.offered]  # type: ignore[attr-defined]  # a field with choices
        columns.initial = [each.name for each in self.offered if each.chosen]
        for name, label, choices in self.shape.choices:
            self.fields[name] = forms.ChoiceField(
                label=label, required=False, choices=[("", "All"), *choices]
            )

    @property
    def narrowing(self) -> list[forms.BoundField]:
        """The fields that make the list shorter, without the dates."""
        return [self[name] for name, _label, _choices in self.shape.choices]

    @property
    def formats(self) -> list[tuple[str, str, str]]:
        return [(each.value, each.label, about) for each, about in _FORMATS.items()]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        first, last = data.get("first"), data.get("last")
        if first and last and first > last:
            self.add_error("last", ValidationError("The last day lies before the first."))
        return data

    @property
    def filters(self) -> dict[str, str]:
        """What was chosen, as it is kept with the list."""
        names = [name for name, _label, _choices in self.shape.choices]
        found = {name: self.cleaned_data[name] for name in names}
        for name in ("first", "last"):
            if day := self.cleaned_data[name]:
                found[name] = day.isoformat()
        return {name: value for name, value in found.items() if value}

    @property
    def wish(self) -> Wish:
        return Wish(
            subject=self.subject,
            columns=self.cleaned_data["columns"],
            filters=self.filters,
            purpose=Purpose(self.cleaned_data["purpose"]),
            format=Format(self.cleaned_data["format"]),
        )
