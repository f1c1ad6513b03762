"""What each kind of device can do, as records: screens ask these and never look at a model's name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What every device says of itself.

    ``can_status`` False: how it is stays unknown. ``can_identify`` False: a replaced unit is not noticed.
    """

    can_status: bool = True
    can_identify: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class IdCardReaderCapabilities(Capabilities):
    """``cards`` are words of CardKind; ``prints`` and ``newest_address`` whether it can read those;
    ``media`` whether it tells that a card still lies there; ``photo_decoder`` whether photos can be shown."""

    cards: tuple[str, ...]
    prints: bool = False
    newest_address: bool = False
    media: bool = True
    photo_decoder: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CardReaderCapabilities(Capabilities):
    """Smart cards: ``applications`` are words of Application; ``media`` as above."""

    applications: tuple[str, ...]
    media: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterCapabilities(Capabilities):
    """A ticket printer: ``dots`` per line, ``can_status`` False means paper is always unknown.

    ``near_end`` whether its sensor can be believed; ``proof`` whether it can say that a ticket came out;
    ``media`` whether it can say that the ticket was taken.
    """

    dots: int
    can_cut: bool
    native_qr: bool
    text_hanzi: bool
    picture: bool
    near_end: bool = False
    proof: bool = False
    media: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPrinterCapabilities(Capabilities):
    """A page printer: ``paper`` sizes by name; ``proof`` whether *done* means that the paper came out."""

    paper: tuple[str, ...] = ("A4",)
    proof: bool = False
    cancel: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraCapabilities(Capabilities):
    """Size of a still picture in pixels, and of a preview."""

    width: int
    height: int
    preview_width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannerCapabilities(Capabilities):
    """``longest`` code in characters; all of them give printable ASCII."""

    longest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBoxCapabilities(Capabilities):
    """``addresses`` on the line; ``display`` whether text can be shown on a box."""

    addresses: tuple[int, ...]
    display: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LedBarCapabilities(Capabilities):
    """``addresses`` on the line, half-width ``columns`` of a bar, ``colours`` as words of LedColour (empty:
    one that cannot be chosen); ``read_back`` whether bars tell what they show."""

    addresses: tuple[int, ...]
    columns: int
    colours: tuple[str, ...] = ()
    hanzi: bool = True
    read_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideLightCapabilities(Capabilities):
    """Names of the positions, each with the colours that it has."""

    positions: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerCapabilities(Capabilities):
    """Samples a second and channels of the one stream; ``muted``: its volume is set to 0."""

    rate: int = 48_000
    channels: int = 2
    muted: bool = False


class Media(StrEnum):
    """Is a card or a ticket waiting to be taken? UNKNOWN where the device cannot tell."""

    UNKNOWN = "unknown"
    NONE = "none"
    PRESENT = "present"
