"""What the catalogue keeps: an item with its elements (as GB/T 39554 names them), and versions."""

from __future__ import annotations

import hashlib
from enum import StrEnum

import msgspec

from contract import catalogue as cat
from contract.guide_sheet import SHARED_SOURCE
from hall_server.hall_file import ItemFile


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of what is kept."""


class Paper(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A material (材料). ``may_be_missing`` = 容缺受理, ``waived`` = 免提交: nobody has to bring it."""

    name: str
    needed: bool = True
    copies: int = 0
    pages: int = 0
    may_be_missing: bool = False
    waived: bool = False
    source: str = ""


class Entry(Record, frozen=True, kw_only=True, omit_defaults=True):
    """An item. ``code`` is 业务办理项编码 where it has one, else 实施编码; days are working days, 0 = not
    told (即办 promises 0); ``also`` are further words by which people look for it."""

    code: str
    name: str
    department: str
    task_code: str = ""
    base_code: str = ""
    department_code: str = ""
    kind: str = ""
    version: str = ""
    level: str = ""
    objects: str = ""
    handling: str = ""
    condition: str = ""
    statutory_days: int = 0
    promised_days: int = 0
    visits: int = -1
    address: str = ""
    hours: str = ""
    consult: str = ""
    supervise: str = ""
    in_charge: str = ""
    entered: bool = True
    appointment: bool = False
    terminal: bool = False
    online: bool = False
    area: str = ""
    fee: str = ""
    service_minutes: int = 0
    steps: str = ""
    result: str = ""
    also: str = ""
    materials: tuple[Paper, ...] = ()
    situations: tuple[cat.Situation, ...] = ()

    @property
    def document(self) -> bytes:
        """As it is kept; equal items have equal documents."""
        return msgspec.json.encode(self, order="deterministic")

    @property
    def sample(self) -> bool:
        """Whether it is one of the sample hall's: days, fees and papers are examples."""
        return self.code.startswith("SAMPLE-")


class Origin(StrEnum):
    """How a version came about."""

    SEED = "seed"
    IMPORT = "import"
    EDIT = "edit"
    RESTORE = "restore"


ORIGIN_TEXT = {
    Origin.SEED: "随软件的清单",
    Origin.IMPORT: "导入",
    Origin.EDIT: "修改",
    Origin.RESTORE: "恢复",
}


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A state of the whole catalogue; ``digest`` is that of the imported file, '' where there was none."""

    id: int
    at_ms: int
    by: str
    origin: Origin
    source: str
    digest: str
    items: int
    added: int
    changed: int
    removed: int


class InForce(msgspec.Struct, frozen=True, kw_only=True):
    """Which version the hall works with (0 = the list beside the hall's file), and the one before it;
    ``settled``: the engine has taken it."""

    version: int = 0
    previous: int = 0
    at_ms: int = 0
    by: str = ""
    settled: bool = True


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a list: enough to show and to choose by."""

    row: int
    code: str
    name: str
    department: str


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What a search found; ``total`` is at most ``MOST_COUNTED``."""

    found: tuple[Found, ...]
    total: int


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """An item that two versions have differently; None = it is not in that one."""

    code: str
    before: Entry | None
    after: Entry | None


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """An item from version ``since`` on until before ``until`` (None = still)."""

    since: int
    until: int | None
    entry: Entry


def digest_of(document: bytes) -> str:
    """Short and the same for the same content."""
    return hashlib.sha256(document).hexdigest()[:24]


def entry_of(item: ItemFile) -> Entry:
    """An item of the list beside the hall's file."""
    return Entry(
        code=item.code,
        name=item.name,
        department=item.department,
        task_code=item.code,
        handling=item.handling,
        statutory_days=item.statutory_days,
        promised_days=item.promised_days,
        fee=item.fee,
        service_minutes=item.service_minutes,
        terminal=item.terminal,
        appointment=item.appointment,
        materials=tuple(
            Paper(
                name=m.name,
                needed=m.needed,
                copies=m.copies,
                may_be_missing=m.may_be_missing,
                source=m.source,
                waived=m.source == SHARED_SOURCE,
            )
            for m in item.materials
        ),
        situations=item.situations,
    )


def item_of(entry: Entry) -> ItemFile:
    """As the hall's description takes it."""
    return ItemFile(
        code=entry.code,
        name=entry.name,
        department=entry.department,
        zone="",
        handling=entry.handling,
        statutory_days=entry.statutory_days,
        promised_days=entry.promised_days,
        fee=entry.fee,
        service_minutes=entry.service_minutes,
        terminal=entry.terminal,
        appointment=entry.appointment,
        materials=tuple(map(_material, entry.materials)),
        situations=entry.situations,
    )


def sheet_of(entry: Entry) -> cat.Item:
    """As guide sheets take it."""
    return cat.Item(
        code=entry.code,
        name=entry.name,
        department=entry.department,
        zone="",
        service="",
        materials=tuple(map(_material, entry.materials)),
        situations=entry.situations,
    )


def _material(paper: Paper) -> cat.Material:
    return cat.Material(
        name=paper.name,
        needed=paper.needed,
        copies=paper.copies,
        may_be_missing=paper.may_be_missing,
        source=SHARED_SOURCE if paper.waived else paper.source,
    )
