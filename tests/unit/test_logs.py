"""Logs name verbs, ids and outcomes; never a person, a link or a token."""

import io
import json
import logging
import logging.config
from collections.abc import Iterator

import pytest
from django.http import HttpResponseServerError
from django.test import RequestFactory
from django.utils.log import log_response

from config.logs import logging_config

SECRET = "alice@example.org"


class Log:
    """What production would write, a dict a line."""

    def __init__(self) -> None:
        config = logging_config(debug=False)
        make = logging.config.DictConfigurator(config).configure_formatter
        make_filter = logging.config.DictConfigurator(config).configure_filter
        self.written = io.StringIO()
        self.handler = logging.StreamHandler(self.written)
        self.handler.addFilter(make_filter(config["filters"]["without_path"]))
        self.handler.setFormatter(make(config["formatters"]["line"]))

    def lines(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.written.getvalue().splitlines()]


@pytest.fixture
def log() -> Iterator[Log]:
    log = Log()
    heard = [
        logging.getLogger(name) for name in ("billing", "django.request", "django.security.csrf")
    ]
    for logger in heard:
        logger.addHandler(log.handler)
    yield log
    for logger in heard:
        logger.removeHandler(log.handler)


@pytest.mark.case("F19")
def test_an_exception_is_told_by_type_and_place_without_its_words(log: Log) -> None:
    try:
        raise ValueError(f"no row for {SECRET}")
    except ValueError:
        logging.getLogger("billing").exception("it went wrong")
    [line] = log.lines()
    assert line["event"] == "it went wrong"
    assert line["exception"].startswith("ValueError\n")
    assert "test_logs.py" in line["exception"]
    assert SECRET not in str(line)


@pytest.mark.parametrize("name", ["django.request", "django.security.csrf"])
def test_a_failed_request_is_told_without_its_path(log: Log, name: str) -> None:
    request = RequestFactory().get("/sign-in/some-id/some-token/")
    response = HttpResponseServerError()
    logger = logging.getLogger(name)
    log_response("%s: %s", "Error", request.path, response=response, request=request, logger=logger)
    [line] = log.lines()
    assert line["event"] == "request failed 500"
    assert "some-token" not in str(line)
