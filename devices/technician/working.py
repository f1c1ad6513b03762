"""Does it work? Reads a card (masked), prints a test ticket, takes a picture."""

from __future__ import annotations

import json
import threading
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Protocol, cast

from contract.person import mask_name, mask_number
from devices.cards import BankCard, IdCard, SmartCard
from devices.faults import DeviceError
from devices.ports import Camera, Device, Kind, TicketPrinter
from devices.technician.configured import Unusable, all_of, the
from devices.technician.telling import failed, tell, wrong
from devices.terminal import complain, say
from devices.tickets import Align, Feed, Line, Proof, Qr, Rule, Ticket

PROOFS = {Proof.CONFIRMED: "已确认出纸", Proof.UNKNOWN: "不能确认是否出纸", Proof.FAILED: "没有打印成功"}
_CARDS = {
    "resident": "居民身份证",
    "hk_macao_taiwan": "港澳台居民居住证",
    "foreigner_2017": "外国人永久居留证（2017 版）",
    "foreigner_2023": "外国人永久居留证（2023 版）",
}


class _Reader(Device, Protocol):
    """An ID card reader or a reader of smart cards."""

    def find(self) -> bool: ...

    def read(self) -> IdCard | SmartCard: ...


def read_card(config: Path, *, seconds: float, json_wanted: bool) -> int:
    """Wait for a card on any reader, read it, print it masked."""
    try:
        found = all_of(config, Kind.ID_CARD_READER, Kind.CARD_READER)
    except Unusable as error:
        return wrong(error)
    readers = [cast("_Reader", reader) for reader in found]
    try:
        for reader in readers:
            reader.open()
        complain(f"请把证件放到读卡区（{seconds:.0f} 秒内）")
        card = _wait_for_card(readers, seconds)
    except DeviceError as error:
        return failed(error.fault, json_wanted=json_wanted)
    finally:
        for reader in readers:
            reader.close()
    if card is None:
        complain("没有放上证件")
        return 1
    shown = _shown(card)
    say(json.dumps(shown, ensure_ascii=False) if json_wanted else "  ".join(shown.values()))
    return 0


def print_test(config: Path, *, json_wanted: bool) -> int:
    """Print a test ticket and say what is known of its paper."""
    try:
        printer = cast("TicketPrinter", the(config, Kind.TICKET_PRINTER))
    except Unusable as error:
        return wrong(error)
    try:
        printer.open()
        proof = printer.print(test_ticket())
    except DeviceError as error:
        return failed(error.fault, json_wanted=json_wanted)
    finally:
        printer.close()
    say(json.dumps({"proof": proof.value}) if json_wanted else PROOFS[proof])
    return 0 if proof is Proof.CONFIRMED else 1


def snapshot(config: Path, file: Path, *, json_wanted: bool) -> int:
    """Take one picture with the camera."""
    try:
        camera = cast("Camera", the(config, Kind.CAMERA))
    except Unusable as error:
        return wrong(error)
    try:
        camera.open()
        file.write_bytes(camera.still())
    except DeviceError as error:
        return failed(error.fault, json_wanted=json_wanted)
    except OSError as error:
        complain(f"{file}：写不了：{error.strerror}")
        return 2
    finally:
        camera.close()
    if json_wanted:
        tell({"file": str(file)})
    else:
        say(f"已拍照：{file}")
    return 0


def test_ticket() -> Ticket:
    """Rare characters, signs, sizes and a QR code."""
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


def _wait_for_card(readers: list[_Reader], seconds: float) -> IdCard | SmartCard | None:
    deadline = monotonic() + seconds
    pause = threading.Event()
    while monotonic() < deadline:
        for reader in readers:
            if reader.find():
                return reader.read()
        pause.wait(0.1)
    return None


def _shown(card: IdCard | SmartCard) -> dict[str, str]:
    """As much as anybody may see."""
    if isinstance(card, BankCard):
        return {"证件": "银行卡", "号码": card.masked_number}
    kind = _CARDS[card.card_kind.value] if isinstance(card, IdCard) else f"社会保障卡（{card.version}）"
    return {"证件": kind, "姓名": mask_name(card.name), "号码": mask_number(card.number)}
