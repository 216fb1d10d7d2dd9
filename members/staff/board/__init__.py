"""The board: whether everything is well, at a glance."""
