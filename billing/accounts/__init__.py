"""The books: what each month came to, what was paid out, and how finance posts and closes it.

Everything is read from the ledger (LedgerLine, Payout) and from what was paid to us directly;
nothing here asks Stripe. docs/accounting.md says what each figure means.
"""
