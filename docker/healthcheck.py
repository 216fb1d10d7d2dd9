"""Exit 0 if /healthz says that web, database, broker, worker and beat are well, else 1."""

import os
import sys
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

PORT = int(os.environ.get("HEALTH_PORT", "8000"))


def healthy() -> bool:
    # Django answers only under its own name.
    site = urlsplit(os.environ.get("SITE_URL", "http://127.0.0.1:8000"))
    connection = HTTPConnection("127.0.0.1", PORT, timeout=8)
    try:
        connection.request("GET", "/healthz", headers={"Host": site.netloc})
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False


if __name__ == "__main__":
    sys.exit(0 if healthy() else 1)
