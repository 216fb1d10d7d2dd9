"""`make bench`: fill a private PostgreSQL with made-up members and time every report on it.

    python -m tests.bench [--members 20000] [--seed 1]

A million members have some 13 million payments; it takes some 20 GB of TMPDIR while it runs.
"""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from tests import servers
from tests.processes import ROOT, clean_environment

SETTINGS: Final = {
    "shared_buffers": "1GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
}


def main(arguments: Sequence[str]) -> int:
    """Run it on a server of its own, which is gone afterwards. 0 if nothing was too slow."""
    binaries = servers.postgres_folder()
    if binaries is None:
        print("PostgreSQL is missing: apt-get install postgresql")
        return 2
    with servers.postgres(_settings(counts=(binaries.parent / "lib" / _COUNTER).exists())) as url:
        env = clean_environment(ENV_FILE="tests/test.env", DATABASE_URL=url)
        command = [sys.executable, "-m", "tests.bench.run", *arguments]
        return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode


def _settings(*, counts: bool) -> Mapping[str, str]:
    """What the server is started with; `counts` where it can count its own time."""
    return SETTINGS | ({"shared_preload_libraries": "pg_stat_statements"} if counts else {})


_COUNTER: Final = "pg_stat_statements.so"

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
