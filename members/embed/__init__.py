"""What the news site may show of us: a button, a goal meter, a badge. None of it knows a reader."""
