"""The hall's own look as its stations read it: one JSON document, fetched as the blob ``branding``.

Published by the hall server in ``ServerState.blobs["branding"]``; a station shows its cached copy when the
server is away. Unknown fields are ignored and every field added later has a default.
"""

from __future__ import annotations

import msgspec

from contract.schema import decode

BLOB = "branding"
LARGEST_BYTES = 256 * 1024


class Raster(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A picture for ticket printers: rows of dots from the top, each row ``(width + 7) // 8`` bytes, the
    leftmost dot in the highest bit, 1 = black."""

    width: int
    height: int
    rows: bytes

    @property
    def whole(self) -> bool:
        """Whether there are as many bytes as it says."""
        return 0 < self.width <= 384 and len(self.rows) == (self.width + 7) // 8 * self.height


class Branding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``colour``: #rrggbb, '' = as we come; ``logo``: a PNG, b'' = none; ``ticket``: the logo for the head of
    paper tickets, None = not printed there."""

    colour: str = ""
    logo: bytes = b""
    ticket: Raster | None = None


def read_branding(document: bytes) -> Branding:
    """Parse a fetched document. Raises contract.schema.BrokenPayload."""
    return decode(Branding, document, limit_bytes=LARGEST_BYTES)
