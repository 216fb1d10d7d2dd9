"""A newsroom of a million members, made up in minutes, and how long each report on it takes."""
