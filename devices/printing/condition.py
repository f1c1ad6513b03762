"""What a printer's status bits mean for people: sentence, action, owner; and what was printed so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from devices.faults import Cause, Fault, Owner
from devices.printing.profiles import DOTS_PER_MM
from devices.protocols.escpos_bytes import Trouble

_STAFF, _TECHNICIAN = Owner.STAFF, Owner.TECHNICIAN

FAULTS: dict[Trouble, Fault] = {
    Trouble.PAPER_OUT: Fault("paper_out", "打印机缺纸", "打开上盖装入新纸卷，盖好", _STAFF),
    Trouble.COVER_OPEN: Fault("cover_open", "打印机上盖没有盖好", "把上盖按紧", _STAFF, Cause.PERSON),
    Trouble.CUTTER: Fault("cutter", "打印机切刀卡住", "断电，打开上盖取出卡纸，再通电", _STAFF),
    Trouble.MECHANICAL: Fault("mechanical", "打印机机械故障", "打开上盖检查是否卡纸，盖好后重试", _STAFF),
    Trouble.UNRECOVERABLE: Fault(
        "unrecoverable", "打印机严重故障", "断电重启；仍报错请更换打印机", _TECHNICIAN
    ),
    Trouble.HEAD_HOT: Fault("head_hot", "打印头过热，正在降温", "稍候会自动恢复", Owner.NOBODY),
    Trouble.OFFLINE: Fault("offline", "打印机脱机", "按打印机上的联机键，或断电重启", _STAFF),
    Trouble.FEEDING: Fault("feeding", "打印机正在走纸", "松开走纸键", _STAFF, Cause.PERSON),
    Trouble.PAPER_NEAR_END: Fault("paper_near_end", "打印纸快用完了", "准备新纸卷，方便时更换", _STAFF),
}
"""In the order in which a person should be told of them."""

STOPPING = frozenset(FAULTS) - {Trouble.PAPER_NEAR_END, Trouble.FEEDING}
"""With one of these nothing comes out."""


def faults(troubles: Iterable[Trouble]) -> tuple[Fault, ...]:
    """The faults, most important first; 'offline' is left out when its cause is known."""
    found = set(troubles)
    if found & (STOPPING - {Trouble.OFFLINE}):
        found.discard(Trouble.OFFLINE)
    return tuple(fault for trouble, fault in FAULTS.items() if trouble in found)


class NearEnd:
    """A near-end sensor that bounces: believed after two readings alike, gone after five."""

    def __init__(self) -> None:
        self.on = False
        self._against = 0

    def read(self, on: bool) -> bool:
        """Take a reading; what is to be believed now."""
        self._against = 0 if on == self.on else self._against + 1
        if self._against >= (5 if self.on else 2):
            self.on, self._against = on, 0
        return self.on


@dataclass(slots=True)
class Counters:
    """Over all runs: tickets, cuts, rows of dots printed, rows since paper was loaded, rolls, recoveries."""

    tickets: int = 0
    cuts: int = 0
    rows: int = 0
    rows_of_roll: int = 0
    rolls: int = 0
    cutter_recoveries: int = 0
    was_out: bool = False

    def all(self) -> dict[str, int]:
        """By name, in millimetres, as they are kept."""
        return {
            "tickets": self.tickets,
            "cuts": self.cuts,
            "paper_mm": self.rows // DOTS_PER_MM,
            "roll_mm": self.rows_of_roll // DOTS_PER_MM,
            "rolls": self.rolls,
            "cutter_recoveries": self.cutter_recoveries,
        }

    def resume(self, counts: Mapping[str, int]) -> None:
        """Go on from what was kept."""
        self.tickets += counts.get("tickets", 0)
        self.cuts += counts.get("cuts", 0)
        self.rows += counts.get("paper_mm", 0) * DOTS_PER_MM
        self.rows_of_roll += counts.get("roll_mm", 0) * DOTS_PER_MM
        self.rolls += counts.get("rolls", 0)
        self.cutter_recoveries += counts.get("cutter_recoveries", 0)

    def printed(self, rows: int, *, cut: bool) -> None:
        """A ticket went out."""
        self.tickets += 1
        self.cuts += cut
        self.rows += rows
        self.rows_of_roll += rows

    def paper(self, *, out: bool) -> None:
        """The paper sensor was read: a roll that comes after none is new."""
        if self.was_out and not out:
            self.rows_of_roll = 0
            self.rolls += 1
        self.was_out = out

    @property
    def roll_metres(self) -> float:
        """Paper used since the last change of roll."""
        return self.rows_of_roll / DOTS_PER_MM / 1000

    def details(self) -> dict[str, str]:
        """For the technician's page."""
        return {name: str(value) for name, value in self.all().items()}
