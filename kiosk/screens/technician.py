"""Technician: states of the devices, seen after five seconds on the clock; nothing can be changed here."""

from __future__ import annotations

from kivy.properties import BooleanProperty, StringProperty
from kivy.uix.widget import Widget

from assets.ui.pictures import Sample
from assets.ui.widgets.panel import Panel
from kiosk import samples as made_up
from kiosk.flows import events as e
from kiosk.flows.aside import Technician
from kiosk.flows.state import Facts, State
from kiosk.flows.words import day
from kiosk.screens.page import Emit, Page, load_kv, pictured
from kiosk.screens.parts import Paged

NAMES = {
    "id_card_reader": "身份证读卡器",
    "card_reader": "社保卡读卡器",
    "report_printer": "A4 打印机",
    "ticket_printer": "号票打印机",
    "camera": "摄像头",
    "scanner": "扫码器",
    "speaker": "扬声器",
}
STATES = {
    "ready": "正常",
    "absent": "未连接",
    "opening": "正在打开",
    "identifying": "正在识别",
    "faulty": "故障",
    "backing_off": "等待重试",
}


class DeviceCard(Panel):
    """One device or link: its state, what is wrong, what to do, which unit it is."""

    name = StringProperty("")
    state = StringProperty("")
    sentence = StringProperty("")
    action = StringProperty("")
    identity = StringProperty("")
    well = BooleanProperty(True)


class TechnicianPage(Page):
    """See the module."""

    bar_keys = ("back", "elder", "contrast")

    def __init__(self, emit: Emit, **options: object) -> None:
        super().__init__(emit, **options)
        self.title = "设备状态"
        self._paged = Paged()
        self.ids.content.add_widget(self._paged)

    def draw(self, state: State, _screen: Technician) -> None:
        """One card per device, and one for the hall server."""
        facts = state.facts
        self.subtitle = f"营业日 {day(facts.business_day) or '未知'}"
        if self.changed("devices", *facts.devices.values(), facts.server, facts.identity, _alone_key(facts)):
            cards: list[Widget] = [_server(facts), _alone(facts)]
            self._paged.fill([*cards, *(_device(each) for each in facts.devices.values())], keep_page=True)


def _server(facts: Facts) -> DeviceCard:
    return DeviceCard(
        name="大厅服务器",
        state="已连接" if facts.server else "连不上",
        sentence="" if facts.identity else "尚未收到本机配置",
        action="" if facts.server else "检查网线和大厅服务器",
        identity=f"目录 {len(facts.shelf.item)} 项" if facts.shelf else "尚无目录",
        well=facts.server,
    )


def _alone(facts: Facts) -> DeviceCard:
    """How many numbers can be issued without the hall, and how many of those issued it does not have."""
    services, numbers = sum(1 for count in facts.ready.values() if count), sum(facts.ready.values())
    return DeviceCard(
        name="离线取号",
        state="可用" if numbers else "无预留号",
        sentence=f"预留 {services} 类业务 {numbers} 个号" if numbers else "连上大厅后自动预留",
        action=f"{facts.away} 个离线号待并入，恢复后自动并入" if facts.away else "",
        identity="",
        well=bool(numbers),
    )


def _alone_key(facts: Facts) -> tuple[int, int, int]:
    return len(facts.ready), sum(facts.ready.values()), facts.away


def _device(device: e.DeviceChanged) -> DeviceCard:
    return DeviceCard(
        name=f"{NAMES.get(device.kind, device.kind)} · {device.name}",
        state=STATES.get(device.state, device.state),
        sentence=device.sentence or "没有故障",
        action=device.action,
        identity=f"标识 {device.identity}" if device.identity else "",
        well=device.ready,
    )


PAGE = TechnicianPage
load_kv(__file__)


def samples() -> tuple[Sample, ...]:
    """All well; reader and printer missing."""
    alone = (*made_up.LONELY, e.LoneChanged({"sb": 37, "qy": 12}, 8))
    broken = made_up.after(e.OpenTechnician(), reader=False, printer=False)
    return (
        Sample("technician", pictured(TechnicianPage, made_up.after(e.OpenTechnician()))),
        Sample("technician-alone", pictured(TechnicianPage, made_up.after(*alone, e.OpenTechnician()))),
        Sample("technician-faults", pictured(TechnicianPage, broken)),
    )
