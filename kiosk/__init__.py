"""The kiosk: errands decided purely, carried out by one session, drawn on one kit."""
