"""Hall time."""
