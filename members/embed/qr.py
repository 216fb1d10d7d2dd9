"""A QR code as the path of a drawing: no picture file, no style, no script."""

from dataclasses import dataclass
from typing import Final

import qrcode
from qrcode.constants import ERROR_CORRECT_Q

# The white rim that scanners need, in modules (ISO/IEC 18004).
_RIM: Final = 4


@dataclass(frozen=True, slots=True)
class Code:
    """A square of `size` modules a side, rim and all, and the path of what is black in it."""

    size: int
    path: str


def code(text: str) -> Code:
    """The code of a link. A quarter of it may be creased, wet or torn."""
    drawn = qrcode.QRCode(error_correction=ERROR_CORRECT_Q, border=_RIM)
    drawn.add_data(text)
    drawn.make()
    rows = drawn.get_matrix()
    runs = [
        f"M{x} {y}h{length}v1h-{length}z" for y, row in enumerate(rows) for x, length in _runs(row)
    ]
    return Code(size=len(rows), path="".join(runs))


def _runs(row: list[bool]) -> list[tuple[int, int]]:
    """Where black begins in a row, and how many modules it lasts."""
    found: list[tuple[int, int]] = []
    for x, black in enumerate(row):
        if black and found and sum(found[-1]) == x:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        elif black:
            found.append((x, 1))
    return found
