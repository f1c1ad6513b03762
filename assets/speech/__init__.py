"""Wording of calls, and the clips that are rendered for them."""
