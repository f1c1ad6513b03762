"""Frames over a half-duplex wire: quiet before sending, the own echo dropped, broken frames counted."""

from __future__ import annotations

from collections import deque
from time import monotonic

from devices.faults import DeviceLost
from devices.link_faults import noisy
from devices.links import Link
from devices.protocols.framed import BadFrame, FrameTemplate, build_frame, take_body

GAP_CHARACTERS = 3.5
BITS = 10
_WRITE_SECONDS = 1.0
_ECHOES = 4
_NOISE_SECONDS = 0.5
"""A wire on which somebody speaks for longer without a gap is of no use."""
_KEPT_BYTES = 8192


def gap_seconds(baud: int) -> float:
    """3.5 characters: the quiet that ends a frame on a shared wire (4 ms at 9600)."""
    return GAP_CHARACTERS * BITS / baud


def until_quiet(link: Link, gap_seconds: float) -> bytes:
    """What came until the wire was quiet for a gap. Raises DeviceLost, also when it never is."""
    came = b""
    deadline = monotonic() + _NOISE_SECONDS
    while data := link.read(256, gap_seconds):
        came = (came + data)[-_KEPT_BYTES:]
        if monotonic() > deadline:
            raise DeviceLost(noisy(link.name))
    return came


class FrameLine:
    """One link and one template; bodies go out and come in. Raises what the link raises."""

    def __init__(self, link: Link, template: FrameTemplate, *, gap_seconds: float) -> None:
        self._link, self._template, self._gap = link, template, gap_seconds
        self._buffer = bytearray()
        self._echoes: deque[bytes] = deque(maxlen=_ECHOES)
        self.bad = self.echoed = self.heard = 0
        """Frames with a wrong check, own echoes dropped, bytes that came in."""

    @property
    def name(self) -> str:
        """The port."""
        return self._link.name

    def open(self) -> None:
        """Open the link and forget what came before."""
        self._link.open()
        self._buffer.clear()
        self._echoes.clear()

    def close(self) -> None:
        """Never raises."""
        self._link.close()

    def presence(self) -> str:
        """As devices.ports.Pluggable."""
        return self._link.presence()

    def send(self, body: bytes) -> list[bytes]:
        """Write a frame after the wire was quiet for a gap; gives the bodies that came until then."""
        found = self._take(until_quiet(self._link, self._gap))
        self._link.write(build_frame(self._template, body), _WRITE_SECONDS)
        self._echoes.append(body)
        return found

    def receive(self, timeout_seconds: float) -> list[bytes]:
        """The bodies that are whole after the next bytes, or [] at the deadline."""
        return self._take(self._link.read(256, timeout_seconds))

    def _take(self, data: bytes) -> list[bytes]:
        self.heard += len(data)
        self._buffer += data
        found: list[bytes] = []
        while True:
            try:
                body = take_body(self._buffer, self._template)
            except BadFrame:
                self.bad += 1
                continue
            if body is None:
                return found
            if body in self._echoes:
                self._echoes.remove(body)
                self.echoed += 1
            else:
                found.append(body)
