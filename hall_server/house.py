"""What the pages know of the house around the hall: alarms, stations, devices, disk, clock, journal."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from contract import messages as m
from contract.clock import Reading
from devices.health import Condition, Health, condition
from hall_server.backup.keeper import BackupKeeper
from hall_server.broadcasts import BroadcastDesk
from hall_server.call_story import Failing
from hall_server.confirmations import Confirmations
from hall_server.figures import CommitFigures
from hall_server.hall.model import ClosedStation
from hall_server.hall.supervision import Act, Finding, Urgency
from hall_server.hall_file import BroadcastTextPart, StationPart
from hall_server.stations import CLOSED, StationSeen

LEAST_FREE_BYTES = 2 << 30
OWNER_TEXT = {
    "citizen": "办事人",
    "staff": "大厅工作人员",
    "technician": "运维人员",
    "nobody": "自动恢复中",
}
KIND_TEXT = {
    m.StationKind.KIOSK: "自助机",
    m.StationKind.BOARD: "综合屏",
    m.StationKind.SIGN: "窗口屏",
    m.StationKind.ANNOUNCER: "语音",
    m.StationKind.SERVER: "服务器",
}
CALLS_TEXT = "叫号"
DEVICE_TEXT = {
    "id_card_reader": "身份证阅读器",
    "card_reader": "读卡器",
    "ticket_printer": "凭条打印机",
    "report_printer": "文件打印机",
    "camera": "摄像头",
    "scanner": "扫码器",
    "face_verifier": "人证核验",
    "call_box": "叫号器",
    "led_bar": "条屏",
    "guide_light": "导引灯",
    "speaker": "音箱",
}
_TROUBLED = frozenset({"faulty", "backing_off", "absent"})


@dataclass(frozen=True, slots=True)
class Trouble:
    """A device that is not as it should be: what is wrong, what to do, who must."""

    device: str
    sentence: str
    action: str
    owner: str
    since_ms: int = 0
    grave: bool = True


@dataclass(frozen=True, slots=True)
class Station:
    """One box of the hall as it is now. ``closed``: why the hall closed it, '' while it serves, by whose word
    (``closed_by``) and since when (``closed_ms``, hall time)."""

    id: str
    name: str
    kind: str
    place: str
    online: bool
    ever: bool
    presence: m.Presence | None = None
    software: str = ""
    showing: str = ""
    closed: str = ""
    closed_by: str = ""
    closed_ms: int = 0
    devices: int = 0
    troubles: tuple[Trouble, ...] = ()
    counters: tuple[tuple[str, int], ...] = ()

    @property
    def lamp(self) -> str:
        """down, closed, trouble, well."""
        if not self.online:
            return "down"
        return "closed" if self.closed else "trouble" if self.troubles else "well"

    @property
    def state_text(self) -> str:
        """In words."""
        if not self.online:
            return "离线" if self.ever else "未曾上线"
        if self.closed:
            return "已暂停服务"
        return "有故障" if any(t.grave for t in self.troubles) else "有提示" if self.troubles else "正常"


@dataclass(frozen=True, slots=True)
class Disk:
    """Room where the journal lies, bytes."""

    free: int
    total: int


@dataclass(frozen=True, slots=True)
class JournalState:
    """What the check of the journal after the start found: '' while it runs."""

    checked: bool
    sentence: str
    well: bool = True


NOT_CHECKED = JournalState(checked=False, sentence="启动后的整体校验尚未完成")


class House:
    """Everything by functions that answer at once, from any thread. A house without any part is a hall alone,
    as in tests of single pages."""

    def __init__(
        self,
        *,
        state: Path | None = None,
        alarms: Callable[[], tuple[str, ...]] = tuple,
        described: Callable[[], tuple[StationPart, ...]] = tuple,
        seen: Callable[[], Mapping[str, StationSeen]] = dict,
        closed: Callable[[], Mapping[str, ClosedStation]] = dict,
        named: Callable[[str], str] = str,
        wired: Callable[[], tuple[Health, ...]] = tuple,
        journal: Callable[[], JournalState] = lambda: NOT_CHECKED,
        reading: Callable[[], Reading] | None = None,
        clock_alarm: Callable[[], str] = str,
        fingerprint: Callable[[], str] = str,
        address: Callable[[], str] = str,
        bus: Callable[[], Mapping[str, int]] = dict,
        calls: Confirmations | None = None,
        backups: BackupKeeper | None = None,
        commits: CommitFigures | None = None,
        broadcasts: BroadcastDesk | None = None,
        stored: Callable[[], tuple[BroadcastTextPart, ...]] = tuple,
    ) -> None:
        self.state = state
        self.alarms = alarms
        self.journal = journal
        self.reading = reading
        self.clock_alarm = clock_alarm
        self.fingerprint = fingerprint
        self.address = address
        self.named = named
        self.bus = bus
        self.calls = calls or Confirmations()
        self.backups = backups
        self.commits = commits
        self.broadcasts = broadcasts
        self.stored = stored
        self._described, self._seen, self._closed, self._wired = described, seen, closed, wired

    @property
    def stations(self) -> tuple[Station, ...]:
        """Every station of the description, in its order."""
        seen, closed, now, failing = self._seen(), self._closed(), time.monotonic(), self.calls.failing()
        return tuple(
            _station(
                part,
                seen.get(part.id, StationSeen()),
                self._shut(closed.get(part.id)),
                now,
                failing.get(part.id),
            )
            for part in self._described()
        )

    @property
    def wired(self) -> tuple[Trouble, ...]:
        """What is wrong with the lines of this box itself."""
        return tuple(found for health in self._wired() if (found := _of_health(health)) is not None)

    def devices(self) -> Iterator[tuple[str, str, str]]:
        """(station, device, state) of all hardware; a station that is away tells nothing, and this box is
        ``server``."""
        now = time.monotonic()
        for health in self._wired():
            yield "server", health.name, health.state.value
        for station, seen in self._seen().items():
            if seen.health is not None and seen.online(now):
                yield from ((station, device.name, device.state) for device in seen.health.devices)

    @property
    def disk(self) -> Disk | None:
        """Room for the journal; None when nobody knows."""
        if self.state is None:
            return None
        try:
            usage = shutil.disk_usage(self.state)
        except OSError:
            return None
        return Disk(usage.free, usage.total)

    def _shut(self, closed: ClosedStation | None) -> tuple[str, str, int]:
        """Why, by whom, since when."""
        if closed is None:
            return "", "", 0
        return closed.reason or CLOSED, self.named(closed.by), closed.at_ms

    def findings(self) -> Iterator[Finding]:
        """What is wrong in the house, in no order: of itself, then of devices."""
        yield from self.alarming()
        for trouble in self.wired:
            yield _of_device("本机外设", "wired", trouble, None)
        for station in self.stations:
            yield from _of_station(station)

    def alarming(self) -> Iterator[Finding]:
        """What is wrong with the house itself and with no device: alarms, disk, backups."""
        for alarm in self.alarms():
            yield Finding(f"alarm-{alarm}", Urgency.NOW, alarm, "请联系系统管理员")
        disk = self.disk
        if disk is not None and disk.free < LEAST_FREE_BYTES:
            title = f"服务器磁盘只剩 {disk.free / (1 << 30):.1f} GB"
            yield Finding("disk", Urgency.NOW, title, "请联系系统管理员清理磁盘")
        if self.backups is not None:
            yield from _of_backups(self.backups.overdue_days)


def _station(
    part: StationPart, seen: StationSeen, shut: tuple[str, str, int], now: float, failing: Failing | None
) -> Station:
    health, info = seen.health, seen.info
    devices = health.devices if health is not None else ()
    troubles = tuple(_of_wire(device) for device in devices if _wrong(device))
    if failing is not None and not any(trouble.grave for trouble in troubles):
        technician = OWNER_TEXT["technician"]
        calls = Trouble(CALLS_TEXT, failing.sentence, failing.action, technician, failing.since_ms)
        troubles = (*troubles, calls)
    return Station(
        id=part.id,
        name=part.name or part.id,
        kind=KIND_TEXT[part.kind],
        place=part.place or (info.place if info is not None else ""),
        online=seen.online(now),
        ever=seen.state is not None,
        presence=seen.state.s if seen.state is not None else None,
        software=info.software if info is not None else "",
        showing=health.showing if health is not None else "",
        closed=shut[0],
        closed_by=shut[1],
        closed_ms=shut[2],
        devices=len(devices),
        troubles=troubles,
        counters=tuple(sorted(health.counters.items())) if health is not None else (),
    )


def _wrong(device: m.DeviceHealth) -> bool:
    return device.state in _TROUBLED or bool(device.sentence)


def _of_wire(device: m.DeviceHealth) -> Trouble:
    return Trouble(
        device=DEVICE_TEXT.get(device.kind, device.name),
        sentence=device.sentence or "没有应答",
        action=device.action,
        owner=OWNER_TEXT[device.owner.value],
        since_ms=device.since_ms,
        grave=device.state in _TROUBLED,
    )


def _of_health(health: Health) -> Trouble | None:
    found = condition(health)
    if found in (Condition.OK, Condition.UNKNOWN, Condition.STARTING, Condition.NO_DEVICE):
        return None
    fault = health.fault
    if fault is None:
        return Trouble(health.name, "没有连接", "请检查接线和电源", OWNER_TEXT["technician"])
    grave = found is not Condition.WARNING
    return Trouble(health.name, fault.sentence, fault.action, OWNER_TEXT[fault.owner.value], grave=grave)


def _of_backups(days: int | None) -> Iterator[Finding]:
    if days is not None:
        title = f"最近一次备份已过去 {days} 天" if days >= 0 else "还没有做过备份"
        yield Finding("backup", Urgency.SOON, title, "请联系系统管理员，在“系统”页查看备份")


def _of_station(station: Station) -> Iterator[Finding]:
    act = Act("station", "查看", station.id)
    where = f"{station.name}（{station.place}）" if station.place else station.name
    if not station.online:
        if station.ever:
            detail = f"{station.kind}没有应答，请到现场看电源和网线"
            yield Finding(f"station-{station.id}", Urgency.SOON, f"{where} 离线", detail, 0, act)
        return
    if station.closed:
        resume = Act("station-open", "恢复服务", station.id)
        title = f"{where} 已暂停服务"
        detail = f"{station.closed}（{station.closed_by}）" if station.closed_by else station.closed
        yield Finding(f"closed-{station.id}", Urgency.NOTE, title, detail, station.closed_ms, resume)
    for trouble in station.troubles:
        yield _of_device(where, station.id, trouble, act)


def _of_device(where: str, station: str, trouble: Trouble, act: Act | None) -> Finding:
    who = f"由{trouble.owner}处理" if trouble.owner != OWNER_TEXT["nobody"] else trouble.owner
    detail = "；".join(part for part in (trouble.action, who) if part)
    urgency = Urgency.SOON if trouble.grave else Urgency.NOTE
    title = f"{where}：{trouble.sentence}"
    return Finding(f"device-{station}-{trouble.device}", urgency, title, detail, trouble.since_ms, act)
