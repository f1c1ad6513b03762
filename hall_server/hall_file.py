"""The hall's description as it stands in its TOML file and item list: every table, key and limit."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

import msgspec

from contract import catalogue as cat
from contract.errands import Errand
from contract.messages import StationKind
from contract.topics import IDENTIFIER
from hall_server.hall.plan import CallingKind, NoShowPolicy, Postponing

Id = Annotated[str, msgspec.Meta(pattern=f"^{IDENTIFIER.pattern}$")]
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Minutes = Annotated[int, msgspec.Meta(ge=0, le=1440)]
Clock = Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Span = Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")]


# tables that tell of the box and its wires, not of the hall: they change with the file and a restart only
OF_THE_BOX = (
    "broker",
    "web",
    "backup",
    "catalogue",
    "accounts",
    "stations",
    "callboxes",
    "ledbars",
    "lights",
)

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"]
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


class HallPart(Part, frozen=True, kw_only=True):
    """[hall]: who we are. ``public_url`` is where a phone reaches the ticket page; '' prints no QR."""

    id: Id
    name: str
    public_url: str = ""
    notices: tuple[str, ...] = ()
    day_closes_at: Clock = "23:59"
    elder_age: Annotated[int, msgspec.Meta(ge=50, le=100)] = 60
    announce: bool = True


class BrandingPart(Part, frozen=True, kw_only=True):
    """[branding]: the hall's own look. ``colour``: #rrggbb, checked for contrast, '' = as we come; ``logo``:
    a PNG of at most 24,000 bytes as base64, '' = none; ``logo_on_tickets``: it heads paper tickets, too.

    The picture itself stands here, so that it goes wherever the description goes: drafts, versions, files,
    backups, another box."""

    colour: Annotated[str, msgspec.Meta(pattern=r"^(#[0-9a-f]{6})?$")] = ""
    logo: bytes = b""
    logo_on_tickets: bool = False


class RulesPart(Part, frozen=True, kw_only=True):
    """[rules]: rules of the hall; the yellow, red, idle and guide minutes are those of the manager's page."""

    recalls_before_no_show: Annotated[int, msgspec.Meta(ge=0, le=20)] = 3
    no_show_policy: NoShowPolicy = NoShowPolicy.END
    back_places: Annotated[int, msgspec.Meta(ge=1, le=100)] = 3
    return_places: Annotated[int, msgspec.Meta(ge=0, le=100)] = 2
    call_expires_seconds: Annotated[int, msgspec.Meta(ge=10, le=300)] = 45
    undo_seconds: Annotated[int, msgspec.Meta(ge=0, le=300)] = 30
    open_per_person: Annotated[int, msgspec.Meta(ge=1, le=50)] = 3
    hoarding_per_day: Annotated[int, msgspec.Meta(ge=2, le=1000)] = 8
    postpone: Postponing = Postponing.PARK
    postpone_places: Annotated[int, msgspec.Meta(ge=1, le=100)] = 5
    postpone_minutes: Annotated[int, msgspec.Meta(ge=1, le=120)] = 10
    postpones_per_ticket: Annotated[int, msgspec.Meta(ge=0, le=10)] = 1
    early_minutes: Minutes = 30
    grace_minutes: Minutes = 10
    late_minutes: Minutes = 30
    stop_before_closing: bool = True
    second_visit_days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 30
    poor_contact_hours: Annotated[int, msgspec.Meta(ge=1, le=720)] = 24
    poor_close_days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 15
    wait_yellow_minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] = 20
    wait_red_minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] = 40
    service_yellow_minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] = 20
    service_red_minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] = 40
    idle_minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] = 5
    guide_minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] = 3
    green_reasons: tuple[str, ...] = ("age", "disabled", "serviceman", "pregnant", "talent")


class BookingPart(Part, frozen=True, kw_only=True):
    """[booking]: whether residents book appointments, for services with ``ring_fenced``, and when.

    From ``days_ahead`` before the day to ``lead_minutes`` before the slot; slots lie within ``hours`` on
    ``days`` that are no holidays. ``per_person``: promises one person may hold; ``per_address``: bookings an
    hour from one address (phones behind one carrier share it).
    """

    open: bool = False
    days_ahead: Annotated[int, msgspec.Meta(ge=0, le=90)] = 7
    lead_minutes: Minutes = 0
    hours: tuple[Span, ...] = ("09:00-12:00", "13:30-17:00")
    days: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
    per_person: Annotated[int, msgspec.Meta(ge=1, le=50)] = 3
    per_address: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 12


class VoicePart(Part, frozen=True, kw_only=True):
    """[voice]: how calls are worded, and whether this box renders clips in the background; ``quiet``: hours
    in which no ordinary broadcast is spoken."""

    wording: Annotated[str, msgspec.Meta(pattern="^(number-first|please-first)$")] = "number-first"
    one: Annotated[str, msgspec.Meta(pattern="^(幺|一)$")] = "幺"
    voice: str = "zf_xiaoxiao"
    render: bool = True
    quiet: tuple[Span, ...] = ()


class PronunciationPart(Part, frozen=True, kw_only=True):
    """[[pronunciations]]: how the voice reads a word; ``spoken`` is pinyin with tone numbers (chong2 qing4)
    or other characters that sound as wanted."""

    written: Annotated[str, msgspec.Meta(pattern=r"^[^\s{}]{1,32}$")]
    spoken: Annotated[str, msgspec.Meta(pattern=r"^[^{}\t\n]{1,64}$")]


class BroadcastTextPart(Part, frozen=True, kw_only=True):
    """[[broadcasts]]: a text that managers have spoken; ＿＿ in it is filled in before. An ``urgent`` one
    interrupts calls and is repeated until stopped."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    urgent: bool = False
    times: Annotated[int, msgspec.Meta(ge=1, le=10)] = 2
    every_seconds: Annotated[int, msgspec.Meta(ge=0, le=3600)] = 60


class BrokerPart(Part, frozen=True, kw_only=True):
    """[broker]: our own Mosquitto on loopback, or the hall's own by ``address`` (host:port)."""

    port: Port = 18830
    address: str = ""
    user: str = "hall-server"
    secret_file: str = ""


class LanPart(Part, frozen=True, kw_only=True):
    """[web.lan]: the pages on the hall's LAN over TLS, once accounts exist. ``plain_port`` serves without
    TLS what is public (phones' ticket pages, blobs for stations), 0 = nothing. ``names``: further host
    names. ``certificate`` and ``key``: PEM files of the hall's own; without them the hall makes its own."""

    host: str = "0.0.0.0"
    port: Port = 18443
    plain_port: Port = 18088
    names: tuple[str, ...] = ()
    certificate: str = ""
    key: str = ""


class WebPart(Part, frozen=True, kw_only=True):
    """[web]: where pages and large things are served on this machine (loopback), and [web.lan]."""

    host: str = "127.0.0.1"
    port: Port = 18080
    lan: LanPart | None = None


class BackupPart(Part, frozen=True, kw_only=True):
    """[backup]: a backup of everything each day at ``daily_at`` ('' = only when asked for), into ``backups/``
    of the hall's folder; ``keep`` of the daily ones stay. ``copy_to``: a folder on another disk or machine
    that gets each one too; it must exist."""

    daily_at: Clock | Literal[""] = "03:30"
    keep: Annotated[int, msgspec.Meta(ge=1, le=366)] = 7
    copy_to: str = ""


class AccountsPart(Part, frozen=True, kw_only=True):
    """[accounts]: ``sample = true`` makes a sample hall: made-up accounts without passwords, a
    one-time link to come in. Never for a real hall; refused together with [web.lan]."""

    sample: bool = False


class ZonePart(Part, frozen=True, kw_only=True):
    """[[zones]]."""

    id: Id
    name: str
    icon: str = ""


class ServicePart(Part, frozen=True, kw_only=True):
    """[[services]]: a queue; ``items`` are item codes, ``departments`` adds all of a department."""

    id: Id
    name: str
    zone: Id
    prefix: Annotated[str, msgspec.Meta(pattern="^[A-Z]{1,2}$")]
    first: Annotated[int, msgspec.Meta(ge=0, le=9000)] = 1
    width: Annotated[int, msgspec.Meta(ge=2, le=5)] = 3
    mean_minutes: Annotated[float, msgspec.Meta(gt=0, le=240)] = 8.0
    items: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    group: str = ""
    slot_minutes: Annotated[int, msgspec.Meta(ge=5, le=720)] = 60
    slot_quota: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    ring_fenced: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    issue_until: Clock | None = None
    closes: Clock | None = None


class CallingPart(Part, frozen=True, kw_only=True):
    """[[calling]]: how a group of services (or one service) calls."""

    group: str
    rule: CallingKind
    green_weight: Annotated[float, msgspec.Meta(ge=1, le=100)] = 3.0
    appointment_weight: Annotated[float, msgspec.Meta(ge=1, le=100)] = 2.0
    ratio: Annotated[int, msgspec.Meta(ge=1, le=100)] = 2
    ratio_normal: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1
    aged_minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] = 20
    green_share_percent: Annotated[int, msgspec.Meta(ge=1, le=100)] = 100
    max_wait_minutes: Minutes = 0


class ShiftPart(Part, frozen=True, kw_only=True):
    """[[rota]]: what windows do from-to; ``days`` of mon tue wed thu fri sat sun holiday, default mon–fri.
    One that ends no later than it begins goes on past midnight and belongs to the day on which it began."""

    windows: tuple[Id, ...]
    begins: Clock
    ends: Clock
    days: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
    closed: bool = False
    services: tuple[Id, ...] = ()
    name: str = ""


class WindowPart(Part, frozen=True, kw_only=True):
    """[[windows]]: a service point; ``callbox`` and ``ledbar`` are its addresses on those lines, 0 = none."""

    id: Id
    label: str
    name: str = ""
    zone: Id
    services: tuple[Id, ...]
    helps_with: tuple[Id, ...] = ()
    open: bool = False
    callbox: Annotated[int, msgspec.Meta(ge=0, le=255)] = 0
    ledbar: Annotated[int, msgspec.Meta(ge=0, le=0xFFFD)] = 0


class BoardPart(Part, frozen=True, kw_only=True):
    """[[boards]]: a call board and its sound zone; no zones = all."""

    id: Id
    title: str
    zones: tuple[Id, ...] = ()
    rows: Annotated[int, msgspec.Meta(ge=4, le=20)] = 10


class KioskPart(Part, frozen=True, kw_only=True):
    """[[kiosks]]: what the kiosk with this station's ``id`` offers; no zones = what its own file says, else
    all; no errands = all. A row for a station that is not there has no effect."""

    id: Id
    zones: tuple[Id, ...] = ()
    errands: tuple[Errand, ...] = ()


class StationPart(Part, frozen=True, kw_only=True):
    """[[stations]]: a box that may log in; its secret is read from ``secret_file`` (made when absent)."""

    id: Id
    kind: StationKind
    name: str = ""
    place: str = ""


class DevicePart(Part, frozen=True, kw_only=True):
    """[callboxes]: the line of call boxes wired to this box; ``driver`` and its options."""

    driver: str = "callbox"
    port: str
    options: dict[str, Any] = {}


class LedBarPart(DevicePart, frozen=True, kw_only=True):
    """[ledbars]: the line of LED bars wired to this box; windows name theirs by ``ledbar``."""

    driver: str = "ledbar"


class LightPart(DevicePart, frozen=True, kw_only=True):
    """[lights]: lights above windows; each of the driver's ``positions`` is a window's id."""

    driver: str = "guide_lights"


class HallFile(Part, frozen=True, kw_only=True):
    """The whole file."""

    hall: HallPart
    branding: BrandingPart = BrandingPart()
    rules: RulesPart = RulesPart()
    booking: BookingPart = BookingPart()
    voice: VoicePart = VoicePart()
    broker: BrokerPart = BrokerPart()
    web: WebPart = WebPart()
    backup: BackupPart = BackupPart()
    accounts: AccountsPart = AccountsPart()
    catalogue: str
    zones: tuple[ZonePart, ...]
    services: tuple[ServicePart, ...]
    windows: tuple[WindowPart, ...]
    boards: tuple[BoardPart, ...]
    calling: tuple[CallingPart, ...] = ()
    rota: tuple[ShiftPart, ...] = ()
    holidays: tuple[datetime.date, ...] = ()
    pronunciations: tuple[PronunciationPart, ...] = ()
    broadcasts: tuple[BroadcastTextPart, ...] = ()
    kiosks: tuple[KioskPart, ...] = ()
    stations: tuple[StationPart, ...] = ()
    callboxes: DevicePart | None = None
    ledbars: LedBarPart | None = None
    lights: LightPart | None = None


class ItemFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One item of the list that ``catalogue`` names."""

    code: str
    name: str
    department: str
    zone: str
    handling: str
    statutory_days: int
    promised_days: int
    fee: str
    service_minutes: int
    terminal: bool
    appointment: bool
    materials: tuple[cat.Material, ...]
    situations: tuple[cat.Situation, ...]
