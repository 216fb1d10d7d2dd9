"""Logs: one line an event, with verb, ids and outcome. Never a payload, name, address or link."""

from typing import Any

import structlog


def logging_config(*, debug: bool) -> dict[str, Any]:
    """Django's LOGGING: structlog renders every line, as JSON unless a person reads along."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(allow=[]),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer = (
        structlog.dev.ConsoleRenderer(colors=False)
        if debug
        else structlog.processors.JSONRenderer()
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    renderer,
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "billing": {"level": "INFO"},
            "members": {"level": "INFO"},
            "config": {"level": "INFO"},
            # Its request lines name paths, and a path can hold a sign-in token.
            "django.request": {"level": "CRITICAL" if not debug else "ERROR"},
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "stripe": {"level": "ERROR"},
        },
    }
