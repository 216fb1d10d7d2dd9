"""Gives each process of the suite Redis databases of its own. It is loaded before Django.

They share one private server; a limit counted or a bell rung in one must not be heard in another.
"""

import os
import re
from typing import Final

# Two each (broker, cache): for four workers, for a process without them, and for the house.
_PER_WORKER: Final = 2
HOUSE_BROKER, HOUSE_CACHE = 14, 15


def redis_variables(*, broker: int, cache: int) -> dict[str, str]:
    """The variables that lead to these databases of the suite's Redis; none where there is none."""
    if not os.environ.get("REDIS_URL"):
        return {}
    return {
        "REDIS_URL": re.sub(r"db=\d+$", f"db={cache}", os.environ["REDIS_URL"]),
        "CELERY_BROKER_URL": re.sub(
            r"virtual_host=\d+$", f"virtual_host={broker}", os.environ["CELERY_BROKER_URL"]
        ),
    }


def _move_apart() -> None:
    first = int(os.environ.get("PYTEST_XDIST_WORKER", "gw4").removeprefix("gw")) * _PER_WORKER
    os.environ.update(redis_variables(broker=first, cache=first + 1))


_move_apart()
