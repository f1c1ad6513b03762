"""PURE: one errand of the kiosk a file."""
