"""Redis may be away: pages go on, the health page says so, and nobody waits for long."""

import pytest
from celery import current_app
from django.core.cache import cache
from django.core.cache.backends.base import BaseCache
from django.test import Client
from kombu.exceptions import OperationalError

from billing import doorbell
from config.cache import ForgivingRedisCache
from tests.processes import free_port


@pytest.fixture
def away() -> BaseCache:
    return ForgivingRedisCache(f"redis://127.0.0.1:{free_port()}/0", {})


def test_a_cache_that_is_away_knows_nothing_and_raises_nothing(away: BaseCache) -> None:
    assert away.get("name", "default") == "default"
    assert away.add("name", 1) is True
    assert away.incr("name") == 1
    assert away.get_many(["name"]) == {}
    assert away.set_many({"name": 1}) == ["name"]
    assert not away.has_key("name")
    assert not away.delete("name")
    away.set("name", 1)
    away.delete_many(["name"])


def test_the_cache_of_the_suite_still_keeps_things() -> None:
    cache.set("name", 1)
    assert cache.get("name") == 1


@pytest.mark.django_db
def test_the_health_page_names_a_dead_broker_in_json() -> None:
    # Not broker_url: Celery lets the environment's CELERY_BROKER_URL overrule that one.
    current_app.conf.update(broker_write_url=f"redis://127.0.0.1:{free_port()}/0")
    try:
        answer = Client().get("/healthz")
    finally:
        current_app.conf.update(broker_write_url=None)
    assert answer.status_code == 503
    assert answer.json()["broker"] == "down"
    assert answer.json()["database"] == "ok"


def test_a_dead_bell_is_not_pressed_again_at_once() -> None:
    pressed: list[str] = []

    def nobody_answers(task: str, **_more: object) -> None:
        pressed.append(task)
        raise OperationalError

    bell = doorbell.Bell(nobody_answers)
    for _ in range(3):
        bell.press("billing.tasks.process_event", ("evt_1",))
    assert len(pressed) == 1
    bell.silent_until = 0.0
    bell.press("billing.tasks.process_event", ("evt_1",))
    assert len(pressed) == 2
