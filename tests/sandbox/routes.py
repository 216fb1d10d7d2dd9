"""The endpoints that are modelled, as a table: `python -m tests.sandbox.routes [FILE]`.

With a file it writes the table between the two marks that the file has; so a page tells what is.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from .api import front

BEGIN: Final = "<!-- endpoints: written by python -m tests.sandbox.routes -->"
END: Final = "<!-- /endpoints -->"
ORDER: Final = ("GET", "POST", "DELETE")


class Unmarked(ValueError):
    """The file has no place for the table."""


def table() -> str:
    """Return a Markdown table of paths and methods, in the order of the alphabet."""
    methods: dict[str, set[str]] = {}
    for module in front.MODULES:
        for route in module.ROUTES:
            methods.setdefault(route.pattern, set()).add(route.method)
    lines = [
        f"| `{path}` | {', '.join(sorted(methods[path], key=ORDER.index))} |"
        for path in sorted(methods)
    ]
    head = f"{len(methods)} paths, {sum(map(len, methods.values()))} endpoints.\n"
    return "\n".join([head, "| path | |", "|---|---|", *lines])


def renewed(text: str) -> str:
    """Return a page with today's table between its marks. Raises Unmarked."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise Unmarked(f"no {BEGIN} ... {END}")
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def main(words: Sequence[str]) -> int:
    """Print the table, or write it into a page; 0 when done."""
    if not words:
        print(table())
        return 0
    page = Path(words[0])
    page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
