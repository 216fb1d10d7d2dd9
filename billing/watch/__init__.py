"""Is everything well? The facts of billing as signs, each good, worth a look, or red.

watch.tallies()     what is counted in one statement: how many wait, were given up, came back
watch.counted()     counts it, together with what others want counted
watch.read()        every sign of billing, from those counts and a few small readings
watch.keep()        once a minute: what asks too much for a page, and that somebody looked

A sign is plain data: a name, a level, a value, since when. What it means and what to do about it is
told where people read it (members.staff.board). Nothing in a sign is of one person.
"""

from billing.watch.counting import NONE, Counted, Tallied, counted
from billing.watch.reading import MAIL_DAYS, read, tallies
from billing.watch.rest import WATCH, keep, last, woke
from billing.watch.sign import Level, Sign, age, worse

__all__ = [
    "MAIL_DAYS",
    "NONE",
    "WATCH",
    "Counted",
    "Level",
    "Sign",
    "Tallied",
    "age",
    "counted",
    "keep",
    "last",
    "read",
    "tallies",
    "woke",
    "worse",
]
