"""How long the documents take.

    ENV_FILE=tests/test.env DJANGO_SETTINGS_MODULE=config.settings .venv/bin/python -m tests.figures

Draws each some times over, from rows that are in no database, and says the milliseconds of the
middle one and of the slowest, and how large the file is.
"""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

import django

django.setup()

from billing import charity  # noqa: E402 - models can be imported once Django is set up
from billing.documents import collected_pdf, receipt_pdf, statement  # noqa: E402
from billing.models import Payment, Receipt  # noqa: E402

TURNS: Final = 30
NAMES: Final = ("Seán Ó Súilleabháin", "محمد عبد الرحمن", "李雷", "Alice \U0001f33b")
START: Final = datetime(2026, 1, 2, 12, tzinfo=UTC)


def main() -> None:
    rows = _receipts(400)
    for name in NAMES:
        _tell(f"receipt for {name}", partial(_receipt, rows, name))
    _tell("12 receipts in one", lambda turn: collected_pdf(rows[turn : turn + 12], name=NAMES[0]))
    _tell("statement, 12 lines", lambda turn: _statement(rows[turn : turn + 12]))
    _tell("statement, 400 lines", lambda turn: _statement([*rows[turn:], *rows[:turn]]))


def _receipt(rows: list[Receipt], name: str, turn: int) -> bytes:
    return receipt_pdf(rows[turn], name=name)


def _statement(rows: list[Receipt]) -> bytes:
    return statement.render(rows, year=2026, name=NAMES[0])


def _receipts(count: int) -> list[Receipt]:
    identity = charity.current().snapshot()
    return [
        Receipt(
            id=UUID(int=number),
            series="R",
            year=2026,
            number=number,
            payment=Payment(membership_id=UUID(int=1)),
            amount_cents=199,
            currency="eur",
            issued_at=START + timedelta(hours=20 * number),
            paid_at=START + timedelta(hours=20 * number),
            method="Visa ending 4242",
            plan_name="Monthly support",
            interval="month",
            benefit_class="none",
            period_start=START,
            period_end=START + timedelta(days=31),
            charity=identity,
        )
        for number in range(1, count + 1)
    ]


def _tell(what: str, draw: Callable[[int], bytes]) -> None:
    spans = []
    for turn in range(TURNS + 1):
        began = time.perf_counter()
        # Another document each turn: typst remembers what it has drawn before.
        size = len(draw(turn))
        if turn:  # the first one loads the fonts
            spans.append((time.perf_counter() - began) * 1000)
    print(
        f"{what:40} {statistics.median(spans):7.1f} ms {max(spans):7.1f} ms {size / 1024:6.1f} kB"
    )


if __name__ == "__main__":
    main()
