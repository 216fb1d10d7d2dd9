"""What all tests share: a database, the local Stripe, the house, and which of them run where."""

import os
import signal
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import AppConfig, apps
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db.backends.postgresql.operations import DatabaseOperations as PostgreSQL
from django.db.backends.sqlite3.base import DatabaseWrapper as SQLite
from django.db.models.signals import post_migrate
from django.dispatch import receiver
from pytest_django import DjangoDbBlocker

from tests import house as houses
from tests import migrated
from tests.local_stripe import PROBLEMS_VARIABLE, LocalStripe, ProblemFile
from tests.processes import free_port
from tests.servers import chromium_binary

MARKERS = {
    "case(*numbers)": "proves these cases of the list in tests/unit/test_cases.py",
    "browser": "needs Chromium; runs once, in the first pass",
    "servers": "needs a real PostgreSQL and Redis with separate processes; runs in the second pass",
    "once": "asks nothing of the database that the first pass has not asked; runs there alone",
    "real": "is left to the real servers where they follow; runs in both passes with --long",
    "long": "takes longer than a suite should; run by --long",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run what is marked long, too")
    parser.addoption("--data-only", action="store_true", help="only what touches the database")
    parser.addoption(
        "--servers-follow", action="store_true", help="a pass with the real servers comes next"
    )
    parser.addoption(
        "--house", choices=["only", "without"], help="only what uses the house, or not"
    )


def pytest_configure(config: pytest.Config) -> None:
    if not django_settings.SECRET_KEY.startswith("for-tests-only"):
        pytest.exit("Run `make test`, or pytest with ENV_FILE=tests/test.env.", returncode=2)
    # Passwords cost no time here; the processes of the house have the real ones.
    django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # Else a suite that is told to stop would leave its servers behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for name, what in MARKERS.items():
        config.addinivalue_line("markers", f"{name}: {what}")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The process of the house reads only those files that speak of it."""
    if config.getoption("--house") != "only" or collection_path.suffix != ".py":
        return None
    return None if "house" in collection_path.read_text() else True


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Choose what runs in this pass, the house last: it stays open, and writes signs of life."""
    left_out = [item for item in items if not _runs_here(config, item)]
    config.hook.pytest_deselected(items=left_out)
    chosen = [item for item in items if item not in set(left_out)]
    items[:] = sorted(chosen, key=lambda item: "house" in _fixtures(item))


def _runs_here(config: pytest.Config, item: pytest.Item) -> bool:
    wants = {marker.name for marker in item.iter_markers()}
    uses_house = "house" in _fixtures(item)
    if config.getoption("--house") == ("without" if uses_house else "only"):
        return False
    if "long" in wants and not config.getoption("--long"):
        return False
    if "servers" in wants and not houses.on_servers():
        return False
    if "real" in wants and "once" not in wants and config.getoption("--servers-follow"):
        return bool(config.getoption("--long"))
    if "browser" in wants:
        return not config.getoption("--data-only") and chromium_binary() is not None
    if "once" in wants and config.getoption("--data-only"):
        return False
    touches_data = "django_db" in wants or _fixtures(item) & {"db", "transactional_db", "house"}
    return bool(touches_data) or not config.getoption("--data-only")


def _fixtures(item: pytest.Item) -> set[str]:
    return set(getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A test database for each worker; with SQLite a file, which other processes can open."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    default: dict[str, Any] = django_settings.DATABASES["default"]
    on_sqlite = default["ENGINE"].endswith("sqlite3")
    folder = tmp_path_factory.mktemp("database")
    name = str(folder / "tests.sqlite3") if on_sqlite else f"tests_{worker}"
    default.setdefault("TEST", {})["NAME"] = name
    migrated.begin_with_copy(default)


@pytest.fixture(scope="session")
def django_db_keepdb(request: pytest.FixtureRequest) -> bool:
    """Whether Django finds the test database there already: with SQLite, the copied file."""
    copied = Path(os.environ.get(migrated.VARIABLE, "")).is_file()
    return copied or bool(request.config.getvalue("reuse_db"))


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file for processes that need one: to be copied, not to be written to."""
    return migrated.sqlite_file(tmp_path_factory.mktemp("migrated"))


@receiver(post_migrate)
def _rows_as_migrated(sender: AppConfig, **_kwargs: object) -> None:
    # The flush after a transactional test takes the rows that came with a migration along.
    if sender.name == "billing":
        import_module("billing.migrations.0003_default_plans").add_plans(apps, None)
        import_module("billing.migrations.0028_open_books_are_summed").keep(apps, None)


@pytest.fixture(scope="session", autouse=True)
def _looks_go_with_the_flush() -> Iterator[None]:
    """What is never deleted goes with the flush after a transactional test: it has to be let."""
    looks = import_module("members.migrations.0008_browsers_and_looks")
    acts = import_module("members.migrations.0009_the_desk")
    team = import_module("members.migrations.0010_roles_and_lists")
    flush = SQLite.ops_class.sql_flush
    kept = ("look_is_kept", "act_is_kept", "team_act_is_kept")

    def sql_flush(self: Any, *args: Any, **options: Any) -> list[str]:
        lifted = [f"DROP TRIGGER IF EXISTS {name}" for name in kept]
        return [*lifted, *flush(self, *args, **options), looks.KEPT, acts.KEPT, team.KEPT]

    def sql_delete(_self: Any, _style: Any, tables: list[str], **_options: Any) -> list[str]:
        # No key and no trigger is asked; and nearly all are empty, where TRUNCATE takes its time.
        deletes = [f'DELETE FROM "{name}"' for name in tables]  # noqa: S608 - names of ours
        return [
            "SET session_replication_role = replica",
            *deletes,
            "RESET session_replication_role",
        ]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SQLite.ops_class, "sql_flush", sql_flush)
        patch.setattr(PostgreSQL, "sql_flush", sql_delete)
        yield


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """No test begins with what another left in the cache."""
    yield
    cache.clear()


@pytest.fixture(scope="session", autouse=True)
def _problem_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProblemFile]:
    """Where the local Stripes of this run tell what they sent that Stripe would not send."""
    told = ProblemFile(tmp_path_factory.mktemp("schema") / "problems")
    # In the environment, so that it reaches a local Stripe however a test starts it.
    os.environ[PROBLEMS_VARIABLE] = str(told.path)
    yield told
    del os.environ[PROBLEMS_VARIABLE]
    assert not told.fresh(), told.path.read_text()


@pytest.fixture(autouse=True)
def _shaped_like_stripe(_problem_file: ProblemFile) -> Iterator[None]:
    """A test fails when a local Stripe broke Stripe's schema while it ran."""
    yield
    broken = _problem_file.fresh()
    if broken:
        pytest.fail(f"the local Stripe sent what Stripe would not:\n{broken}", pytrace=False)


@pytest.fixture(scope="session")
def _sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStripe]:
    log = tmp_path_factory.mktemp("sandbox") / "log"
    stripe = LocalStripe(port=free_port(), log=log)
    stripe.start()
    yield stripe
    stripe.stop()


@pytest.fixture
def sandbox(_sandbox_process: LocalStripe, settings: Any) -> LocalStripe:
    """A local Stripe that knows nothing yet, and that stripe_api talks to in this test."""
    _sandbox_process.tell("reset")
    settings.STRIPE_API_BASE = _sandbox_process.url
    return _sandbox_process


@pytest.fixture(scope="session")
def _house_built(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[houses.House]:
    folder: Path = tmp_path_factory.mktemp("house")
    built = houses.House(folder)
    try:
        with django_db_blocker.unblock():
            built.open()
        yield built
    finally:
        built.close()


@pytest.fixture
def house(
    transactional_db: None,
    _house_built: houses.House,
    settings: Any,
) -> Iterator[houses.House]:
    """The whole service as running processes, empty, on the database that this test can read."""
    settings.STRIPE_API_BASE = _house_built.stripe.url
    _house_built.begin()
    yield _house_built
    _house_built.settle()
