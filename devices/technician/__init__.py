"""The technician's commands: what is connected, what is wrong, does it work."""
