"""Lists that staff take out: asked for, agreed to, made in the background, handed out for a day.

exports.asking.ask(...)         who wants which columns of whom, and why; and who agrees
exports.making.carry_on(id)     in a worker: some thousand lines at a time, whoever died before
exports.handing.take(...)       to the one who asked, while it lasts
exports.telling.tell(...)       by letter: that it waits, and what became of it
"""

from members.exports import asking, handing, making, shapes, telling

__all__ = ["asking", "handing", "making", "shapes", "telling"]
