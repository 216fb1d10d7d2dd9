"""The honesty page is honest: its list is the router's, and its sources are there."""

import re
from pathlib import Path

import stripe

from tests.processes import ROOT
from tests.sandbox import routes

PAGE = (ROOT / "docs/local-stripe.md").read_text()
SECTIONS = ("Modelled", "Simplified", "Not modelled")


def rows(section: str) -> list[list[str]]:
    """The cells of a section's table, without its head."""
    text = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_it_lists_the_endpoints_that_there_are() -> None:
    assert routes.renewed(PAGE) == PAGE, "run: python -m tests.sandbox.routes docs/local-stripe.md"


def test_every_claim_has_its_source() -> None:
    named = ("SDK", "Stripe docs: ", "recorded events", "billing-e2e", "measured", "claim, unverif")
    for section in SECTIONS:
        assert len(rows(section)) >= 10
        for what, _, source in rows(section):
            assert any(each in source for each in named), what


def test_the_sdk_files_that_it_names_exist() -> None:
    folder = Path(stripe.__file__).parent
    named = {
        file
        for section in SECTIONS
        for *_, source in rows(section)
        for file in re.findall(r"`([\w/]+\.py)`", source)
    }
    assert len(named) > 20
    assert not {file for file in named if not (folder / file).exists()}


def test_the_version_of_the_sdk_that_it_speaks_of_is_the_installed_one() -> None:
    assert f"package, {stripe.VERSION}," in PAGE
    assert f"`{stripe.api_version}`" in PAGE


def test_the_files_and_folders_of_ours_that_it_names_exist() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target
    for folder in re.findall(r"`(tests/[\w/]+)`", PAGE):
        assert (ROOT / folder).exists(), folder
