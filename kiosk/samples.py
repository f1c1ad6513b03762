"""A made-up hall and made-up citizens, for the kiosk's pictures, tests and benches."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import msgspec

import assets
from contract.catalogue import Catalogue, Item, Service, Zone
from contract.messages import Person, QueueState, TicketSlip
from devices.ports import Kind
from kiosk import flow
from kiosk.flows import events as e
from kiosk.flows.state import Facts, State

HALL = "示例县政务服务中心"
DAY = "20261121"
NO_SHOW = "过号后请到导办台重新激活，本号顺延3位"

ZONES = (
    Zone(id="zh", name="综合", icon="domain"),
    Zone(id="sw", name="税务", icon="receipt-text-outline"),
    Zone(id="ga", name="公安", icon="shield-account"),
    Zone(id="sf", name="司法", icon="scale-balance"),
)

# id, name, zone, letter, departments (or single items) that map to it
_PERMITS = ("市场监督管理局", "卫生健康委员会", "城市管理局", "住房和城乡建设局", "供水企业")
SERVICES = (
    ("qy", "企业与许可综合受理", "zh", "A", _PERMITS),
    ("sb", "社保医保", "zh", "C", ("人力资源和社会保障局", "医疗保障局")),
    ("mz", "民政服务", "zh", "K", ("民政局",)),
    ("bdc", "不动产与公积金", "zh", "F", ("自然资源和规划局", "住房公积金管理中心")),
    ("bs", "办税服务", "sw", "B", ("税务局",)),
    ("crj", "出入境", "ga", "M", ("普通护照", "往来港澳")),
    ("hz", "户政与交管", "ga", "L", ("公安局",)),
    ("fl", "公共法律服务", "sf", "R", ("司法局", "公证处")),
)

OFTEN_RETURNED = {
    "居民身份证换领": "最近常见退回原因：材料不全—缺居民户口簿、证件照(可现场采集)；须回原单位",
    "个体工商户设立登记": "最近常见退回原因：材料不全",
}


@cache
def catalogue() -> Catalogue:
    """The sample hall's items, sorted into services."""
    path = Path(assets.__file__).parent / "halls" / "demo" / "items.json"
    raw = json.loads(path.read_text(encoding="utf-8"))
    zone_ids = {zone.name: zone.id for zone in ZONES}
    items = tuple(
        msgspec.convert({**each, "zone": zone_ids[each["zone"]], "service": _service_of(each)}, Item)
        for each in raw
    )
    items = tuple(msgspec.structs.replace(i, often_returned=OFTEN_RETURNED.get(i.name, "")) for i in items)
    services = tuple(
        Service(
            id=name,
            name=title,
            zone=zone,
            prefix=letter,
            items=tuple(item.code for item in items if item.service == name),
        )
        for name, title, zone, letter, _ in SERVICES
    )
    notices = ("请携带身份证原件", "办事不收费的事项，任何人不得收取费用")
    return Catalogue(
        hall_name=HALL, zones=ZONES, services=services, items=items, notices=notices, no_show_text=NO_SHOW
    )


def _service_of(raw: dict[str, str]) -> str:
    for name, _, _, _, marks in SERVICES:
        if any(raw["department"].startswith(mark) or raw["name"].startswith(mark) for mark in marks):
            return name
    raise LookupError(raw["name"])


def item_code(name: str) -> str:
    """Code of the sample item whose name begins so."""
    return next(item.code for item in catalogue().items if item.name.startswith(name))


def queues() -> tuple[QueueState, ...]:
    """A busy morning; one service is closed."""
    waiting = {"qy": 6, "sb": 12, "mz": 3, "bdc": 9, "bs": 4, "crj": 0, "hz": 7, "fl": 0}
    return tuple(
        QueueState(
            service=name,
            name=title,
            zone=zone,
            waiting=waiting[name],
            open=name != "fl",
            seq=1,
            wait_low=waiting[name] * 2,
            wait_high=waiting[name] * 3 + 2,
            windows=("3号窗口", "4号窗口"),
            closed_reason="今日号已取完，请明日再来" if name == "fl" else "",
        )
        for name, title, zone, _, _ in SERVICES
    )


def device(
    kind: Kind, name: str, *, ready: bool = True, sentence: str = "", action: str = ""
) -> e.DeviceChanged:
    """A device of the station, well or not."""
    state = "ready" if ready else "absent"
    return e.DeviceChanged(kind.value, name, ready, state, sentence, action, "SAMPLE-0001", sentence)


READER = device(Kind.ID_CARD_READER, "reader")
PRINTER = device(Kind.TICKET_PRINTER, "printer")
CAMERA = device(Kind.CAMERA, "camera")
SCANNER = device(Kind.SCANNER, "scanner")
NO_READER = device(
    Kind.ID_CARD_READER, "reader", ready=False, sentence="读卡器没有连接", action="检查读卡器的连接线"
)
NO_PRINTER = device(Kind.TICKET_PRINTER, "printer", ready=False, sentence="打印机缺纸", action="更换纸卷")

PERSON = Person(key="5a" * 32, masked_name="张*", flags=("age60",))
OTHER = Person(key="6b" * 32, masked_name="李*")


def slip(number: str = "C013", **changes: object) -> TicketSlip:
    """An open ticket of the sample hall."""
    plain = TicketSlip(
        ticket=f"t-{number.lower()}",
        number=number,
        hall=HALL,
        zone="综合",
        service="社保医保",
        items=("社会保障卡申领与补换",),
        ahead=12,
        wait_low=25,
        wait_high=40,
        windows=("3号窗口", "4号窗口", "5号窗口"),
        issued_ms=1_795_230_300_000,
        business_day=DAY,
        qr=f"http://hall.example/t/{number}",
        notes=("请在休息区等候，注意呼叫及大屏显示信息", NO_SHOW),
        masked_name="张*",
    )
    return msgspec.structs.replace(plain, **changes)


def lone_slip(number: str = "C503") -> TicketSlip:
    """A number that the kiosk issued while the hall was away."""
    return slip(number, ahead=0, wait_low=None, wait_high=None, alone=True)


LONELY: tuple[e.Event, ...] = (
    e.LoneChanged({"qy": 40, "sb": 37, "mz": 20, "bdc": 20, "bs": 20, "hz": 20, "crj": 0}),
    e.ServerGone(),
)
"""The hall goes, and this kiosk has numbers of its own; none for 出入境."""


def only(*errands: str) -> e.Configured:
    """The hall lets this kiosk offer no more than these errands."""
    return e.Configured(HALL, "1号自助机", errands=errands)


def opening(*, server: bool = True, reader: bool = True, printer: bool = True) -> tuple[e.Event, ...]:
    """What a kiosk hears in its first second."""
    configured = e.Configured(HALL, "1号自助机")
    first: tuple[e.Event, ...] = (configured, e.DayChanged(DAY), e.CatalogueArrived(catalogue()))
    devices = (READER if reader else NO_READER, PRINTER if printer else NO_PRINTER, CAMERA, SCANNER)
    link = (e.ServerBack() if server else e.ServerGone(),)
    return (*first, *devices, *(e.QueueChanged(queue) for queue in queues()), *link)


def after(*events: e.Event, server: bool = True, reader: bool = True, printer: bool = True) -> State:
    """The kiosk after its opening and these events."""
    state = flow.start(Facts(place="大厅入口"))
    for event in (*opening(server=server, reader=reader, printer=printer), *events):
        state, _ = flow.step(state, event)
    return state
