"""What the base itself makes of a row, and where it puts it."""
