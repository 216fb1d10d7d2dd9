"""A database that is migrated once for all processes of a pass: each begins with a copy of it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from tests.processes import ROOT, clean_environment

# Set by the suite: a SQLite file, or the name of a database of its PostgreSQL.
VARIABLE: Final = "MIGRATED_DATABASE"


def migrate(url: str) -> None:
    """Bring the database at this DATABASE_URL to where our migrations lead."""
    env = clean_environment(ENV_FILE="tests/test.env", DATABASE_URL=url)
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0", "--skip-checks"],
        cwd=ROOT,
        env=env,
        check=True,
    )


def begin_with_copy(database: dict[str, Any]) -> None:
    """Let the test database of these settings begin as a copy, where the suite made one."""
    made = os.environ.get(VARIABLE)
    if made and database["ENGINE"].endswith("sqlite3"):
        shutil.copy(made, database["TEST"]["NAME"])
    elif made:
        database["TEST"]["TEMPLATE"] = made


def sqlite_file(folder: Path) -> Path:
    """The suite's migrated SQLite file, or else one that is made in this folder."""
    made = os.environ.get(VARIABLE, "")
    if not Path(made).is_file():
        made = str(folder / "migrated.sqlite3")
        migrate(f"sqlite:///{made}")
    return Path(made)
