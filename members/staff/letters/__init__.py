"""Letters as staff see them: tomorrow's mail, one letter, every kind, and who gets none."""
