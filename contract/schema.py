"""Mapping (TOML, JSON) to typed frozen values and back."""
