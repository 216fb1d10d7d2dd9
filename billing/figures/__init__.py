"""The figures of the newsroom, kept up with the facts: what is counted, of whom, in which month.

`before` and `settle` go around a change of payments, `recount` after one of memberships,
`settle_closing` after the closing of a month of the books, and `letting_go` around the deletion of
what is too old to be kept.
"""

from billing.figures.counting import before, forget, letting_go, recount, settle, settle_closing
from billing.figures.live_booked import inside
from billing.figures.proof import Comparison, compare, nightly, rebuild, stored

__all__ = [
    "Comparison",
    "before",
    "compare",
    "forget",
    "inside",
    "letting_go",
    "nightly",
    "rebuild",
    "recount",
    "settle",
    "settle_closing",
    "stored",
]
