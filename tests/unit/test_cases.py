"""Each case that other systems got wrong has a test here that bears its number.

E1 to E25 are what may happen, F1 to F21 what others had to repair. A test that proves one is marked
`@pytest.mark.case("E1")`; this reads the sources, so that no case loses its last test unseen.
"""

import ast
from collections.abc import Iterator
from typing import Final

import pytest

from tests.processes import ROOT

CASES: Final = {
    "E1": "an event twice, or in two hands at once",
    "E2": "events out of order, and after the end",
    "E3": "an event before its row, or one that we could not do",
    "E4": "a double click, two tabs, the back button",
    "E5": "the second month, charged to the card that was chosen",
    "E6": "another amount or rhythm in the middle of a period",
    "E7": "another address, and a wallet's own",
    "E8": "a card that failed, its grace, and its end",
    "E9": "joining again while something is open",
    "E10": "refunds in parts, of renewals, from the dashboard",
    "E11": "deletion with live billing, and money after it",
    "E12": "disputes: opened, won, lost, after a refund",
    "E13": "direct debits: slow, returned, revoked",
    "E14": "month ends, leap days, clock changes, midnight",
    "E15": "a reminder that is false, doubled or missed",
    "E16": "other products on the same account",
    "E17": "ids that are null match no row",
    "E18": "cents, exact for whatever is typed",
    "E19": "an import writes to nobody and grows nothing",
    "E20": "other API versions and shapes of an event",
    "E21": "forged, stale and other mode, before anything is stored",
    "E22": "two schedulers, one effect",
    "E23": "a scanner opens every link",
    "E24": "the endpoint asks for exactly what is handled",
    "E25": "a repair proves the state it claims",
    "F1": "paid, and for ever waiting",
    "F2": "a repair that saves nothing",
    "F3": "cards mirrored by many, missed by some",
    "F4": "rows half made",
    "F5": "a null id matched everybody",
    "F6": "looked up by this or that: the wrong one, or several",
    "F7": "the sign of a refund",
    "F8": "a default in place of the unknown",
    "F9": "dates that drifted from the facts",
    "F10": "orphans on both sides",
    "F11": "one person split by the case of an address",
    "F12": "one approval, two subscriptions",
    "F13": "decisions without reason or actor",
    "F14": "a life cycle guessed from null columns",
    "F15": "errors counted as successes",
    "F16": "amounts through floating point",
    "F17": "a customer for each click",
    "F18": "fields that Stripe's objects do not have",
    "F19": "names and ways in, in logs and rows",
    "F20": "a scheduler in each worker",
    "F21": "tests that look at calls, not at what came of them",
}
FOLDERS: Final = ("unit", "doors", "cases", "journeys", "browser", "stand_in")
# What a test may not put in place of our own code (HOUSE 23).
FAKES: Final = ("unittest.mock", "mock", "pytest_mock")
Marks = dict[str, list[str]]


def sources() -> Iterator[tuple[str, ast.Module]]:
    """The sources of all tests, by their path in the project."""
    for folder in FOLDERS:
        for path in sorted((ROOT / "tests" / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def numbers_of(mark: ast.expr) -> list[str] | None:
    """The numbers in `pytest.mark.case(...)`; None if it is another expression."""
    if not isinstance(mark, ast.Call) or ast.unparse(mark.func) != "pytest.mark.case":
        return None
    return [ast.literal_eval(each) for each in mark.args]


def marks() -> tuple[Marks, list[str]]:
    """The tests that bear each number, and marks that are on no test: those prove nothing.

    What runs only when it is asked for (`long`) does not count.
    """
    found: Marks = {}
    astray: list[str] = []
    for path, tree in sources():
        counted: set[int] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                plain = {ast.unparse(each) for each in node.decorator_list}
                for each in node.decorator_list:
                    numbers = numbers_of(each)
                    if numbers is not None and "pytest.mark.long" not in plain:
                        counted.add(id(each))
                        for number in numbers:
                            found.setdefault(number, []).append(f"{path}::{node.name}")
        astray += [
            f"{path}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and numbers_of(node) is not None
            and id(node) not in counted
        ]
    return found, astray


def table(found: Marks) -> str:
    """Every case with its tests, a line each, for whoever has to find one."""
    lines: list[str] = []
    for number in [*CASES, *sorted(found.keys() - CASES.keys())]:
        lines.append(f"{number:4} {CASES.get(number, 'NO SUCH CASE')}")
        lines += [f"       {each}" for each in found.get(number, ["NO TEST"])]
    return "\n".join(lines)


def test_every_case_has_a_test_that_bears_its_number() -> None:
    found, astray = marks()
    wanted = [f"E{n}" for n in range(1, 26)] + [f"F{n}" for n in range(1, 22)]
    assert list(CASES) == wanted
    lacking = [each for each in wanted if each not in found]
    unknown = sorted(found.keys() - CASES.keys())
    told = f"without a test: {lacking}; unknown: {unknown}; on no test: {astray}\n{table(found)}"
    assert not (lacking or unknown or astray), told


def _figure_or_new(call: ast.Call) -> bool:
    """Whether a figure of ours (CAPITALS) is another, or something is there that was not."""
    name = call.args[1]
    figure = isinstance(name, ast.Constant) and str(name.value).isupper()
    return figure or any(each.arg == "raising" for each in call.keywords)


@pytest.mark.case("F21")
def test_no_test_puts_a_fake_in_place_of_our_code() -> None:
    """They look at rows, letters and Stripe's objects. A figure may be another for a test."""
    fakes = []
    for path, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import) and any(each.name in FAKES for each in node.names):
                fakes.append(f"{path}:{node.lineno}")
            if isinstance(node, ast.ImportFrom) and (
                node.module in FAKES
                or (node.module == "unittest" and any(n.name == "mock" for n in node.names))
            ):
                fakes.append(f"{path}:{node.lineno}")
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func) == "monkeypatch.setattr"
                and not isinstance(node.args[-1], ast.Constant)
                and not _figure_or_new(node)
            ):
                fakes.append(f"{path}:{node.lineno}")
    assert fakes == []
