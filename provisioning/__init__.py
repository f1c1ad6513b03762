"""The technician's side: what a box needs, how it gets it, and the hall that one command starts."""
