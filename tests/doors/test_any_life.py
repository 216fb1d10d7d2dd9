"""Whatever happens, in whatever order it is heard of: the same end state.

Each example is a list of acts by supporters, the clock, staff, banks and bad luck, drawn by
hypothesis, which shrinks what fails to the shortest life that fails. MEITHEAL_LIVES and
MEITHEAL_SEED choose how many, and which.
"""

import os
from pathlib import Path
from typing import Final

import hypothesis
import pytest
from django.core import mail
from django.core.management import call_command
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from billing import balance, collection, figures, reconcile
from tests import house as houses
from tests import statements, truth
from tests.doors.lives import Life, drawn
from tests.local_stripe import LocalStripe
from tests.postman import Postman

pytestmark = [pytest.mark.django_db, pytest.mark.real]

# The second pass of the suite lives fewer: PostgreSQL is asked the same questions, more slowly.
LIVES: Final = int(os.environ.get("MEITHEAL_LIVES", "6" if houses.on_servers() else "15"))
SEED: Final = int(os.environ.get("MEITHEAL_SEED", "20261122"))

a_life = st.tuples(st.integers(0, 2**32), drawn())


@pytest.mark.usefixtures("stripe")
@seed(SEED)
@settings(
    max_examples=LIVES,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
@given(life=a_life)
def test_our_rows_end_as_stripes_objects(
    stripe: LocalStripe, tmp_path: Path, life: tuple[int, list[tuple[str, int]]]
) -> None:
    chance, acts = life
    # Each example forgets its rows. Not by `atomic`: a ticket insists on being outside of one.
    before = transaction.savepoint()
    try:
        _live(stripe, tmp_path, chance, acts)
    finally:
        transaction.savepoint_rollback(before)


def _live(stripe: LocalStripe, folder: Path, chance: int, acts: list[tuple[str, int]]) -> None:
    _begin(stripe, folder)
    told = Life(stripe, Postman(stripe), chance)
    for name, number in acts:
        told.act(name, number)
    told.settle()
    books = balance.prove()
    found = [*truth.problems(stripe), *statements.problems()]
    # Who has nothing to be charged any more is named every night; no row of ours is wrong for it.
    report = reconcile.run(apply=False)
    differences = [each for each in report.differences if not each.endswith(collection.BARE)]
    rollups = figures.compare()
    story = "\n".join(told.log)
    hypothesis.note(story)
    assert not found, f"{found}\n{story}"
    assert books.balances, f"{books.problems}\n{story}"
    assert not differences, f"{differences}\n{story}"
    wrong = [str(each) for each in rollups.differences]
    assert rollups.equal, f"{wrong}\n{story}"


def _begin(stripe: LocalStripe, folder: Path) -> None:
    stripe.tell("reset")
    stripe.tell("webhooks/hold", hold=True)
    call_command("stripe_setup", verbosity=0, env_file=folder / "env")
    mail.outbox.clear()
