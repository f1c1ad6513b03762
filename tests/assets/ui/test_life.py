"""What is taken off the window is forgotten: a kiosk rebuilds its screens a thousand times a day."""

from __future__ import annotations

import gc
from weakref import ref

import pytest

pytestmark = pytest.mark.window


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("Text", {"text": "请"}),
        ("Icon", {"name": "printer"}),
        ("Panel", {"fill": "surface", "edge": "line"}),
        ("PushButton", {"text": "确定", "icon": "check"}),
        ("Tile", {"icon": "printer", "text": "补打", "note": "号票"}),
        ("Header", {"title": "大厅"}),
        ("Notice", {"kind": "warn", "text": "缺纸"}),
        ("Keypad", {"layout_name": "id"}),
        ("Field", {"text": "A012", "caption": "号码"}),
        ("Qr", {"data": "A012"}),
        ("Countdown", {}),
        ("Dialog", {"icon": "timer-sand", "title": "还在办理吗？"}),
    ],
)
def test_a_widget_that_left_the_window_is_freed(kind: str, options: dict[str, str]) -> None:
    from kivy.core.window import Window

    from assets.ui import widgets
    from assets.ui.theme import theme
    from tests import ui

    widget = getattr(widgets, kind)(**options)
    if kind == "Dialog":
        widget.action("继续办理", lambda: None, kind="primary")
        widget.count(12)
    ui.mount(widget)
    theme.use(palette="contrast", scale="elder")
    ui.frames()
    theme.use(palette="light", scale="normal")
    Window.remove_widget(widget)
    gone = ref(widget)
    del widget
    ui.frames()
    gc.collect()
    assert gone() is None
