"""Durable outbox of any station."""
