"""Logs: one line an event, with verb, ids and outcome. Never a payload, name, address or link."""

import logging
import traceback
from typing import Any, Final

import structlog
from structlog.typing import EventDict


class WithoutPath(logging.Filter):
    """Django names the path of a request that failed, and a path can hold a sign-in token.

    Whichever of its loggers speaks, the record carries the request: such a record says its status.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if hasattr(record, "request"):
            record.msg, record.args = f"request failed {getattr(record, 'status_code', '')}", ()
        return True


def exception_without_words(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Render an exception as its type and where it came from: its words may quote a row."""
    info = event.pop("exc_info", None)
    if not info:
        return event
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)
        path = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        event["exception"] = "\n".join([type(error).__name__, *path])
    return event


# Of lines of ours as of those that libraries write.
_SHARED: Final[list[Any]] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.stdlib.ExtraAdder(allow=[]),
]


def logging_config(*, debug: bool) -> dict[str, Any]:
    """Django's LOGGING: structlog renders every line, as JSON unless a person reads along."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": _line(debug=debug)},
        "filters": {"without_path": {"()": WithoutPath}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "filters": ["without_path"],
            }
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "billing": {"level": "INFO"},
            "members": {"level": "INFO"},
            "config": {"level": "INFO"},
            # Django's own console handler would say everything a second time.
            "django": {"handlers": [], "level": "WARNING"},
            "django.request": {"level": "ERROR"},
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "stripe": {"level": "ERROR"},
        },
    }


def _line(*, debug: bool) -> dict[str, Any]:
    """The formatter through which every line goes, a library's as well as ours."""
    return {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": _SHARED,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            exception_without_words,
            structlog.dev.ConsoleRenderer(colors=False)
            if debug
            else structlog.processors.JSONRenderer(),
        ],
    }
