"""Bytes and their meaning: pure functions, no port, no clock."""
