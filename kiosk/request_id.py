"""Request ids: ULIDs, made before the first send, so that a repeat gets the first answer."""

from __future__ import annotations

import secrets
import time

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 26


def new_request_id() -> str:
    """A fresh ULID: 48 bits of the machine's own milliseconds, 80 bits by chance."""
    number = (time.time_ns() // 1_000_000 & (1 << 48) - 1) << 80 | secrets.randbits(80)
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(LENGTH)))
