"""Number: the ticket on the glass, huge, and how its paper is."""

from __future__ import annotations

from collections.abc import Sequence

from kivy.properties import BooleanProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from assets.ui.pictures import Sample
from assets.ui.theme import theme
from assets.ui.widgets import PushButton
from assets.ui.widgets.panel import Panel
from contract.messages import TicketSlip
from devices.tickets import Proof
from kiosk import samples as made_up
from kiosk.flows import events as e
from kiosk.flows.number import Number, Stage
from kiosk.flows.state import State
from kiosk.flows.words import ahead, day, minutes, number_say, windows, zone_name
from kiosk.screens.page import Emit, Page, load_kv, pictured


class Line(BoxLayout):
    """A line with a symbol."""

    icon = StringProperty("")
    text = StringProperty("")
    strong = BooleanProperty(False)


class TicketView(Panel):
    """What the paper ticket says, on the glass."""

    over = StringProperty("")
    number = StringProperty("")
    ahead = StringProperty("")
    qr = StringProperty("")
    scan = StringProperty("")

    def show(self, slip: TicketSlip, *, reprint: bool) -> None:
        """Fill in one ticket."""
        mark = "（补打）" if reprint else ""
        self.over = " · ".join(each for each in (zone_name(slip.zone), slip.service) if each) + mark
        self.number, self.ahead, self.qr = slip.number, ahead(slip), slip.qr
        self.scan = ("恢复后可扫码" if slip.alone else "扫码看排队") if slip.qr else ""
        lines = self.ids.lines
        lines.clear_widgets()
        for icon, text, strong in _lines(slip):
            lines.add_widget(Line(icon=icon, text=text, strong=strong))


class NumberPage(Page):
    """See the module."""

    def __init__(self, emit: Emit, **options: object) -> None:
        super().__init__(emit, **options)
        self._ticket = TicketView()
        self._again = PushButton(text="再次打印", icon="printer", size_hint_y=None)
        self._again.bind(on_release=lambda _: self.emit(e.PrintAgain()))
        self.ids.content.add_widget(self._ticket)

    def draw(self, state: State, screen: Number) -> None:
        """The ticket; above it the sentence about its paper."""
        self.title = {
            Stage.PRINTING: "取号成功",
            Stage.PRINTED: "请取走号票",
            Stage.UNSURE: "请查看出票口",
            Stage.FAILED: "请记住您的号码",
        }[screen.stage]
        self.say(number_say(state, screen))
        if self.changed("slip", screen.slip, screen.reprint):
            self._ticket.show(screen.slip, reprint=screen.reprint)
        self._again.height = max(theme.lead * 2.8, theme.target)
        again = screen.stage in (Stage.UNSURE, Stage.FAILED) and state.facts.printer
        if again and self._again.parent is None:
            self.ids.content.add_widget(self._again)
        elif not again and self._again.parent is not None:
            self.ids.content.remove_widget(self._again)

    def bar_for(self, state: State) -> Sequence[str]:
        """Done, when the paper is settled."""
        top = state.screen
        printing = isinstance(top, Number) and top.stage is Stage.PRINTING
        return ("elder", "contrast", "guide") if printing else ("done", "elder", "contrast", "guide")


def _lines(slip: TicketSlip) -> list[tuple[str, str, bool]]:
    found: list[tuple[str, str, bool]] = []
    if slip.alone:
        found.append(("lan-disconnect", "网络恢复后自动并入队列", True))
    estimate = minutes(slip.wait_low, slip.wait_high)
    if estimate:
        found.append(
            ("clock-outline", estimate if estimate.startswith("基本") else f"预计等候{estimate}", True)
        )
    if slip.wait_note:
        found.append(("clock-outline", slip.wait_note, False))
    if slip.windows:
        found.append(("desk", windows(slip.windows), True))
    found.append(("bullhorn-outline", "请留意叫号和大屏显示", False))
    if slip.business_day:
        found.append(("calendar-outline", f"{day(slip.business_day)}有效", False))
    return found


PAGE = NumberPage
load_kv(__file__)


def samples() -> tuple[Sample, ...]:
    """Printing, printed with the card still there, paper out, unsure, and a reprint."""
    way = (e.ChooseZone("zh"), e.ChooseService("sb"))
    card, plain = e.CardRead(made_up.PERSON), e.Take()
    issued = e.Issued(1, made_up.slip())
    long = e.Issued(1, made_up.slip(wait_low=60, wait_high=None, wait_note="窗口暂未开放，按排班预计"))
    alone = e.Issued(1, made_up.lone_slip())
    again = (
        e.OpenReprint(),
        card,
        e.Found(1, (made_up.slip(ahead=3),)),
        e.Printed(2, Proof.CONFIRMED),
        e.CardGone(),
    )

    def picture(name: str, *events: e.Event, printer: bool = True) -> Sample:
        return Sample(name, pictured(NumberPage, made_up.after(*events, printer=printer)))

    return (
        picture("number-printing", *way, plain, issued),
        picture("number-printed", *way, plain, issued, e.Printed(2, Proof.CONFIRMED)),
        picture("number-card-there", *way, card, issued, e.Printed(2, Proof.CONFIRMED)),
        picture("number-paper-out", *way, plain, issued, e.PrintRefused(2, "打印机缺纸"), made_up.NO_PRINTER),
        picture("number-unsure", *way, plain, issued, e.Printed(2, Proof.UNKNOWN)),
        picture("number-no-printer", *way, plain, issued, printer=False),
        picture("number-long-wait", *way, plain, long, e.Printed(2, Proof.CONFIRMED)),
        picture("number-reprint", *again),
        picture("number-alone", *made_up.LONELY, *way, plain, alone, e.Printed(2, Proof.CONFIRMED)),
        picture("number-alone-failed", *made_up.LONELY, *way, plain, alone, e.PrintRefused(2, "打印机缺纸")),
    )
