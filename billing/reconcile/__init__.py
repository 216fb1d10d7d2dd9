"""Reconcile: asks Stripe for the truth, says where we differ, heals by the handlers of events.

The webhook makes it fast, the sweeper makes it sure, this makes it true. It also takes in what
happened while we were not there at all.

reconcile.run(apply=True)     every night; `manage.py reconcile` does the same by hand
reconcile.stranded()          whether a run that the clock began was cut short and is to go on
reconcile.unkept()           what was promised and Stripe refused, a line each
"""

from billing.reconcile.night import NAME, run, stranded
from billing.reconcile.promises import unkept
from billing.reconcile.report import Report

__all__ = ["NAME", "Report", "run", "stranded", "unkept"]
