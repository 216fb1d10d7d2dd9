"""The figures of the newsroom, kept up with the facts: what is counted, of whom, in which month.

`before` and `settle` go around a change of payments, `recount` after one of memberships, and
`letting_go` around the deletion of what is too old to be kept.
"""

from billing.figures.counting import before, forget, letting_go, recount, settle
from billing.figures.proof import Comparison, compare, nightly, rebuild, stored

__all__ = [
    "Comparison",
    "before",
    "compare",
    "forget",
    "letting_go",
    "nightly",
    "rebuild",
    "recount",
    "settle",
    "stored",
]
