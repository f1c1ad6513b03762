"""A made-up hall as a manager has it: many windows, a morning behind it, boxes of which some have trouble."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from contract import messages as m
from contract.clock import HallClock, wall_ms
from hall_server.hall import commands as c
from hall_server.hall.model import RuleBroken
from hall_server.hall.plan import Board, Plan, Rules, Service, ServiceWindow, Shift, Zone
from hall_server.hall_file import StationPart
from hall_server.house import House
from hall_server.stations import StationSeen
from tests.hall_server.web.hall import PagedHall

MINUTE_MS = 60_000
ZONES = {"zh": "综合受理", "ga": "公安", "sb": "社保医保", "bdc": "不动产", "sw": "税务"}
SERVICES = (
    ("zhsl", "综合受理", "zh", "A"),
    ("qydj", "企业登记", "zh", "B"),
    ("huji", "户籍与身份证", "ga", "C"),
    ("crj", "出入境", "ga", "D"),
    ("shebao", "社会保险", "sb", "E"),
    ("yibao", "医疗保障", "sb", "F"),
    ("bdc", "不动产登记", "bdc", "G"),
    ("shuiwu", "税务申报", "sw", "H"),
)


@dataclass
class Turned:
    """A monotonic clock that can be turned forward."""

    ahead_ms: int = 0
    begun: float = field(default_factory=time.monotonic)

    def __call__(self) -> int:
        return self.ahead_ms + int((time.monotonic() - self.begun) * 1000)

    def clock(self) -> HallClock:
        """Hall time by it, from this morning at nine."""
        nine = (wall_ms() + 8 * 3_600_000) // 86_400_000 * 86_400_000 + 3_600_000
        return HallClock(monotonic=self, wall=lambda: nine)

    def forward(self, minutes: float) -> None:
        """Let time pass."""
        self.ahead_ms += round(minutes * MINUTE_MS)


def many_windows(count: int) -> Plan:
    """So many windows in five zones, eight services."""
    zones = {name: Zone(name, text) for name, text in ZONES.items()}
    services = {s: Service(s, name, zone, letter, mean_minutes=9) for s, name, zone, letter in SERVICES}
    windows = {}
    for number in range(1, count + 1):
        zone = list(zones)[(number - 1) * len(zones) // count]
        own = tuple(s.id for s in services.values() if s.zone == zone)
        window = f"w{number:03d}"
        label, name = f"{number}号窗口", f"{ZONES[zone]}专窗"
        windows[window] = ServiceWindow(window, label, name, zone, own, open_at_start=number % 6 != 0)
    rota = (Shift("w001", 9 * 60, 12 * 60, tuple(range(7)), name="上午"),)
    boards = {"hall": Board("hall", "综合屏", tuple(zones))}
    return Plan("many", "示例县政务服务中心", Rules(), zones, services, windows, boards, rota=rota)


def morning(hall: PagedHall, turned: Turned, *, seed: int = 1) -> None:
    """People come, windows call and serve, some for long; a clerk rings, a kiosk calls a guide."""
    chance = random.Random(seed)
    windows = [w for w in hall.plan.windows.values() if w.open_at_start]
    for _ in range(3):
        for service, *_ in SERVICES:
            for _ in range(chance.randrange(4, 10)):
                hall.issue(service)
        for window in windows:
            if chance.random() < 0.8:
                at_once(hall, window.id)
        turned.forward(chance.randrange(6, 12))
    for window in windows[5::11]:
        hall.do(c.PauseWindow, window.id, reason="午餐")
    for command in (
        c.CallForHelp(request="help-one", by="clerk:x", window=windows[3].id, about="与办事人争执"),
        c.CallGuide(request="guide-one", by="kiosk-1", about="找不到事项"),
        c.StopIssuing(request="stop-one", by="clerk:x", service="crj"),
    ):
        hall.service.submit(command).result(10)
    turned.forward(6)


def at_once(hall: PagedHall, window: str) -> None:
    """Call whoever is next, and serve him."""
    present = hall.service.query(lambda found: found.ticket_at(window)).result(10)
    if present is not None and present.status is m.TicketStatus.CALLED:
        hall.do(c.Arrive, window)
    with suppress(RuleBroken):
        hall.do(c.CallNext, window)
    present = hall.service.query(lambda found: found.ticket_at(window)).result(10)
    if present is not None and present.status is m.TicketStatus.CALLED and int(window[1:]) % 10 < 7:
        hall.do(c.Arrive, window)


class Boxes:
    """Stations as the hall would know them; ``hall`` says which are closed."""

    def __init__(self) -> None:
        self.hall: PagedHall | None = None
        self.alarms: tuple[str, ...] = ()

    def house(self, **more: Any) -> House:
        """What the pages are given; ``more``: further parts of the house."""
        return House(
            **more,
            alarms=lambda: self.alarms,
            described=lambda: _BOXES,
            seen=lambda: {box.id: _seen(box) for box in _BOXES if box.id != "sign-9"},
            closed=lambda: self.hall.service.view.closed if self.hall else {},
            named=lambda sender: self.hall.accounts.named(sender) if self.hall else sender,
        )


_BOXES = (
    StationPart(id="kiosk-1", kind=m.StationKind.KIOSK, name="1号自助机", place="东门"),
    StationPart(id="kiosk-2", kind=m.StationKind.KIOSK, name="2号自助机", place="西门"),
    StationPart(id="board-1", kind=m.StationKind.BOARD, name="综合屏", place="大厅中央"),
    StationPart(id="voice", kind=m.StationKind.ANNOUNCER, name="大厅语音"),
    StationPart(id="sign-9", kind=m.StationKind.SIGN, name="9号窗口屏"),
)


def _seen(box: StationPart) -> StationSeen:
    lost = box.id == "voice"
    presence = m.Presence.LOST if lost else m.Presence.READY
    printer = m.DeviceHealth(
        name="printer",
        kind="ticket_printer",
        state="faulty",
        sentence="打印机缺纸",
        action="请打开上盖换上新纸卷",
        owner=m.Owner.STAFF,
    )
    reader = m.DeviceHealth(name="reader", kind="id_card_reader", state="ready")
    devices = (reader, printer) if box.id == "kiosk-2" else (reader,)
    return StationSeen(
        state=m.StationState(s=presence, boot="b", kind=box.kind),
        info=m.StationInfo(kind=box.kind, software="0.1.0"),
        health=m.StationHealth(boot="b", at_ms=0, devices=devices),
        heard=time.monotonic(),
    )
