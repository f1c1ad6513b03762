"""Each lint finds the offence planted for it, and finds nothing on a good screen."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.window

GOOD = """
FloatLayout:
    Panel:
        fill: "surface"
        size_hint: None, None
        size: 900, 200
        pos: 60, 1500
        Text:
            text: "请选择要办理的业务"
    PushButton:
        text: "上一步"
        size_hint: None, None
        size: 300, 120
        pos: 60, 60
    PushButton:
        text: "确定"
        size_hint: None, None
        size: 300, 120
        pos: 400, 60
"""


def rules(kv: str, *, touch: bool = True) -> set[str]:
    from kivy.lang import Builder

    from assets.ui import lints
    from tests import ui

    return {each.rule for each in lints.findings(ui.mount(Builder.load_string(kv)), touch=touch)}


def test_a_good_screen_has_no_findings() -> None:
    assert rules(GOOD) == set()


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [
        ("overflow", "请选择要办理的业务", "请选择要办理的业务" * 6),
        ("overflow", "size: 900, 200", "size: 1200, 200"),
        ("glyph", "请选择要办理的业务", "请选择\U0010ffff业务"),
        ("contrast", 'fill: "surface"', 'fill: "accent"'),
        ("small", "请选择要办理的业务", "请选择要办理的业务" * 3 + "请选择"),
        ("target", "size: 300, 120\n        pos: 60", "size: 300, 70\n        pos: 60"),
        ("gap", "pos: 400, 60", "pos: 362, 60"),
        ("gap", "pos: 400, 60", "pos: 100, 60"),
        ("reach", "pos: 400, 60", "pos: 400, 1300"),
        ("speech", 'text: "确定"', 'icon: "check"'),
        ("focus", "pos: 400, 60", "pos: 60, 60"),
    ],
)
def test_an_offence_is_found(rule: str, old: str, new: str) -> None:
    assert old in GOOD
    assert rule in rules(GOOD.replace(old, new))


def test_a_screen_that_nobody_touches_has_no_targets() -> None:
    assert rules(GOOD.replace("pos: 400, 60", "pos: 400, 1300"), touch=False) == set()
