"""Tests each command of each device and says which work: ``python -m devices test``.

Lights burn, bars show, paper comes, a tone sounds: the technician looks. What needs a person (a card, a
key, a code) is asked for once and may be missing without being a fault.
"""

from __future__ import annotations

import math
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from time import monotonic
from typing import Any

from PIL import Image

from devices.capabilities import CallBoxCapabilities, GuideLightCapabilities, LedBarCapabilities
from devices.faults import DeviceError, DeviceRefused, Fault, Owner
from devices.ports import Device, Kind, Status
from devices.signals import DARK, BarText, Flash, LedColour, Light, Shown
from devices.technician.configured import Unusable, chosen
from devices.technician.telling import OWNERS, rows, tell, wrong
from devices.technician.working import PROOFS, test_ticket
from devices.tickets import Proof
from devices.verification import Outcome, Verification, VerifierCapabilities

Step = tuple[str, Callable[[], str]]
"""What is tested, and the doing of it: it gives a remark, raises DeviceError, or NothingCame."""
_WAIT_SECONDS = 0.5
_LOOK_SECONDS = 0.4
_PAGE_SECONDS = 60.0
_PAGE = b"Banshi: test page\n"
_NO_ANSWER = Fault("no_answer", "人脸核验程序没有给出结果", "查看该程序的日志和授权", Owner.TECHNICIAN)
_NOT_OUT = Fault("not_out", "没有打印成功", "查看打印机后再试", Owner.STAFF)
_OTHER_LIGHT = Fault("other_light", "读回的与设定的不同", "检查继电器模块和接线", Owner.TECHNICIAN)
_CUT_OFF = Fault("cut_off", "声音没有放完", "检查扬声器和声音服务", Owner.TECHNICIAN)
_PASSES_NOBODY = Fault(
    "passes_nobody", "人脸核验程序让一张空白图通过了", "停用该程序，联系厂家", Owner.TECHNICIAN
)


class NothingCame(Exception):
    """Nobody laid a card, pressed or scanned: no fault, but not proven either."""


@dataclass(frozen=True, slots=True)
class Result:
    """One command: ``ok`` None when nobody was there to do his part."""

    device: str
    command: str
    ok: bool | None
    remark: str
    milliseconds: int


def self_test(config: Path, *, name: str, paper: bool, json_wanted: bool) -> int:
    """Test all devices, or the one with this name; ``paper`` False prints nothing and makes no sound."""
    try:
        drivers = chosen(config, name)
    except Unusable as error:
        return wrong(error)
    results = [result for each, driver in drivers.items() for result in _tested(each, driver, paper)]
    if json_wanted:
        for result in results:
            tell(
                {
                    "device": result.device,
                    "command": result.command,
                    "ok": result.ok,
                    "remark": result.remark,
                    "milliseconds": result.milliseconds,
                }
            )
    else:
        rows(("设备", "命令", "结果", "说明", "用时"), [_row(result) for result in results], good=2)
    return 0 if all(result.ok is not False for result in results) else 1


def _row(result: Result) -> tuple[str, ...]:
    word = {True: "✓ 正常", False: "✗ 不行", None: "– 未做"}[result.ok]
    return (result.device, result.command, word, result.remark, f"{result.milliseconds} ms")


def _tested(name: str, driver: Device, paper: bool) -> Iterator[Result]:
    """Every step; after a lost link the rest is not tried."""
    try:
        for command, run in _steps(driver, paper):
            result = _result(name, command, run)
            yield result
            if result.ok is False and command in ("open", "identify"):
                return
    finally:
        driver.close()


def _result(name: str, command: str, run: Callable[[], str]) -> Result:
    start = monotonic()
    ok: bool | None
    try:
        ok, remark = True, run()
    except NothingCame as nothing:
        ok, remark = None, str(nothing)
    except DeviceError as error:
        fault = error.fault
        ok, remark = False, f"{fault.sentence}；{fault.action}（{OWNERS[fault.owner]}）"
    return Result(name, command, ok, remark, round((monotonic() - start) * 1000))


def _steps(driver: Device, paper: bool) -> Iterator[Step]:
    yield "open", partial(_done, driver.open)
    yield "identify", driver.identify
    yield "heartbeat", lambda: _heartbeat(driver)
    yield from _OF_KIND.get(driver.kind, _nothing_more)(driver, paper)


def _heartbeat(driver: Device) -> str:
    return _told(driver.heartbeat())


def _told(status: Status) -> str:
    """What it says of itself; a device that cannot work is not well. Raises DeviceRefused."""
    if status.ok is False:
        raise DeviceRefused(status.faults[0] if status.faults else _NO_ANSWER)
    words = [fault.sentence for fault in status.faults]
    return "；".join(words) or ("" if status.ok is not None else "状态未知")


def _nothing_more(_driver: Any, _paper: bool) -> Iterator[Step]:
    return iter(())


def _reader(reader: Any, _paper: bool) -> Iterator[Step]:
    laid = False

    def find() -> str:
        nonlocal laid
        laid = reader.find()
        if not laid:
            raise NothingCame("没有放上证件")
        return "有证件"

    def read() -> str:
        if not laid:
            raise NothingCame("没有放上证件")
        reader.read()
        return "读出（内容不显示）"

    yield "find", find
    yield "read", read
    yield "still_there", lambda: "还在" if reader.still_there() else "没有证件"
    if getattr(reader.capabilities, "newest_address", False):
        yield "newest_address", lambda: "有追加地址" if reader.newest_address() else "没有追加地址"


def _printer(printer: Any, paper: bool) -> Iterator[Step]:
    yield "status", lambda: _told(printer.status())
    yield "clear", partial(_done, printer.clear)

    def print_ticket() -> str:
        if not paper:
            raise NothingCame("没有要求出纸")
        proof = printer.print(test_ticket())
        if proof is Proof.FAILED:
            raise DeviceRefused(_NOT_OUT)
        return PROOFS[proof]

    yield "print", print_ticket


def _pages(printer: Any, paper: bool) -> Iterator[Step]:
    def print_page() -> str:
        if not paper:
            raise NothingCame("没有要求出纸")
        proof = printer.print_pages(_PAGE, title="test", timeout_seconds=_PAGE_SECONDS)
        return PROOFS[proof]

    yield "print_pages", print_page


def _camera(camera: Any, _paper: bool) -> Iterator[Step]:
    yield "frame", lambda: "{0.width} × {0.height}".format(camera.frame())
    yield "still", lambda: f"{len(camera.still()) // 1024} KB"
    yield "burst", lambda: f"{len(camera.burst(3))} 张"
    yield "rest", partial(_done, camera.rest)


def _scanner(scanner: Any, _paper: bool) -> Iterator[Step]:
    yield "poll", lambda: _came(scanner.poll(timeout_seconds=_WAIT_SECONDS), "没有扫码", "扫到一个码")


def _call_boxes(line: Any, _paper: bool) -> Iterator[Step]:
    known: CallBoxCapabilities = line.capabilities
    for address in known.addresses if known.display else ():
        yield f"show {address}", partial(_put, line, address, "8888")
    yield "poll", lambda: _came(line.poll(timeout_seconds=_WAIT_SECONDS), "没有人按键", "有人按键")
    for address in known.addresses if known.display else ():
        yield f"clear {address}", partial(_put, line, address, "")


def _bars(bars: Any, _paper: bool) -> Iterator[Step]:
    known: LedBarCapabilities = bars.capabilities
    for address in known.addresses:
        for colour in known.colours or (LedColour.RED.value,):
            content = BarText(f"{address}号条屏 测试", LedColour(colour))
            yield f"show {address} {colour}", partial(_shown, bars, address, content)


def _shown(bars: Any, address: int, content: BarText) -> str:
    told = bars.show(address, content)
    threading.Event().wait(_LOOK_SECONDS)
    return "条屏已确认" if told is Shown.CONFIRMED else "已发送，请看条屏"


def _lights(lights: Any, _paper: bool) -> Iterator[Step]:
    known: GuideLightCapabilities = lights.capabilities
    for position, colours in known.positions:
        for colour in colours:
            light = Light(Flash.STEADY, LedColour(colour))
            yield f"light {position} {colour}", partial(_lit, lights, position, light)
        yield f"dark {position}", partial(_lit, lights, position, DARK)


def _lit(lights: Any, position: str, light: Light) -> str:
    lights.light(position, light)
    threading.Event().wait(_LOOK_SECONDS)
    if lights.lit()[position] != light:
        raise DeviceRefused(_OTHER_LIGHT)
    return "已读回"


def _speaker(speaker: Any, paper: bool) -> Iterator[Step]:
    def play() -> str:
        if not paper:
            raise NothingCame("没有要求发声")
        ended = threading.Event()
        speaker.play(_tone(), done=lambda _whole: ended.set(), label="test")
        if not ended.wait(5.0):
            raise DeviceRefused(_CUT_OFF)
        return "请听"

    yield "play", play


def _tone() -> bytes:
    """Half a second of 440 Hz, 48 kHz stereo 16-bit."""
    samples = (int(6000 * math.sin(2 * math.pi * 440 * at / 48_000)) for at in range(24_000))
    return b"".join(struct.pack("<hh", value, value) for value in samples)


def _verifier(verifier: Any, _paper: bool) -> Iterator[Step]:
    """A picture of nobody: what is proven is that the vendor's program answers, and that it passes nobody."""
    known: VerifierCapabilities = verifier.capabilities
    picture = _blank()

    def verify() -> str:
        found: Verification = verifier.verify(picture, [picture])
        if found.outcome is Outcome.UNAVAILABLE:
            raise DeviceRefused(_NO_ANSWER)
        if found.outcome is Outcome.PASS and not known.demo:
            raise DeviceRefused(_PASSES_NOBODY)
        return f"{found.model_id}：{found.outcome.value}"

    if known.hints:
        yield "capture_hint", lambda: str(verifier.capture_hint(picture))
    yield "verify", verify


def _blank() -> bytes:
    """A grey JPEG of 240 × 320."""
    jpeg = BytesIO()
    Image.new("RGB", (240, 320), (128, 128, 128)).save(jpeg, "JPEG")
    return jpeg.getvalue()


def _came(found: object, nothing: str, something: str) -> str:
    if found is None:
        raise NothingCame(nothing)
    return something


def _done(run: Callable[[], object]) -> str:
    run()
    return ""


def _put(line: Any, address: int, text: str) -> str:
    line.show(address, text)
    return ""


_OF_KIND: dict[Kind, Callable[[Any, bool], Iterator[Step]]] = {
    Kind.ID_CARD_READER: _reader,
    Kind.CARD_READER: _reader,
    Kind.TICKET_PRINTER: _printer,
    Kind.REPORT_PRINTER: _pages,
    Kind.CAMERA: _camera,
    Kind.SCANNER: _scanner,
    Kind.CALL_BOX: _call_boxes,
    Kind.LED_BAR: _bars,
    Kind.GUIDE_LIGHT: _lights,
    Kind.SPEAKER: _speaker,
    Kind.FACE_VERIFIER: _verifier,
}
