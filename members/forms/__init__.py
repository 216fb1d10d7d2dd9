"""What a supporter fills in."""

from members.forms.amounts import MOST_CENTS, AmountForm, amount_for
from members.forms.join import FORM_WIDE_ERROR, JoinForm
from members.forms.people import (
    LONGEST_ADDRESS,
    AddressField,
    AddressForm,
    LetterForm,
    NameField,
    NameForm,
    NewAddressForm,
)

__all__ = [
    "FORM_WIDE_ERROR",
    "LONGEST_ADDRESS",
    "MOST_CENTS",
    "AddressField",
    "AddressForm",
    "AmountForm",
    "JoinForm",
    "LetterForm",
    "NameField",
    "NameForm",
    "NewAddressForm",
    "amount_for",
]
