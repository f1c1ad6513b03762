"""Append-only journal of the hall."""
