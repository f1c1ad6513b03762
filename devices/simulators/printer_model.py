"""PURE: what a simulated ticket printer is, what it can suffer, and the bytes with which it tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from types import MappingProxyType

FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "paper_out": "缺纸：停在原处，装纸后继续打印",
        "near_end": "纸将用完",
        "cover_open": "上盖打开",
        "cutter_error": "切刀卡住",
        "hot_head": "打印头过热，暂停打印",
        "offline": "脱机",
        "silent": "不应答（照常打印）",
        "stall": "不再接收数据",
        "power_cut": "断电，连接不报告断开",
        "power_cut_fin": "断电，连接断开",
        "unplugged": "拔掉数据线",
        "ticket_left": "号票留在出票口没有取走（有取票传感器的型号）",
    }
)

STOPPING = frozenset(("paper_out", "cover_open", "hot_head", "offline"))
POWERLESS = frozenset(("power_cut", "power_cut_fin"))
GONE = frozenset(("power_cut_fin", "unplugged"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterMake:
    """What kind of printer is simulated. ``rows_per_second`` 0 prints at once; 1,200 is 150 mm/s."""

    dots: int = 576
    rom: str = "gbk"
    model: str = "SIM-80"
    cutter: bool = True
    rows_per_second: int = 0
    buffer_bytes: int = 65536
    roll_rows: int = 0
    clears_held_job: bool = True
    automatic: bool = True
    proof: bool = True
    presenter: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """DLE EOT n: tell how you are."""

    number: int


@dataclass(frozen=True, slots=True)
class Recover:
    """DLE ENQ n: go on after a stuck cutter; ``clear`` throws the held job away."""

    clear: bool


class RealTime:
    """Finds the real-time commands among all bytes that come, also when one comes in two pieces."""

    def __init__(self, *, queries: int) -> None:
        self._queries = queries
        self._tail = b""

    def take(self, data: bytes) -> Iterator[Query | Recover]:
        """The commands in these bytes."""
        seen = self._tail + data
        at = 0
        while (at := seen.find(b"\x10", at)) >= 0 and at + 2 < len(seen):
            if seen[at + 1] == 0x04 and 1 <= seen[at + 2] <= self._queries:
                yield Query(seen[at + 2])
                at += 3
            elif seen[at + 1] == 0x05 and seen[at + 2] in (1, 2):
                yield Recover(clear=seen[at + 2] == 2)
                at += 3
            else:
                at += 1
        self._tail = seen[at:] if at >= 0 else b""


def real_time_status(query: int, faults: Set[str], *, jammed: bool) -> bytes:
    """The one byte that answers DLE EOT ``query``."""
    hot = "hot_head" in faults
    stopped = jammed or hot or bool(faults & {"paper_out", "cover_open", "offline"})
    bits = {
        1: 0x08 * stopped,
        2: 0x04 * ("cover_open" in faults) | 0x20 * ("paper_out" in faults) | 0x40 * (jammed or hot),
        3: 0x08 * jammed | 0x40 * hot,
        4: 0x0C * bool(faults & {"near_end", "paper_out"}) | 0x60 * ("paper_out" in faults),
        5: 0x20 * ("ticket_left" in faults),
    }
    return bytes((0x12 | bits[query],))


def automatic_status(faults: Set[str], *, jammed: bool) -> bytes:
    """The four bytes that GS a makes it send by itself."""
    stopped = jammed or bool(faults & STOPPING)
    first = 0x10 | 0x08 * stopped | 0x20 * ("cover_open" in faults)
    second = 0x08 * jammed | 0x40 * ("hot_head" in faults)
    third = 0x03 * bool(faults & {"near_end", "paper_out"}) | 0x0C * ("paper_out" in faults)
    return bytes((first, second, third, 0))
