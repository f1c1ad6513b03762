"""PURE: everything that can happen to a kiosk, as frozen values: touches, cards, answers, devices, timers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from contract.branding import Branding
from contract.catalogue import Catalogue
from contract.messages import Person, QueueState, TicketSlip
from devices.tickets import Proof

# ---------------------------------------------------------------- what a citizen does


class Touch:
    """A touch on the screen; every touch counts as a sign of life for the idle timer."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Touched(Touch):
    """A touch that presses nothing, or scrolls."""


@dataclass(frozen=True, slots=True)
class ChooseZone(Touch):
    """A zone on the home screen."""

    zone: str


@dataclass(frozen=True, slots=True)
class ChooseService(Touch):
    """A service as a whole: its sheet, without an item."""

    service: str


@dataclass(frozen=True, slots=True)
class ChooseItem(Touch):
    """An item: its guide sheet."""

    item: str


@dataclass(frozen=True, slots=True)
class ChooseOption(Touch):
    """An answer to a question of the guide sheet, both by position; the same again takes it back."""

    question: int
    option: int


@dataclass(frozen=True, slots=True)
class Take(Touch):
    """无证取号, or 取号 for the person whose card was read before."""


@dataclass(frozen=True, slots=True)
class TakeService(Touch):
    """取号 for a service straight from the welcome of a card."""

    service: str


@dataclass(frozen=True, slots=True)
class OpenReprint(Touch):
    """补打号票."""


@dataclass(frozen=True, slots=True)
class OpenKeypad(Touch):
    """输入号码."""


@dataclass(frozen=True, slots=True)
class KeyPressed(Touch):
    """A key of the on-screen keypad: one letter or digit, ``delete`` or ``clear``."""

    key: str


@dataclass(frozen=True, slots=True)
class Confirm(Touch):
    """确定 on the keypad."""


@dataclass(frozen=True, slots=True)
class ReprintTicket(Touch):
    """补打 of one of the tickets shown, by ticket id."""

    ticket: str


@dataclass(frozen=True, slots=True)
class PrintAgain(Touch):
    """再次打印 on the number screen after the paper failed."""


@dataclass(frozen=True, slots=True)
class Back(Touch):
    """返回."""


@dataclass(frozen=True, slots=True)
class GoHome(Touch):
    """首页, 完成: the citizen is finished; the session ends."""


@dataclass(frozen=True, slots=True)
class Stay(Touch):
    """继续办理 on the idle warning."""


@dataclass(frozen=True, slots=True)
class ToggleElder(Touch):
    """大字版 / 标准字."""


@dataclass(frozen=True, slots=True)
class ToggleContrast(Touch):
    """高对比 on or off."""


@dataclass(frozen=True, slots=True)
class CallForGuide(Touch):
    """呼叫人工."""


@dataclass(frozen=True, slots=True)
class BrowseGuides(Touch):
    """查看办事指南 while the hall server is away."""


@dataclass(frozen=True, slots=True)
class OpenTechnician(Touch):
    """Five seconds on the clock."""


# ---------------------------------------------------------------- what the card reader says


@dataclass(frozen=True, slots=True)
class CardFound:
    """A card lies there and is being read."""


@dataclass(frozen=True, slots=True)
class CardRead:
    """A card was read; ``expired`` only makes the screen mention it."""

    person: Person
    expired: bool = False


@dataclass(frozen=True, slots=True)
class CardRefused:
    """The card could not be used; the sentence says so politely."""

    sentence: str


@dataclass(frozen=True, slots=True)
class CardGone:
    """The card that was read has been taken away."""


# ---------------------------------------------------------------- what the scanner says


@dataclass(frozen=True, slots=True)
class Scanned(Touch):
    """A code was held before the scanner; what it says is the citizen's input, never a command."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ScanRefused(Touch):
    """A code that cannot be used; the sentence says so politely."""

    sentence: str


# ---------------------------------------------------------------- answers; ``attempt`` is the effect's own


@dataclass(frozen=True, slots=True)
class Issued:
    """The hall gave a number, or named the one that this person already has."""

    attempt: int
    slip: TicketSlip
    existing: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Open tickets, oldest first; ``promised``: codes of appointments of today."""

    attempt: int
    slips: tuple[TicketSlip, ...]
    promised: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GuideComing:
    """The hall has told the guides."""

    attempt: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The hall said no, with its reason for the citizen."""

    attempt: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No answer in time: it may or may not have been carried out."""

    attempt: int


@dataclass(frozen=True, slots=True)
class Printed:
    """The printer is done with the job."""

    attempt: int
    proof: Proof


@dataclass(frozen=True, slots=True)
class PrintRefused:
    """The printer took nothing: paper out, cover open, not there; the sentence is for the citizen."""

    attempt: int
    sentence: str


# ---------------------------------------------------------------- what the hall and the box say


@dataclass(frozen=True, slots=True)
class ServerGone:
    """The hall server has not been heard for a while."""


@dataclass(frozen=True, slots=True)
class ServerBack:
    """The hall server is heard and answers."""


@dataclass(frozen=True, slots=True)
class LoneChanged:
    """Numbers that this kiosk can issue alone, by service, and how many of its own the hall does not have."""

    ready: Mapping[str, int]
    away: int = 0


@dataclass(frozen=True, slots=True)
class CameHome:
    """The hall has taken numbers that were issued here alone; ``void`` of them have no place in a queue."""

    home: int
    void: int = 0


@dataclass(frozen=True, slots=True)
class CatalogueArrived:
    """Zones, services and items, from the hall or from the cache."""

    catalogue: Catalogue


@dataclass(frozen=True, slots=True)
class Branded:
    """The hall's own colour and logo, from the hall or from the cache."""

    branding: Branding


@dataclass(frozen=True, slots=True)
class QueueChanged:
    """The whole picture of one service's queue."""

    queue: QueueState


@dataclass(frozen=True, slots=True)
class Configured:
    """What the hall set for this station; its secret stays in the session."""

    hall_name: str
    station_name: str = ""
    elder_age: int = 60
    idle_seconds: int = 60
    identity: bool = True
    zones: tuple[str, ...] = ()
    errands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DayChanged:
    """The hall's business day, YYYY-MM-DD."""

    day: str


@dataclass(frozen=True, slots=True)
class DeviceChanged:
    """A device became usable or not; the words are for the technician's page.

    ``public`` is what a citizen may be told of it ("打印机缺纸"), or ''.
    """

    kind: str
    name: str
    ready: bool
    state: str = ""
    sentence: str = ""
    action: str = ""
    identity: str = ""
    public: str = ""


@dataclass(frozen=True, slots=True)
class TakenOutOfService:
    """The hall or a technician closed this kiosk; an empty reason opens it again."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """A screen or a step broke: the session ends, nothing of it is kept."""


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A timer that an effect started has run out."""

    name: str


Citizen = Touch | CardFound | CardRead | CardRefused
Event = (
    Touch
    | CardFound
    | CardRead
    | CardRefused
    | CardGone
    | Issued
    | Found
    | GuideComing
    | Refused
    | Unanswered
    | Printed
    | PrintRefused
    | ServerGone
    | ServerBack
    | LoneChanged
    | CameHome
    | CatalogueArrived
    | Branded
    | QueueChanged
    | Configured
    | DayChanged
    | DeviceChanged
    | TakenOutOfService
    | Failed
    | TimerFired
)
