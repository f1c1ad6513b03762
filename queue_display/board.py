"""PURE: messages folded into rows of a call board; what blinks and for how long."""
