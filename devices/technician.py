"""What the technician's commands do: list, watch, probe, read a card, print a test ticket, take a picture."""

from __future__ import annotations

import json
import threading
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar, cast

from devices import probe as probing
from devices.health import Health
from devices.ports import (
    Align,
    Camera,
    Device,
    DeviceError,
    DeviceMisconfigured,
    Fault,
    Feed,
    IdCard,
    IdCardReader,
    Kind,
    Line,
    Owner,
    Proof,
    Qr,
    Rule,
    State,
    Ticket,
    TicketPrinter,
)
from devices.registry import build_table
from devices.supervisor import Supervised
from devices.terminal import complain, say

T = TypeVar("T")

_STATES = {
    State.ABSENT: "未连接",
    State.OPENING: "正在打开",
    State.IDENTIFYING: "正在识别",
    State.READY: "就绪",
    State.FAULTY: "故障",
    State.BACKING_OFF: "等待恢复",
}
_OWNERS = {
    Owner.CITIZEN: "群众",
    Owner.STAFF: "大厅人员",
    Owner.TECHNICIAN: "运维人员",
    Owner.NOBODY: "无需处理",
}
_PROOFS = {Proof.CONFIRMED: "已确认出纸", Proof.UNKNOWN: "不能确认是否出纸", Proof.FAILED: "没有打印成功"}
_CARDS = {
    "resident": "居民身份证",
    "hk_macao_taiwan": "港澳台居民居住证",
    "foreigner_2017": "外国人永久居留证（2017 版）",
    "foreigner_2023": "外国人永久居留证（2023 版）",
}


class Unusable(Exception):
    """The configuration cannot be used; ``str()`` is the sentence."""


def list_devices(config: Path, *, as_json: bool) -> int:
    """Open each device of a configuration, say how it is, close it."""
    try:
        drivers = configured(config)
    except Unusable as error:
        return _wrong(error)
    found = [_looked_at(name, driver) for name, driver in drivers.items()]
    if as_json:
        say(json.dumps([_as_json(health) for health in found], ensure_ascii=False, indent=2))
    for health in () if as_json else found:
        say(_line(health))
    return 0 if all(health.usable for health in found) else 1


def watch(config: Path, *, seconds: float) -> int:
    """Supervise every device and print each change, for so many seconds or until Ctrl-C."""
    try:
        drivers = configured(config)
    except Unusable as error:
        return _wrong(error)
    supervised = [Supervised(name, driver, _print_change) for name, driver in drivers.items()]
    for one in supervised:
        one.start()
    with suppress(KeyboardInterrupt):
        threading.Event().wait(seconds or None)
    for one in supervised:
        one.stop()
    return 0 if all(one.health.usable for one in supervised) else 1


def probe(port: str, *, as_json: bool) -> int:
    """Say what is on a port, with the lines for the configuration."""
    try:
        found = probing.probe(port)
    except DeviceError as error:
        return _failed(error.fault, as_json=as_json)
    if as_json:
        answer = (
            None if found is None else {"what": found.what, "options": found.options, "detail": found.detail}
        )
        say(json.dumps(answer, ensure_ascii=False))
    elif found is None:
        say(f"{port}：没有认得的设备应答。检查电源、数据线和设备型号。")
    else:
        say(f"{port}：{found.what}，{found.detail}\n{found.options}")
    return 0 if found else 1


def read_card(config: Path, *, seconds: float, as_json: bool) -> int:
    """Wait for a card, read it, print it masked."""
    try:
        reader = cast("IdCardReader", _the(config, Kind.ID_CARD_READER))
    except Unusable as error:
        return _wrong(error)
    try:
        reader.open()
        complain(f"请把证件放到读卡区（{seconds:.0f} 秒内）")
        card = _wait_for_card(reader, seconds)
    except DeviceError as error:
        return _failed(error.fault, as_json=as_json)
    finally:
        reader.close()
    if card is None:
        complain("没有放上证件")
        return 1
    shown = {"证件": _CARDS[card.card_kind.value], "姓名": card.name[:1] + "*", "号码": _masked(card.number)}
    say(json.dumps(shown, ensure_ascii=False) if as_json else "  ".join(shown.values()))
    return 0


def print_test(config: Path, *, as_json: bool) -> int:
    """Print a test ticket and say what is known of its paper."""
    try:
        printer = cast("TicketPrinter", _the(config, Kind.TICKET_PRINTER))
    except Unusable as error:
        return _wrong(error)
    try:
        printer.open()
        proof = printer.print(_test_ticket())
    except DeviceError as error:
        return _failed(error.fault, as_json=as_json)
    finally:
        printer.close()
    say(json.dumps({"proof": proof.value}) if as_json else _PROOFS[proof])
    return 0 if proof is Proof.CONFIRMED else 1


def snapshot(config: Path, file: Path) -> int:
    """Take one picture with the camera."""
    try:
        camera = cast("Camera", _the(config, Kind.CAMERA))
    except Unusable as error:
        return _wrong(error)
    try:
        camera.open()
        file.write_bytes(camera.still())
    except DeviceError as error:
        return _failed(error.fault, as_json=False)
    except OSError as error:
        complain(f"{file}：写不了：{error.strerror}")
        return 2
    finally:
        camera.close()
    say(f"已拍照：{file}")
    return 0


def configured(config: Path) -> dict[str, Device]:
    """The drivers of ``[devices.*]``, not yet opened. Raises Unusable."""
    try:
        tables = tomllib.loads(config.read_text(encoding="utf-8")).get("devices")
    except OSError as error:
        raise Unusable(f"{config}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Unusable(f"{config}: is not TOML: {error}") from error
    if not isinstance(tables, Mapping) or not tables:
        raise Unusable(f"{config}: there is no [devices.*] table")
    return {name: _built(config, name, table) for name, table in tables.items()}


def _built(config: Path, name: str, table: Any) -> Device:
    if not isinstance(table, Mapping):
        raise Unusable(f"{config}: devices.{name}: wanted a table")
    try:
        return build_table(table, path=f"devices.{name}")
    except DeviceMisconfigured as error:
        raise Unusable(f"{config}: {error.fault.sentence}") from error


def _the(config: Path, kind: Kind) -> Device:
    for driver in configured(config).values():
        if driver.kind is kind:
            return driver
    raise Unusable(f"{config}: no device of kind {kind.value} in [devices.*]")


def _looked_at(name: str, driver: Device) -> Health:
    try:
        driver.open()
        identity = driver.identify()
        status = driver.heartbeat()
    except DeviceError as error:
        state = (
            State.ABSENT
            if error.fault.code in ("port_missing", "unreachable", "camera_absent")
            else State.FAULTY
        )
        return Health(name, driver.kind, state, ok=False, faults=(error.fault,))
    finally:
        driver.close()
    return Health(name, driver.kind, State.READY, ok=status.ok, faults=status.faults, identity=identity)


def _wait_for_card(reader: IdCardReader, seconds: float) -> IdCard | None:
    deadline = monotonic() + seconds
    pause = threading.Event()
    while monotonic() < deadline:
        if reader.find():
            return reader.read()
        pause.wait(0.1)
    return None


def _test_ticket() -> Ticket:
    now = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return (
        Line("测试号票", scale=2, align=Align.CENTER, bold=True),
        Rule(),
        Line("A012", scale=3, align=Align.CENTER, bold=True),
        Line("生僻字：王𠮷 李㐂 龦䶮"),
        Line("符号：，。：；（）《》￥ ABC 0123"),
        Line(f"时间：{now}"),
        Qr("https://example.invalid/test"),
        Line("能扫出二维码、字不缺不叠即为正常", align=Align.CENTER),
        Feed(2),
    )


def _masked(number: str) -> str:
    return number[:6] + "*" * max(0, len(number) - 10) + number[-4:]


def _line(health: Health) -> str:
    words = [f"{health.name:<12}", f"{health.kind.value:<15}", _STATES[health.state], health.identity]
    words += [f"{fault.sentence}；{fault.action}（{_OWNERS[fault.owner]}）" for fault in health.faults]
    if health.state is State.READY and health.ok is None:
        words.append("状态未知（设备不回报状态）")
    return "  ".join(word for word in words if word)


def _as_json(health: Health) -> dict[str, object]:
    faults = [
        {"code": f.code, "sentence": f.sentence, "action": f.action, "owner": f.owner} for f in health.faults
    ]
    words = {"name": health.name, "kind": health.kind, "state": health.state, "identity": health.identity}
    return {**words, "ok": health.ok, "faults": faults}


def _print_change(health: Health) -> None:
    say(f"{datetime.now().astimezone():%H:%M:%S} {_line(health)}")


def _wrong(error: Unusable) -> int:
    complain(error)
    return 2


def _failed(fault: Fault, *, as_json: bool) -> int:
    if as_json:
        say(
            json.dumps(
                {"fault": fault.code, "sentence": fault.sentence, "action": fault.action}, ensure_ascii=False
            )
        )
    else:
        complain(f"{fault.sentence}；{fault.action}（{_OWNERS[fault.owner]}）")
    return 1
