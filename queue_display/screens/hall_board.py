"""Hall board: the call that stands large, the last ten calls, waiting per zone, one notice at a time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ListProperty, NumericProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

import assets.ui.widgets  # noqa: F401  the kv file names them
from assets.ui.pictures import Sample
from assets.ui.theme import theme
from assets.ui.widgets.panel import Panel
from contract.clock import date_text, time_text, weekday_text
from contract.messages import ZoneWaiting
from queue_display.board import ROWS, BoardView, Row
from queue_display.news import STALE, STARTING

Builder.load_file(str(Path(__file__).with_suffix(".kv")))

LARGEST_ZOOM = 1.35
"""Beyond it a number and a window no longer stand side by side."""
CALM, WATCH = "最新叫号", "请注意"
SUBTITLE = "办事大厅叫号"


class BoardLine(Panel):
    """One line of the table, changed in place."""

    number = StringProperty("")
    name = StringProperty("")
    named = BooleanProperty(False)
    window = StringProperty("")
    service = StringProperty("")
    time_text = StringProperty("")
    number_tone = StringProperty("ink")
    ink = StringProperty("ink")
    zoom = NumericProperty(1.0)

    def __init__(self, *, stripe: bool, **options: object) -> None:
        self._calm = "stripe" if stripe else "surface"
        super().__init__(fill=self._calm, **options)

    def show(self, row: Row | None) -> None:
        """Show a call, or an empty line."""
        if row is None:
            self.number = self.name = self.window = self.service = self.time_text = ""
            self.fill = self._calm
            return
        self.number, self.name, self.window, self.service = row.number, row.name, row.window, row.service
        self.time_text = time_text(row.called_ms) if row.called_ms else ""
        self.fill = "call" if row.lit else "call_soft" if row.fresh else self._calm
        self.ink = "call_ink" if row.lit else "ink"
        self.number_tone = "call_ink" if row.lit else "call" if row.fresh else "accent_text"


class ZoneLine(BoxLayout):
    """How many wait in one zone."""

    zone = StringProperty("")
    count = StringProperty("")


class CurrentCall(Panel):
    """The call that stands large; inverted in the bright half of its blink."""

    lead = StringProperty("")
    number = StringProperty("")
    middle = StringProperty("")
    window = StringProperty("")
    service = StringProperty("")
    number_tone = StringProperty("call")
    window_tone = StringProperty("accent_text")
    soft_tone = StringProperty("ink_soft")

    def __init__(self, **options: object) -> None:
        super().__init__(fill="surface", **options)

    def show(self, row: Row | None) -> None:
        """Show a call, or that there is none."""
        lit = row is not None and row.lit
        self.fill = "call" if lit else "surface"
        self.number_tone = "call_ink" if lit else "call"
        self.window_tone = "call_ink" if lit else "accent_text"
        self.soft_tone = "call_ink" if lit else "ink_soft"
        if row is None:
            self.lead = self.number = self.middle = ""
            self.window, self.service = "暂无叫号", "请留意屏幕和广播"
            self.window_tone = "ink_soft"
            return
        self.lead = WATCH if row.fresh else CALM
        self.number, self.middle = row.number, "请到"
        self.window, self.service = row.window, f"{row.name} · {row.service}" if row.name else row.service


class HallBoard(BoxLayout):
    """The whole board; draws a BoardView and holds no rule. ``names`` gives masked names a column."""

    hall = StringProperty("")
    subtitle = StringProperty(SUBTITLE)
    date_text = StringProperty("")
    time_text = StringProperty("")
    zones = ListProperty([])
    strip = StringProperty("")
    strip_icon = StringProperty("bullhorn")
    strip_fill = StringProperty("footer")
    strip_ink = StringProperty("footer_ink")
    page = StringProperty("")
    named = BooleanProperty(False)

    def __init__(self, *, names: bool = False, **options: object) -> None:
        super().__init__(**options)
        self.named = names
        self._lines: list[BoardLine] = []
        self._make_lines(ROWS)
        theme.bind(version=self._round_last)

    def show(self, view: BoardView) -> None:
        """Draw this; what did not change costs nothing."""
        self.hall = view.hall
        self.subtitle = view.title if view.title and view.title != view.hall else SUBTITLE
        self._show_clock(view.minute_ms)
        if view.lines != len(self._lines):
            self._make_lines(view.lines)
        self.ids.current.show(view.current)
        for at, line in enumerate(self._lines):
            line.show(view.rows[at] if at < len(view.rows) else None)
        self._show_waiting(view.waiting)
        self._show_strip(view)

    def _make_lines(self, count: int) -> None:
        """So many lines share the table; their type grows and shrinks with them."""
        zoom = min(ROWS / count, LARGEST_ZOOM)
        self._lines = [BoardLine(stripe=bool(at % 2), named=self.named, zoom=zoom) for at in range(count)]
        self.ids.lines.clear_widgets()
        for line in self._lines:
            self.ids.lines.add_widget(line)
        self._lines[-1].corners = "bottom"
        self._round_last()

    def _round_last(self, *_: object) -> None:
        self._lines[-1].rounding = 24 * theme.u

    def _show_clock(self, hall_ms: int) -> None:
        self.time_text = time_text(hall_ms) if hall_ms else ""
        self.date_text = f"{date_text(hall_ms)} {weekday_text(hall_ms)}" if hall_ms else ""

    def _show_waiting(self, waiting: tuple[ZoneWaiting, ...]) -> None:
        zones = [each.zone for each in waiting]
        box = self.ids.waiting
        if zones != self.zones:
            box.clear_widgets()
            for zone in zones:
                box.add_widget(ZoneLine(zone=zone))
            self.zones = zones
        for line, each in zip(reversed(box.children), waiting, strict=True):
            line.count = str(each.waiting)

    def _show_strip(self, view: BoardView) -> None:
        bad = view.banner == STALE
        self.strip = view.banner or view.notice
        calm = "bullhorn" if self.strip else ""
        self.strip_icon = "lan-disconnect" if bad else "lan-pending" if view.banner else calm
        self.strip_fill, self.strip_ink = ("call", "call_ink") if bad else ("footer", "footer_ink")
        self.page = "" if view.banner or view.pages < 2 else f"{view.page}/{view.pages}"


# ---------------------------------------------------------------- samples for pictures and lints

_AT = 1_795_269_660_000  # 2026-11-21 20:01 hall time
_SERVICES = ("企业与许可综合受理", "社保医保", "办税服务", "户籍与身份证", "不动产与公积金", "公证与法律援助")


_NAMES = ("张*", "欧阳**", "李**", "王*", "赵*", "买买提·*", "", "陈**", "刘*", "𠮷**")


def _row(at: int, *, fresh: bool = False, lit: bool = False) -> Row:
    number = f"{'ACBGFS'[at % 6]}{23 + at * 7:03d}"
    return Row(number, f"{(at * 5 + 3) % 12 + 1}号窗口", _SERVICES[at % 6], _AT - at * 97_000, fresh, lit)


def _sample(**changes: object) -> BoardView:
    rows = tuple(_row(at) for at in range(ROWS))
    options: dict[str, object] = {
        "title": "办事大厅叫号",
        "hall": "示例县政务服务中心",
        "rows": rows,
        "current": rows[0],
        "waiting": tuple(
            ZoneWaiting(zone=z, waiting=n)
            for z, n in zip(("综合", "税务", "公安", "司法"), (23, 8, 12, 2), strict=True)
        ),
        "notice": "请携带身份证原件，提前准备好办事材料。",
        "page": 1,
        "pages": 4,
        "banner": "",
        "minute_ms": _AT,
    }
    return BoardView(**{**options, **changes})  # type: ignore[arg-type]


def _board(view: BoardView) -> HallBoard:
    board = HallBoard(names=any(row.name for row in view.rows))
    board.show(view)
    return board


def samples() -> tuple[Sample, ...]:
    """The board calm, blinking, empty, without news, and with long words."""
    dark = (_row(0, fresh=True), *(_row(at) for at in range(1, ROWS)))
    bright = (_row(0, fresh=True, lit=True), _row(1, fresh=True, lit=True), *dark[2:])
    named = tuple(replace(row, name=name) for row, name in zip(dark, _NAMES, strict=True))
    long = Row("VIP1024", "办不成事反映窗口", "不动产登记与住房公积金联合受理", _AT)
    views = {
        "board": _sample(),
        "board-call": _sample(rows=dark, current=dark[0]),
        "board-call-lit": _sample(rows=bright, current=bright[0]),
        "board-empty": _sample(rows=(), current=None, notice="", pages=0),
        "board-stale": _sample(banner=STALE),
        "board-starting": _sample(
            hall="",
            title="",
            rows=(),
            current=None,
            waiting=(),
            minute_ms=0,
            banner=STARTING,
        ),
        "board-few-lines": _sample(rows=dark[:5], current=dark[0], lines=5),
        "board-many-lines": _sample(rows=tuple(_row(at) for at in range(20)), lines=20),
        "board-names": _sample(rows=named, current=named[0]),
        "board-long": _sample(
            hall="示例自治区示例市示例县政务服务中心",
            rows=(long, *dark[1:]),
            current=long,
            notice="老年人、残疾人、孕妇、军人可到绿色通道办理，如遇“办不成事”请到1号窗口反映。",
        ),
    }
    return tuple(
        Sample(name, lambda view=view: _board(view), (1920, 1080), ("normal",), 55.0, touch=False)  # type: ignore[misc]
        for name, view in views.items()
    )
