"""Made-up people: first names from all over, addresses at example.org, and what they will do."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_NAMES: Final = """
Aoife Siobhán Niamh Ciara Saoirse Róisín Gráinne Orla Sinéad Caoimhe Seán Oisín Cian Fionn Darragh
Eoin Conor Tadhg Ruairí Cillian Ana Bruno Chidi Daria Elif Farid Greta Hana Ivo Jana Kofi Lucia
Mateo Nadia Omar Petra Quinn Rosa Samir Tomasz Uma Vera Wanda Xavier Yara Zoltan
"""
FIRST_NAMES: Final = _NAMES.split()
DECLINES_LATER: Final = "4000000000000341"
WEEKS: Final = 60
SUPPORTERS: Final = 150


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who joins or gives in one week; weeks count from the start, None is never.

    Amounts in cents. `fails` is the week in which their card stops working, `leaves` the one in
    which they cancel, `refunded` whether a gift is paid back.
    """

    name: str
    email: str
    plan: str
    amount_cents: int
    week: int
    fails: int | None = None
    leaves: int | None = None
    refunded: bool = False


def everybody(seed: int = 1988) -> list[Person]:
    """The same people on every machine, in the order in which they come."""
    return sorted(_people(random.Random(seed)), key=lambda person: person.week)


def _people(dice: random.Random) -> Iterator[Person]:
    for number in range(SUPPORTERS):
        name = dice.choice(FIRST_NAMES)
        # The root of an even spread rises in a straight line: more come as the newsroom is known.
        week = int(WEEKS * dice.random() ** 0.6)
        plan = dice.choices(["monthly", "yearly", "once"], [62, 14, 24])[0]
        yield Person(
            name=name,
            email=f"{_ascii(name)}{number}@example.org",
            plan=plan,
            amount_cents=_amount(dice, plan),
            week=week,
            fails=_later(dice, week) if plan == "monthly" and dice.random() < 0.18 else None,
            leaves=_later(dice, week) if plan != "once" and dice.random() < 0.30 else None,
            refunded=plan == "once" and dice.random() < 0.12,
        )


def _amount(dice: random.Random, plan: str) -> int:
    choices = {
        "monthly": ([199, 300, 500, 750, 1000, 2500], [60, 14, 12, 6, 6, 2]),
        "yearly": ([2388, 3000, 5000, 10000], [70, 14, 10, 6]),
        "once": ([500, 200, 1000, 2000, 5000], [44, 14, 24, 12, 6]),
    }
    amounts, weights = choices[plan]
    return dice.choices(amounts, weights)[0]


def _later(dice: random.Random, week: int) -> int:
    return week + 4 + int(dice.random() * 24)


def _ascii(name: str) -> str:
    return name.lower().translate(str.maketrans("áéíóú", "aeiou"))
