"""What another release would change is told, with the files that name it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.sandbox.spec import changes
from tests.sandbox.spec.package import Package


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the installed SDK that a test may doctor and puts back."""
    folder = tmp_path_factory.mktemp("sdk") / "stripe"
    leave = shutil.ignore_patterns("v2", "__pycache__", "*.pyc", "events")
    shutil.copytree(Package().place, folder, ignore=leave)
    return folder


def doctor(copied: Path, path: str, pattern: str, by: str) -> None:
    """Replace the first match in a source of the copy."""
    file = copied / path
    text, count = re.subn(pattern, by, file.read_text(encoding="utf-8"), count=1)
    assert count == 1
    file.write_text(text, encoding="utf-8")


def test_the_same_release_changes_nothing(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert changes.main([str(copied)]) == 0
    told = capsys.readouterr().out
    assert "0 new, 0 gone, 0 changed" in told
    compared = re.search(r"(\d+) calls and (\d+) kinds compared", told)
    assert compared
    assert int(compared[1]) > 60
    assert int(compared[2]) > 20


def test_each_change_is_told_and_those_that_the_code_names_are_marked(
    copied: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    refunds = "params/_refund_create_params.py"
    doctor(copied, refunds, r"payment_intent: NotRequired\[str\]", "payment: NotRequired[str]")
    doctor(copied, refunds, r"amount: NotRequired\[int\]", "amount: NotRequired[str]")
    doctor(copied, refunds, "'duplicate'", "'twice'")
    doctor(copied, "_dispute.py", r"is_charge_refundable: bool", "shade: Optional[str]")
    doctor(copied, "_dispute.py", r"amount: int", "amount: Optional[int]")
    doctor(copied, "_event.py", r'"charge\.refunded",', '"charge.given_back",')
    doctor(copied, "_refund_service.py", r'"/v1/refunds/\{refund\}/cancel"', '"/v1/x/{refund}"')
    product = tmp_path / "product"
    product.mkdir()
    (product / "giving_back.py").write_text('ASKED = {"payment_intent": "pi_1"}\n')

    assert changes.main([str(copied), str(product)]) == 1
    told = capsys.readouterr().out
    lines = {line.strip().partition("   <- ")[0]: line for line in told.splitlines()}
    for line in (
        "+ payment (str, optional)",
        "- payment_intent (str, optional)",
        "~ amount (int -> str)",
        '- reason (value "duplicate")',
        '+ reason (value "twice")',
        "- is_charge_refundable (bool, always)",
        "+ shade (str, or null or absent)",
        "~ amount (always -> or null or absent)",
        "- charge.refunded",
        "+ charge.given_back",
    ):
        assert line in lines, told
    assert "product/giving_back.py" in lines["- payment_intent (str, optional)"]
    assert "sandbox/" in lines["- charge.refunded"]
    assert "named" not in lines["+ shade (str, or null or absent)"]
