"""All checks in one place: requests, answers, errors and events, against the installed SDK."""

from __future__ import annotations

import functools
from typing import Any

from .fields import Obj
from .library import Library, installed
from .objects import Objects
from .problems import Problem
from .requests import Requests

# Ours, said by everything that the stand-in does not model.
OWN_CODES = frozenset({"sandbox_not_modelled", "payment_method_types_no_longer_supported"})
_ERROR = ("_payment_intent.py", "PaymentIntent.LastPaymentError")


class Checks:
    """What a release of the SDK says about the things that go over the wire."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.objects = Objects(library)
        self.requests = Requests(library)

    def check_request(self, method: str, pattern: str, params: dict[str, Any]) -> None:
        """Raise Stripe's 400 for parameters that this call does not take."""
        self.requests.check(method, pattern, params)

    def check_object(self, obj: object) -> list[Problem]:
        """Return what is wrong with an object of any kind, deleted ones included."""
        found: list[Problem] = []
        self.objects.check(obj, None, found)
        return found

    def check_response(self, method: str, pattern: str, value: object) -> list[Problem]:
        """Return what is wrong with a successful answer to a call: an object or a list."""
        told = self.library.call(method, pattern)
        if told is None:
            return [Problem("error", f"{method} {pattern}", "the SDK knows no such call")]
        found: list[Problem] = []
        self.objects.check_result(f"{method} {pattern}", told["result"], value, found)
        return found

    def check_error(self, body: Obj) -> list[Problem]:
        """Return what is wrong with an error's body, `{"error": {...}}`."""
        found: list[Problem] = []
        error = body.get("error")
        if not isinstance(error, dict) or len(body) != 1:
            return [Problem("error", "error", f"not an error's body: {sorted(body)}")]
        told = ["class", "_error_object.py", "ErrorObject"]
        self.objects.check_result("error", told, error, found)
        documented = self.library.fields(_ERROR)
        for name in ("type", "code"):
            value = error.get(name)
            if value and value not in documented[name][0][1] and value not in OWN_CODES:
                found.append(Problem("error", f"error.{name}", f"{value!r} is not documented"))
        if not error.get("message"):
            found.append(Problem("error", "error.message", "missing"))
        return found

    def check_event(self, event: Obj) -> list[Problem]:
        """Return what is wrong with an event: its type, its object, its previous attributes."""
        found: list[Problem] = []
        self.objects.check(event, None, found)
        kind = self.library.events.get(event["type"])
        if kind is None:
            what = f"the SDK knows no event {event['type']!r}"
            found.append(Problem("error", "event.type", what))
        data = event["data"]
        obj = data["object"]
        self.objects.check(obj, (None, str(obj.get("object"))), found)
        if kind and obj.get("object") != kind:
            what = f"about a {obj.get('object')}, not a {kind}"
            found.append(Problem("error", f"event {event['type']}", what))
        previous = data.get("previous_attributes")
        place = self.library.place(str(obj.get("object")))
        if previous is not None and place is not None:
            where = (None, f"{obj['object']} previous_attributes")
            self.objects.check_names(previous, place, where, found)
        return found


@functools.cache
def checks() -> Checks:
    """Return the checks of the installed SDK."""
    return Checks(installed())
