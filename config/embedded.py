"""The demo's one process: web, Celery worker and beat, on the memory broker (DESIGN 12).

`python -m config.embedded --port N` is what `make run` starts; production never does. The broker
lives and dies with the process, so there may be only one: the rows are the queue, and the sweep
that beat sends finds again what a lost ring was about.
"""

import argparse
import logging
import os
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

import celery.worker.state
from celery import Celery
from celery.beat import Scheduler, Service
from celery.schedules import crontab
from celery.signals import worker_init
from celery.worker import WorkController
from django.core.wsgi import get_wsgi_application
from gunicorn.app.base import BaseApplication

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

WEB_THREADS: Final = 8
TASK_THREADS: Final = 4
STOP_SECONDS: Final = 2


class PromptScheduler(Scheduler):
    """Keeps its schedule in memory, not in a file, and begins with what is frequent.

    So a restart sweeps and gives its signs of life at once; what has a time of day waits for it.
    """

    def setup_schedule(self) -> None:
        super().setup_schedule()
        for entry in self.schedule.values():
            if not isinstance(entry.schedule, crontab):
                entry.last_run_at = self.app.now() - timedelta(days=1)


class Engine:
    """A Celery worker and a beat, as threads of the process that answers the web."""

    def __init__(self, app: Celery) -> None:
        self.worker = WorkController(
            app=app,
            pool_cls="threads",
            concurrency=TASK_THREADS,
            without_heartbeat=True,
            without_mingle=True,
            without_gossip=True,
        )
        # The signal that `celery worker` sends: Django's database connections close after a task.
        worker_init.send(sender=self.worker)
        self.beat = Service(app, max_interval=1, scheduler_cls=PromptScheduler)
        self.threads = [
            threading.Thread(target=self.worker.start, name="celery-worker", daemon=True),
            threading.Thread(target=self.beat.start, name="celery-beat", daemon=True),
        ]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        """Let tasks in hand finish, for half of STOP_SECONDS; the rest is swept after a start."""
        celery.worker.state.should_stop = 0  # type: ignore[assignment]  # stub: only its first value
        self.beat.stop()
        for thread in self.threads:
            thread.join(timeout=STOP_SECONDS / 4)


class Embedded(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn with one worker process, started from here instead of from its command line."""

    def __init__(self, *, port: int) -> None:
        self.port = port
        self.engine: Engine | None = None
        super().__init__()

    def load_config(self) -> None:
        options: dict[str, Any] = {
            "bind": f"127.0.0.1:{self.port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": WEB_THREADS,
            "graceful_timeout": STOP_SECONDS,
            "loglevel": "warning",
            "control_socket_disable": True,
            "post_worker_init": self._start_engine,
            "worker_exit": self._stop_engine,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Callable[..., Any]:
        return get_wsgi_application()

    def _start_engine(self, _worker: object) -> None:
        # After the fork, which no thread survives, and after load(), which sets up the models.
        from config.celery import app

        # It warns that memory:// names no host.
        logging.getLogger("kombu.connection").setLevel(logging.ERROR)
        app.loader.import_default_modules()
        self.engine = Engine(app)
        self.engine.start()

    def _stop_engine(self, _server: object, _worker: object) -> None:
        if self.engine is not None:
            self.engine.stop()


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until told to stop. Exits with a message where the broker is not memory://."""
    parser = argparse.ArgumentParser(prog="python -m config.embedded", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args(arguments)

    from config.celery import app

    if app.conf.broker_url != "memory://":
        parser.error(
            "CELERY_BROKER_URL or REDIS_URL names a real broker: run gunicorn, "
            "`celery -A config worker` and `celery -A config beat` instead"
        )
    Embedded(port=options.port).run()


if __name__ == "__main__":
    main()
