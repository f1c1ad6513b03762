"""What a box of the hall tells of itself and its devices, and what the hall tells it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from contract.messages.envelope import CONTRACT_VERSION, Message


class StationKind(StrEnum):
    """What a box is for."""

    KIOSK = "kiosk"
    BOARD = "board"
    SIGN = "sign"
    ANNOUNCER = "announcer"
    SERVER = "server"


class Presence(StrEnum):
    """Life of a station, in the words of Homie 5."""

    INIT = "init"
    READY = "ready"
    ALERT = "alert"
    SLEEPING = "sleeping"
    DISCONNECTED = "disconnected"
    LOST = "lost"


class Owner(StrEnum):
    """Who must act on a fault."""

    CITIZEN = "citizen"
    STAFF = "staff"
    TECHNICIAN = "technician"
    NOBODY = "nobody"


class DeviceHealth(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """State of one piece of hardware: ``sentence`` says what is wrong, ``action`` what ``owner`` must do.

    ``condition`` is all of it in one word of devices.health.Condition, '' from an older station;
    ``counters`` count what it did and suffered in all runs: ``tickets``, ``paper_mm``, ``faults.paper_out``.
    """

    name: str
    kind: str
    state: str
    sentence: str = ""
    action: str = ""
    owner: Owner = Owner.NOBODY
    since_ms: int = 0
    identity: str = ""
    condition: str = ""
    counters: dict[str, int] = msgspec.field(default_factory=dict)


class StationState(Message, frozen=True, kw_only=True, omit_defaults=True):
    """Birth, presence and last will of a station; a will with another ``boot`` than the birth is stale."""

    s: Presence
    boot: str
    kind: StationKind
    at_ms: int = 0


class StationInfo(Message, frozen=True, kw_only=True, omit_defaults=True):
    """What a station is: retained, sent at birth.

    ``serves``: its board or window. ``zones``: the only zones of it whose calls an announcer speaks, none =
    all. ``confirms``: it reports what became of calls (CallReports); an older station does not.
    """

    kind: StationKind
    software: str
    contract: str = CONTRACT_VERSION
    place: str = ""
    serves: str = ""
    devices: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    confirms: bool = False


class StationHealth(Message, frozen=True, kw_only=True, omit_defaults=True):
    """Beat of a station (each 8 s and on change): devices, and what it knows of itself."""

    boot: str
    at_ms: int
    devices: tuple[DeviceHealth, ...] = ()
    showing: str = ""
    clock_offset_ms: int = 0
    counters: dict[str, int] = msgspec.field(default_factory=dict)


class Applied(Message, frozen=True, kw_only=True, omit_defaults=True):
    """Which version of its configuration a station runs, or why it refused it."""

    version: str
    ok: bool
    sentence: str = ""


class CommandResult(Message, frozen=True, kw_only=True, omit_defaults=True):
    """A station's answer to a command of the hall."""

    id: str
    ok: bool
    sentence: str = ""


class StationConfig(Message, frozen=True, kw_only=True, omit_defaults=True):
    """What a station needs of the hall: retained on its own ``down/cfg``. Holds a secret; never logged.

    ``zones`` that a kiosk offers, by id; empty leaves it to the kiosk's own file, and there means all.
    ``errands`` that it offers (contract.errands), empty = all. ``closed``: why the hall has closed it for
    citizens, '' while it serves.
    """

    version: str
    hall_name: str
    station_name: str = ""
    person_key: str = ""
    elder_age: int = 60
    idle_seconds: int = 60
    zones: tuple[str, ...] = ()
    errands: tuple[str, ...] = ()
    closed: str = ""


class Command(Message, frozen=True, kw_only=True, omit_defaults=True):
    """An order to a station (``reload``, ``test_print``, ``volume`` …); void after ``expires_ms``."""

    id: str
    op: str
    expires_ms: int
    args: dict[str, str] = msgspec.field(default_factory=dict)
