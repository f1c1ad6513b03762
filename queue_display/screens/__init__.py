"""Hall board and window sign."""
