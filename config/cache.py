"""A cache that may be away: what it cannot tell is not known, what it cannot keep is forgotten."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

import structlog
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)


def _forgiving(name: str, otherwise: Callable[..., Any]) -> Callable[..., Any]:
    """The cache's method of this name, with an answer for when Redis gives none."""
    method = getattr(RedisCache, name)

    @wraps(method)
    def forgiving(self: RedisCache, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except RedisError as error:
            log.warning("cache is away", verb=name, error=type(error).__name__)
            return otherwise(*args, **kwargs)

    return forgiving


class ForgivingRedisCache(RedisCache):
    """Redis as a cache. Nothing here keeps what must not be lost, so no page fails without it."""

    _TIMEOUTS: Final = {"socket_connect_timeout": 1, "socket_timeout": 1}

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(
            server, {**params, "OPTIONS": {**params.get("OPTIONS", {}), **self._TIMEOUTS}}
        )

    get = _forgiving("get", lambda _key, default=None, **_more: default)
    get_many = _forgiving("get_many", lambda _keys, **_more: {})
    has_key = _forgiving("has_key", lambda _key, **_more: False)
    add = _forgiving("add", lambda *_args, **_more: True)
    set = _forgiving("set", lambda *_args, **_more: None)
    set_many = _forgiving("set_many", lambda data, **_more: list(data))
    incr = _forgiving("incr", lambda _key, delta=1, **_more: delta)
    touch = _forgiving("touch", lambda *_args, **_more: False)
    delete = _forgiving("delete", lambda *_args, **_more: False)
    delete_many = _forgiving("delete_many", lambda *_args, **_more: None)
