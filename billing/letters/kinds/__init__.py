"""Billing's own letters: what each needs, read from the rows as they are when it is sent.

None trusts that the cause it was queued for still holds; a Skip says why it does not. The words
are in the templates, what is computed is in the language that is active: the supporter's.
"""

from billing.letters.kinds import changing, documents, ending, failing, joining, renewing

__all__ = ["changing", "documents", "ending", "failing", "joining", "renewing"]
