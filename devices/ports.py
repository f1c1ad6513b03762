"""What each kind of hardware can be asked to do, what it can answer, and how it fails.

A port is a protocol; a driver is one file under drivers/ that implements it. Constructors do no I/O.
``open`` may be called again after ``close``. Every operation has a deadline and ends in exactly one
way: a value or one error of the DeviceError family. A driver is used by one worker thread at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

from devices.capabilities import Capabilities, Media, PrinterCapabilities, SpeakerCapabilities
from devices.cards import IdCard, SmartCard
from devices.faults import Fault
from devices.tickets import Proof, Ticket


class Kind(StrEnum):
    """The kinds of hardware that a hall has."""

    ID_CARD_READER = "id_card_reader"
    CARD_READER = "card_reader"
    TICKET_PRINTER = "ticket_printer"
    REPORT_PRINTER = "report_printer"
    CAMERA = "camera"
    SCANNER = "scanner"
    FACE_VERIFIER = "face_verifier"
    CALL_BOX = "call_box"
    LED_BAR = "led_bar"
    GUIDE_LIGHT = "guide_light"
    SPEAKER = "speaker"


class State(StrEnum):
    """Life of a device under its supervisor."""

    ABSENT = "absent"
    OPENING = "opening"
    IDENTIFYING = "identifying"
    READY = "ready"
    FAULTY = "faulty"
    BACKING_OFF = "backing_off"


@dataclass(frozen=True, slots=True)
class Status:
    """What a device says of itself; ``ok`` None means unknown, never healthy."""

    ok: bool | None
    faults: tuple[Fault, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)


class Device(Protocol):
    """What every driver can do."""

    kind: Kind

    @property
    def capabilities(self) -> Capabilities:
        """What it can do: a record for its kind, known from its options, the same before and after open."""

    def open(self) -> None:
        """Open the link. Raises DeviceLost, DeviceMisconfigured."""

    def close(self) -> None:
        """Let go; never raises, may be called at any time and twice."""

    def identify(self) -> str:
        """What a replaced device would answer differently (SAM id, serial), or ''. Raises DeviceError."""

    def heartbeat(self) -> Status:
        """A harmless query within 1 s. Raises DeviceLost when the device does not answer."""


@runtime_checkable
class Pluggable(Protocol):
    """A device whose port can be seen to come and go without opening it; drivers may leave it out."""

    def presence(self) -> str:
        """Changes when something is plugged in or out; '' while nothing is there. Cheap, never raises."""


@runtime_checkable
class Counting(Protocol):
    """A device with maintenance counters (reads, tickets, cuts, millimetres of paper)."""

    def counts(self) -> Mapping[str, int]:
        """All counters by name, since they were resumed. Never waits, never raises."""

    def resume(self, counts: Mapping[str, int]) -> None:
        """Go on from what a former run had counted; called once, before the first open."""


@runtime_checkable
class Telling(Protocol):
    """A device that says by itself how it is when that changes."""

    def told(self) -> Status | None:
        """The news that came by itself, None without any; asks nothing and never waits. Raises DeviceLost."""


@runtime_checkable
class HoldsMedia(Protocol):
    """A device that knows whether a card or ticket still waits to be taken."""

    def media(self) -> Media:
        """Now, within 1 s. Raises DeviceLost."""


# ---------------------------------------------------------------- ID card reader


class IdCardReader(Device, Protocol):
    """Second-generation ID card reader (SDT)."""

    def find(self) -> bool:
        """One poll: True when a card that was not read yet lies there. Raises DeviceLost."""

    def read(self) -> IdCard:
        """Select and read the card found. Raises DeviceRefused (unreadable, unknown kind), DeviceLost."""

    def still_there(self) -> bool:
        """After a read: is the same card still lying there? Raises DeviceLost."""

    def newest_address(self) -> str:
        """After a read: the address appended to the card since it was made, '' without one. DeviceLost."""


# ---------------------------------------------------------------- smart card reader


class CardReader(Device, Protocol):
    """Contact or contactless reader of smart cards (PC/SC)."""

    def find(self) -> bool:
        """One poll: True when a card that was not read yet is there. Raises DeviceLost."""

    def read(self) -> SmartCard:
        """Read the card found. Raises DeviceRefused (unknown card, PIN wanted, refused), DeviceLost."""

    def still_there(self) -> bool:
        """After a read: is the same card still there? Raises DeviceLost."""


# ---------------------------------------------------------------- ticket printer


class TicketPrinter(Device, Protocol):
    """Thermal ticket printer (ESC/POS)."""

    @property
    def capabilities(self) -> PrinterCapabilities:
        """Known after open()."""

    def status(self) -> Status:
        """Paper, cover, cutter, head now; ok None when the printer does not answer status queries."""

    def print(self, ticket: Ticket) -> Proof:
        """Status before, print, cut, proof after. Raises DeviceRefused before a byte was sent when paper
        is out or the cover open; DeviceLost when the link breaks (then the paper is unknown)."""

    def clear(self) -> None:
        """Throw away a held job before any reprint (DLE ENQ 2). Raises DeviceLost."""


# ---------------------------------------------------------------- report printer


class ReportPrinter(Device, Protocol):
    """A4 printer for certificates and copies."""

    def print_pages(self, document: bytes, *, title: str, copies: int = 1, timeout_seconds: float) -> Proof:
        """Print a PDF, PostScript or text document; ends when the printer has it on paper or will not.

        CONFIRMED only when whoever prints says so of the paper; UNKNOWN when it only took the data, or
        when the time ran out and the job could not be withdrawn. Raises DeviceRefused (queue paused,
        paper out: nothing was sent, or the job was withdrawn), DeviceLost. ``title`` holds no names.
        """


# ---------------------------------------------------------------- camera


@dataclass(frozen=True, slots=True, repr=False)
class Frame:
    """One fresh picture: ``pixels`` RGB, 3 bytes each, rows top to bottom; ``number`` rises per frame.

    Its representation shows nothing of it.
    """

    width: int
    height: int
    pixels: bytes
    number: int

    def __repr__(self) -> str:
        return f"Frame({self.width} × {self.height}, {self.number})"


class Camera(Device, Protocol):
    """Document or face camera."""

    def frame(self, *, timeout_seconds: float = 2.0) -> Frame:
        """The next fresh frame for a preview. Raises DeviceLost when none came in time."""

    def still(self, *, timeout_seconds: float = 6.0) -> bytes:
        """The sharpest of a short burst as JPEG at full resolution. Raises DeviceLost."""

    def burst(self, count: int, *, timeout_seconds: float = 8.0) -> tuple[bytes, ...]:
        """Up to ``count`` JPEGs at full resolution, one at least, in their order. Raises DeviceLost."""

    def rest(self) -> None:
        """Switch the sensor off until the next picture is asked for; never raises, may be called twice."""


# ---------------------------------------------------------------- scanner


@dataclass(frozen=True, slots=True, repr=False)
class Scan:
    """What a code says: 1 to 512 printable ASCII characters. Its representation shows nothing of it."""

    text: str

    def __repr__(self) -> str:
        return f"Scan({len(self.text)} characters)"


class Scanner(Device, Protocol):
    """Barcode and QR scanner, on a serial line or playing keyboard."""

    def poll(self, *, timeout_seconds: float = 0.5) -> Scan | None:
        """The next code, or None. What it says is citizen input, never a command. Raises DeviceRefused
        (half a code, foreign characters, too long), DeviceLost."""

    def drop(self) -> None:
        """Throw away what was scanned before anybody wanted it. Raises DeviceLost."""


# ---------------------------------------------------------------- call box


class CallBoxKey(StrEnum):
    """Keys of a hard-wired call box (呼叫器)."""

    NEXT = "next"
    RECALL = "recall"
    ARRIVED = "arrived"
    FINISH = "finish"
    NO_SHOW = "no_show"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class KeyPress:
    """A key on the box with this bus address."""

    address: int
    key: CallBoxKey


class CallBoxBus(Device, Protocol):
    """A line of call boxes: several addresses on one wire."""

    def poll(self, *, timeout_seconds: float = 0.5) -> KeyPress | None:
        """The next press (debounced, own echo dropped), or None. Raises DeviceLost."""

    def show(self, address: int, text: str) -> None:
        """Put up to 8 ASCII characters on the box's display, if it has one. Raises DeviceLost."""


# ---------------------------------------------------------------- speaker


class Speaker(Device, Protocol):
    """One loudspeaker: one stream of 48 kHz stereo 16-bit that never stops; silence between sounds."""

    @property
    def capabilities(self) -> SpeakerCapabilities:
        """The stream, and whether anything of it can be heard."""

    def play(
        self,
        pcm: bytes,
        *,
        done: Callable[[bool], None] | None = None,
        started: Callable[[], None] | None = None,
        label: str = "",
    ) -> None:
        """Queue 48 kHz 16-bit little-endian stereo behind what is playing. ``started`` comes from the audio
        thread as its first samples are handed over, ``done(True)`` after the last; ``done(False)``, from any
        thread, when it was lost. ``label`` names it where sounds are kept. Raises DeviceLost."""

    def silence(self) -> None:
        """Drop what is queued; each waiting ``done`` gets False."""

    def queued_seconds(self) -> float:
        """How much sound is still to be played."""

    def heartbeat_age(self) -> float:
        """Seconds since the sound system last took samples; above 1 the stream is dead."""
