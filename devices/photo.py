"""The plug-in point for a card's photo: the vendor's decoder, in its own process, or none at all.

No open, licensed decoder of the WLT block exists and none may be made (DEVICES §1.6). A hall whose reader
came with one names the program that wraps it (``photo_decoder`` of the reader); a decoder that sends the
photo to another machine must not be used. Without one the photo stays closed and every step goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from devices.faults import DeviceError
from devices.vendor_process import VendorProcess

UNAVAILABLE = "照片不可用"
PHOTO_BYTES = 38_862
"""A BMP of 102 x 126 points with 24 bits each."""
_LIMIT_SECONDS = 3.0


@dataclass(frozen=True, slots=True, repr=False)
class Photo:
    """``bmp`` is a picture or b''; then ``reason`` is the sentence for whoever wants to see it."""

    bmp: bytes = b""
    reason: str = ""

    def __repr__(self) -> str:
        return f"Photo({len(self.bmp)} bytes)"


class PhotoDecoder:
    """Decodes one photo at a time; ``program`` empty means that there is no decoder."""

    def __init__(self, program: Sequence[str] = (), *, limit_seconds: float = _LIMIT_SECONDS) -> None:
        self._process = VendorProcess("照片解码", program, limit_seconds=limit_seconds) if program else None

    @property
    def available(self) -> bool:
        """Was a decoder named?"""
        return self._process is not None

    def decode(self, wlt: bytes) -> Photo:
        """The photo of a card's opaque block. Never raises: without a photo everything else goes on."""
        if self._process is None or not wlt:
            return Photo(reason=UNAVAILABLE)
        try:
            bmp = self._process.call("decode", {"wlt": wlt})
        except DeviceError as error:
            return Photo(reason=f"{UNAVAILABLE}：{error.fault.sentence}")
        if not isinstance(bmp, bytes) or len(bmp) != PHOTO_BYTES or bmp[:2] != b"BM":
            return Photo(reason=f"{UNAVAILABLE}：解码结果不是照片")
        return Photo(bmp)

    def close(self) -> None:
        """End the decoder's process; nothing of a photo stays."""
        if self._process is not None:
            self._process.stop()
