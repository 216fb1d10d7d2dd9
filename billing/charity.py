"""Who the money goes to: the identity that pages show, letters end with and receipts keep."""

from dataclasses import asdict, dataclass
from typing import Any, Self

from django.conf import settings
from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Charity:
    """The charity's identity at one moment (DOMAIN 1.1). An empty field is left out."""

    legal_name: str
    trading_name: str
    rcn: str
    chy: str
    cro: str
    office: str
    support_email: str
    website: str

    @classmethod
    def from_snapshot(cls, snapshot: dict[str, Any]) -> Self:
        """The identity as a receipt kept it; fields that came later read as empty."""
        return cls(**{name: snapshot.get(name, "") for name in cls.__slots__})

    def snapshot(self) -> dict[str, str]:
        return asdict(self)

    @property
    def identity_lines(self) -> list[str]:
        """What the law wants in the foot of receipts, letters and pages, a line each.

        In the language that is active.
        """
        lines = [
            self._names,
            _("Registered Charity Number %(number)s") % {"number": self.rcn},
            _("Charity Tax Number %(number)s") % {"number": self.chy} if self.chy else "",
            _("Company Registration Number %(number)s") % {"number": self.cro} if self.cro else "",
            _("Registered office: %(address)s") % {"address": self.office} if self.office else "",
        ]
        return [line for line in lines if line]

    @property
    def _names(self) -> str:
        if self.legal_name == self.trading_name:
            return self.legal_name
        return _("%(trading_name)s is a trading name of %(legal_name)s") % {
            "trading_name": self.trading_name,
            "legal_name": self.legal_name,
        }


def current() -> Charity:
    """The identity as configured now."""
    return Charity(**settings.CHARITY)
