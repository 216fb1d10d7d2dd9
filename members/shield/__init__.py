"""The shield: what the public forms ask for while somebody presses them (stolen cards, machines).

levels    what the pressure calls for: a pure function, with hysteresis
watch     the level that holds now, its changes as rows, the staff's word over it
proofs    a sum that a browser does: asked for while we are PRESSED
orders    what waits for the link in a letter: asked for in a STORM
"""
