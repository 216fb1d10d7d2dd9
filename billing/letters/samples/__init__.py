"""What each kind of letter says, with made-up data: for previews, read by nobody it is about.

    @shows("ended", case="withdrawn")
    def withdrawn() -> Draft: ...

A sample gives what the kind's composer gives, in the language that is active. That it gives just
that is tested: tests/unit/test_letter_samples.py. A kind may have several cases; the first is shown
first. Links in samples lead nowhere.
"""

from billing.letters.samples import changing, documents, ending, failing, joining, renewing
from billing.letters.samples.shelf import SAMPLES, shows

__all__ = [
    "SAMPLES",
    "changing",
    "documents",
    "ending",
    "failing",
    "joining",
    "renewing",
    "shows",
]
