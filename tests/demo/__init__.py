"""`make run`: the whole service on this machine, with made-up people in it."""
