"""The crew: Celery workers as processes of their own, killed as a crash kills and started again."""

import os
import random
import signal
from pathlib import Path
from typing import Final

from tests.house import House
from tests.processes import Service, clean_environment

_CELERY: Final = "-m celery -A config"
_WORKER: Final = f"{_CELERY} worker -c 1 -l warning --without-mingle --without-gossip".split()
_BEAT: Final = f"{_CELERY} beat -l warning -S config.embedded.PromptScheduler".split()


class Crew:
    """So many workers in the place of the house's one, and beat, which sweeps."""

    def __init__(self, house: House, *, workers: int, chance: random.Random, **env: str) -> None:
        self.house, self.chance, self.env = house, chance, env
        self.killed: list[str] = []
        for name in ("beat", "worker"):
            house.kill(name)
        self.names = [f"flood-{number}" for number in range(1, workers + 1)]
        self.services = {name: self._started(name) for name in self.names}
        self.beat: Service | None = None

    def begin(self) -> None:
        """Let beat sweep."""
        self.beat = self._service("flood-beat", _BEAT)

    def kill_one(self) -> str:
        """`kill -9` a worker: its child alone, which holds the task, or all of it; start it again.

        Celery's master replaces a lost child by itself.
        """
        name = self.chance.choice(self.names)
        service = self.services[name]
        children = _children_of(service.process.pid)
        if children and self.chance.random() < 0.5:
            os.kill(self.chance.choice(children), signal.SIGKILL)
            told = f"{name}'s child"
        else:
            service.kill()
            self.services[name] = self._started(name)
            told = name
        self.killed.append(told)
        return told

    def end(self) -> None:
        """Kill them all: what they were at is done, or a test failed."""
        for service in [*self.services.values(), *([self.beat] if self.beat else [])]:
            service.kill()

    def last_words(self) -> str:
        return "\n".join(service.last_words() for service in self.services.values())

    def _started(self, name: str) -> Service:
        return self._service(name, [*_WORKER, "-n", f"{name}@%h"])

    def _service(self, name: str, arguments: list[str]) -> Service:
        env = clean_environment(ENV_FILE=str(self.house.env_file), **self.env)
        return Service(name, arguments, env=env, log=self.house.folder / f"{name}.log")


def _children_of(pid: int) -> list[int]:
    """The processes that this one has forked (Linux)."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(each) for each in listed.read_text().split()] if listed.exists() else []
