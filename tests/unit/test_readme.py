"""The README is a promise: what it names exists, and what exists it names."""

import re
import shutil
import subprocess
from pathlib import Path

from django.core.management import get_commands

from tests.demo import environment
from tests.processes import ROOT

README = (ROOT / "README.md").read_text()


def test_it_lists_every_variable_that_the_settings_read_and_no_other() -> None:
    settings = (ROOT / "config/settings.py").read_text()
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', settings))
    table = README.split("## Settings")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    listed = set(re.findall(r"`([A-Z_]+)`", " ".join(rows)))
    assert listed == read - {"ENV_FILE"}


def test_every_make_target_and_command_it_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = set(re.findall(r"make ([a-z-]+)", README)) - {"and"}
    assert {"run", "test", "setup", "check", "lock", "reset", "test-long"} <= named <= targets
    commands = set(re.findall(r"manage\.py ([a-z_]+)", README))
    assert commands >= {"stripe_setup", "vault_rotate"}
    assert commands <= get_commands().keys()


def test_every_link_and_folder_it_names_exists() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / target).exists(), target
    for folder in re.findall(r"^    ([a-z]+)/ ", README, re.MULTILINE):
        assert (ROOT / folder).is_dir(), folder


def test_make_reset_leaves_an_environment_of_somebody_else_alone(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "var").mkdir()
    for text, kept in (("SECRET_KEY=mine\n", True), (f"{environment.FIRST_LINE}\n", False)):
        (tmp_path / ".env").write_text(text)
        done = subprocess.run(["make", "reset"], cwd=tmp_path, check=False, capture_output=True)
        assert (done.returncode == 0) is not kept
        # Their data may lie in var/ as well.
        assert (tmp_path / ".env").exists() is kept
        assert (tmp_path / "var").exists() is kept
