"""Window sign: over one window: its label, the number called or served, or why nobody is."""

from __future__ import annotations

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import StringProperty
from kivy.uix.boxlayout import BoxLayout

import assets.ui.widgets  # noqa: F401  the kv file names them
from assets.ui.pictures import Sample
from queue_display.news import STALE, STARTING
from queue_display.sign import WORDS, Doing, SignView

Builder.load_file(str(Path(__file__).with_suffix(".kv")))

TONES = {
    Doing.CALLING: "call",
    Doing.SERVING: "accent_text",
    Doing.FREE: "good",
    Doing.PAUSED: "warn",
    Doing.CLOSED: "ink_soft",
    Doing.UNKNOWN: "ink_soft",
}


class WindowSign(BoxLayout):
    """The whole sign; draws a SignView and holds no rule. ``names`` shows the masked name too."""

    label = StringProperty("")
    name = StringProperty("")
    number = StringProperty("")
    words = StringProperty("")
    services = StringProperty("")
    banner = StringProperty("")
    body_fill = StringProperty("surface")
    number_tone = StringProperty("call")
    words_tone = StringProperty("ink")
    strip_fill = StringProperty("footer")
    strip_ink = StringProperty("footer_ink")

    def __init__(self, *, names: bool = False, **options: object) -> None:
        self._names = names
        super().__init__(**options)

    def show(self, view: SignView) -> None:
        """Draw this; what did not change costs nothing."""
        self.label, self.name, self.number = view.label, view.name, view.number
        masked = f" {view.masked_name}" if self._names and view.masked_name else ""
        self.words = view.words + masked
        self.services = " · ".join(view.services)
        self.banner = view.banner
        self.body_fill = "call" if view.lit else "surface"
        self.number_tone = "call_ink" if view.lit else TONES[view.doing]
        self.words_tone = "call_ink" if view.lit else TONES[view.doing]
        bad = view.banner == STALE
        self.strip_fill, self.strip_ink = ("call", "call_ink") if bad else ("footer", "footer_ink")


# ---------------------------------------------------------------- samples for pictures and lints


def _view(doing: Doing, **changes: object) -> SignView:
    number = "A023" if doing in (Doing.CALLING, Doing.SERVING) else ""
    options: dict[str, object] = {
        "label": "3号窗口",
        "name": "综合受理",
        "number": number,
        "doing": doing,
        "words": WORDS[doing],
        "masked_name": "张*" if number else "",
        "services": ("企业与许可综合受理", "社保医保", "民政服务"),
        "lit": False,
        "banner": "",
    }
    return SignView(**{**options, **changes})  # type: ignore[arg-type]


def _sign(view: SignView) -> WindowSign:
    sign = WindowSign(names=True)
    sign.show(view)
    return sign


def samples() -> tuple[Sample, ...]:
    """The sign in every state, as a lying panel and as a bar."""
    views = {
        "sign-free": _view(Doing.FREE),
        "sign-calling": _view(Doing.CALLING),
        "sign-calling-lit": _view(Doing.CALLING, lit=True),
        "sign-serving": _view(Doing.SERVING),
        "sign-paused": _view(Doing.PAUSED),
        "sign-closed": _view(Doing.CLOSED),
        "sign-stale": _view(Doing.SERVING, banner=STALE),
        "sign-starting": _view(Doing.UNKNOWN, label="", name="", services=(), banner=STARTING),
        "sign-long": _view(Doing.CALLING, label="办不成事反映窗口", name="首席代表 王主任", number="VIP1024"),
    }
    panels = {name: (view, (1280, 720)) for name, view in views.items()}
    bars = {f"{name}-bar": (views[name], (1920, 540)) for name in ("sign-calling", "sign-free", "sign-long")}
    return tuple(
        Sample(name, lambda view=view: _sign(view), size, ("normal",), touch=False)  # type: ignore[misc]
        for name, (view, size) in (panels | bars).items()
    )
