"""PURE: the sentences of the kiosk's screens, made from its state; the screens only place them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from assets.waiting import wait_text
from contract.catalogue import Item, Service
from contract.errands import Errand
from contract.guide_sheet import Bring, Paper
from contract.messages import TicketSlip
from devices.ports import Kind
from kiosk.flows.number import LEAVE_SECONDS, Number, Stage
from kiosk.flows.state import Facts, State
from kiosk.paper import window_list

PURPOSE = "信息只用于本次取号和叫号，离开后立即清除"
EXAMPLE = "示例数据，以窗口公示为准"
BRING = {
    Bring.NEEDED: "须携带",
    Bring.MAY_BE_MISSING: "可容缺",
    Bring.NOT_SUBMITTED: "免提交",
    Bring.IF_ASKED: "视情况",
}
ALONE = "离线取号，网络恢复后自动并入队列"
SERVER_AWAY = "暂时连不上大厅服务器，恢复后自动继续"


class Tone(StrEnum):
    """What a sentence is: its ground and symbol follow."""

    INFO = "info"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Say:
    """A sentence, a second line or '', and its tone."""

    text: str
    more: str = ""
    tone: Tone = Tone.INFO


@dataclass(frozen=True, slots=True)
class TakeOffer:
    """How a number can be taken on this page: the sentence beside the reader, and the one button."""

    say: str
    more: str
    button: str
    primary: bool
    usable: bool
    icon: str


def minutes(low: int | None, high: int | None) -> str:
    """约25–40分钟, or '' when the hall has no honest estimate; closer than on paper."""
    return wait_text(low, high).replace(" ", "")


def waiting(facts: Facts, service: str, *, brief: bool = False) -> str:
    """等候 12 人 · 约25–40分钟, 无人等候, or why no numbers are given; ``brief`` for large type."""
    queue = facts.queues.get(service)
    if facts.lonely:
        return "离线可取号" if facts.ready.get(service) else "现在不取号"
    if queue is None:
        return ""
    if not queue.open:
        return queue.closed_reason if queue.closed_reason and not brief else "现在不取号"
    if not queue.waiting:
        return "无人等候"
    estimate = "" if brief else minutes(queue.wait_low, queue.wait_high)
    return f"等候 {queue.waiting} 人" + (f" · {estimate}" if estimate else "")


def zone_waiting(facts: Facts, zone: str) -> str:
    """等候 37 人, for a tile of the home screen."""
    people = facts.waiting_in(zone)
    return f"等候 {people} 人" if people else "无人等候"


def zone_note(facts: Facts, zone: str, most: int = 13) -> str:
    """Names of a zone's services, as many as a tile of ``most`` characters has room for."""
    services: tuple[Service, ...] = facts.shelf.services.get(zone, ()) if facts.shelf else ()
    note = listed([service.name for service in services], most - 4, " · ", "类")
    return note if len(note) <= most else f"{len(services)}类业务"


def preview(items: tuple[Item, ...], most: int = 52) -> str:
    """Names of a service's items, as many as fit, and how many there are."""
    return listed([item.name for item in items], most, "、", "项")


def listed(names: list[str], most: int, between: str, unit: str) -> str:
    """As many names as have ``most`` characters together; 等 9 项 when some are left out."""
    shown: list[str] = []
    for name in names:
        if shown and len(between.join([*shown, name])) > most:
            break
        shown.append(name)
    left_out = f"等{len(names)}{unit}" if len(shown) < len(names) else ""
    return between.join(shown) + left_out


def handling(item: Item) -> str:
    """承诺件，15个工作日办结（法定60个）, or 即办件，当场办结."""
    if item.handling.startswith("即办"):
        return "即办件，当场办结"
    days = f"{item.promised_days}个工作日办结" if item.promised_days else "按公示时限办结"
    legal = f"（法定{item.statutory_days}个）" if item.statutory_days > item.promised_days else ""
    return f"承诺件，{days}{legal}"


def copies(paper: Paper) -> str:
    """How many of a paper: 原件, 原件和复印件1份."""
    if paper.bring is Bring.NOT_SUBMITTED:
        return "数据共享获取"
    return f"原件＋复印件{paper.copies}份" if paper.copies else "原件"


def take_offer(state: State, service: str) -> TakeOffer:
    """What stands in the take-number band of a service's sheet and of a guide sheet."""
    facts = state.facts
    if Errand.TAKE not in facts.errands:
        return TakeOffer(
            "本机可查指南，不取号",
            "取号请用其他自助机，或到导办台",
            "不能取号",
            False,
            False,
            "ticket-outline",
        )
    if not facts.takes(service):
        reason = "网络中断，本机没有预留号" if facts.lonely else waiting(facts, service)
        return TakeOffer(reason, "可查看所需材料，或咨询导办", "不能取号", False, False, "ticket-outline")
    if state.reading:
        return TakeOffer("正在读取身份证", "请不要移动身份证", "请稍候", False, False, "card-account-details")
    away = ALONE if facts.lonely else SERVER_AWAY
    more = PURPOSE if facts.server else away
    if state.person is not None:
        known = f"{state.person.masked_name}，身份证已读取"
        return TakeOffer(known, more, "取号", True, True, "account-check")
    if facts.reader:
        return TakeOffer(
            "请把身份证放在感应区", more, "无证取号", False, True, "card-account-details-outline"
        )
    return TakeOffer(no_reader(facts), more, "无证取号", True, True, "card-off-outline")


def no_reader(facts: Facts) -> str:
    """Why no card can be read, and what works instead."""
    if facts.device(Kind.ID_CARD_READER) is None:
        return "本机不读身份证，请直接取号"
    return "读卡器暂时不能用，仍可无证取号"


def home_say(state: State, *, browsing: bool, looking: bool) -> Say:
    """The band of the home screen: what is the matter, or what to do."""
    facts = state.facts
    if state.notice is not None:
        return Say(state.notice.text, tone=Tone.GOOD if state.notice.good else Tone.WARN)
    if state.reading:
        return Say("正在读取身份证", "请不要移动身份证")
    if Errand.TAKE not in facts.errands:
        return _say_without_numbers(state, looking=looking)
    if facts.lonely and state.person is None:
        return Say("网络中断，可离线取号", "号码有效，恢复后自动并入队列", Tone.WARN)
    if not facts.lonely and (browsing or not facts.server):
        return Say("暂时连不上大厅服务器", "可以查看办事指南；恢复后即可取号", Tone.WARN)
    if state.person is not None:
        more = "正在查找您的号票" if looking else "请选择专区，取号时不用再刷身份证"
        return Say(f"{state.person.masked_name}，您好", more, Tone.GOOD)
    if not facts.reader:
        return Say(no_reader(facts), "请选择专区取号", Tone.WARN)
    if not facts.printer:
        return Say("打印机暂时不能用", "号码会显示在屏幕上，同样有效", Tone.WARN)
    reprints = Errand.REPRINT in facts.errands
    return Say("请选择专区，或先把身份证放在感应区", "刷身份证可补打号票" if reprints else "")


def _say_without_numbers(state: State, *, looking: bool) -> Say:
    """The band of the home screen of a kiosk that gives no numbers."""
    facts = state.facts
    if looking:
        return Say("正在查找您的号票", "请稍候")
    if not facts.server and facts.papers:
        return Say("暂时连不上大厅服务器", "恢复后自动继续", Tone.WARN)
    elsewhere = "取号请用其他自助机，或到导办台"
    return Say("请选择专区，查看办事指南" if facts.opens_zones else "请选择要办理的事", elsewhere)


def papers_title(facts: Facts) -> str:
    """What is done about tickets and appointments here."""
    if Errand.CHECK_IN not in facts.errands:
        return "补打号票"
    return "补打号票、预约签到" if Errand.REPRINT in facts.errands else "预约签到"


def papers_note(facts: Facts) -> str:
    """How it is done."""
    if Errand.CHECK_IN not in facts.errands:
        return "刷身份证，或扫码、输入号码"
    both = Errand.REPRINT in facts.errands
    return "刷身份证，或扫码、输入号码、预约码" if both else "刷身份证，或扫码、输入预约码"


def papers_code(facts: Facts) -> str:
    """What may be typed for it."""
    if Errand.CHECK_IN not in facts.errands:
        return "号码"
    return "号码或预约码" if Errand.REPRINT in facts.errands else "预约码"


def page_say(state: State, usual: str, more: str = "") -> Say:
    """The band of the other pages: a notice goes first, then the server, then what is usual there."""
    if state.notice is not None:
        return Say(state.notice.text, tone=Tone.GOOD if state.notice.good else Tone.WARN)
    if state.facts.lonely:
        return Say(usual, "网络中断，可离线取号", Tone.WARN)
    if not state.facts.server:
        return Say("暂时连不上大厅服务器", "恢复后即可取号", Tone.WARN)
    return Say(usual, more)


def windows(labels: tuple[str, ...]) -> str:
    """3～5号窗口 where labels are plain numbers, else the first labels."""
    together = window_list(labels)
    return together if len(together) <= 12 or len(labels) <= 2 else "、".join(labels[:2]) + "等"


def zone_name(name: str) -> str:
    """综合专区: the word 专区 is added where the hall does not write it."""
    return name if not name or name.endswith("区") else f"{name}专区"


def day(business_day: str) -> str:
    """2026年11月21日 for 20261121 and 2026-11-21; anything else as it is."""
    digits = business_day.replace("-", "")
    if len(digits) != 8 or not digits.isdigit():
        return business_day
    return f"{digits[:4]}年{int(digits[4:6])}月{int(digits[6:])}日"


def ahead(slip: TicketSlip) -> str:
    """您前面还有 12 人; of a number issued alone nobody knows yet."""
    if slip.alone:
        return "离线取号 · 号码有效"
    if slip.called_to:
        return f"请到{slip.called_to}办理"
    return f"您前面还有 {slip.ahead} 人" if slip.ahead else "您前面没有人，请留意叫号"


def number_say(state: State, screen: Number) -> Say:
    """How the paper is, and what to do when there is none."""
    word = "补打" if screen.reprint else "打印"
    then = f"{state.seconds(LEAVE_SECONDS):.0f}秒后自动返回首页"
    elsewhere = f"可到其他自助机刷证或输入 {screen.slip.number} 补打"
    if screen.slip.alone:
        elsewhere = f"请记住号码 {screen.slip.number}，稍后可在本机补打"
    match screen.stage:
        case Stage.PRINTING:
            return Say(f"正在{word}号票，请稍候", "请勿离开")
        case Stage.PRINTED if state.card:
            return Say("请取走身份证和号票", then, Tone.WARN)
        case Stage.PRINTED:
            return Say(f"号票已{word}，请从出票口取走", then, Tone.GOOD)
        case Stage.UNSURE:
            return Say("没有拿到完整号票，可再次打印", elsewhere, Tone.WARN)
    reason = screen.sentence or "号票没有打印出来"
    return Say(f"{reason}，号码同样有效", elsewhere, Tone.WARN)
