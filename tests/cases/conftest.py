"""The cases are tried at the same doors as everything else, by the same people."""

from tests.doors.conftest import desk, postman, stripe

__all__ = ["desk", "postman", "stripe"]
