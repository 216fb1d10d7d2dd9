"""The outlook: what an event would change if it were applied now. Nothing is written.

Stripe is asked as the handler would ask; then the verbs' own comparisons say which columns would
change, and their own rules what would be asked of Stripe. Staff read it before they press Retry;
reconcile reads it before it calls something a difference, and again after it has healed it.
tests/doors/test_outlook.py holds every word of it to what really happens.

outlook.ahead(handler, stripe_id)   of one object, as this handler would look at it
outlook.of_event(type, stripe_id)   of an event
outlook.of_object(stripe_id)        of any object that we react to, by its id
"""

from billing.outlook.foresight import Change, Outlook
from billing.outlook.looks import LOOKS, NotAnObject, ahead, of_event, of_object

__all__ = ["LOOKS", "Change", "NotAnObject", "Outlook", "ahead", "of_event", "of_object"]
