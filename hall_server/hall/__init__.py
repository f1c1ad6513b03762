"""PURE: the rules of a hall."""
