"""Header: the band at the top of every kiosk screen, with the hall's logo; read-only: it may be out of reach.

Header:
    title: "示例县政务服务中心"
    subtitle: "1号自助机 · 大厅入口"
    time_text: "20:01"
    date_text: "2026年11月21日 星期六"
"""

from __future__ import annotations

from kivy.lang import Builder
from kivy.properties import StringProperty
from kivy.uix.boxlayout import BoxLayout

from assets.ui.widgets.logo import Logo as Logo
from assets.ui.widgets.panel import Ground

Builder.load_string("""
#:import theme assets.ui.theme.theme
<Header>:
    fill: "header"
    size_hint_y: None
    height: 200 * theme.u
    padding: theme.margin, 26 * theme.u
    spacing: theme.gap
    BoxLayout:
        spacing: theme.gap * 1.5 if theme.logo else 0
        Logo:
            widest: 132 * theme.u
        BoxLayout:
            orientation: "vertical"
            Text:
                text: root.title
                level: "title"
                weight: "bold"
                tone: "header_ink"
                size_hint_y: 1.4
            Text:
                text: root.subtitle
                level: "small"
                tone: "header_ink"
    BoxLayout:
        orientation: "vertical"
        size_hint_x: 0.55
        Text:
            text: root.time_text
            level: "title"
            weight: "bold"
            tone: "header_ink"
            align: "right"
            size_hint_y: 1.4
        Text:
            text: root.date_text
            level: "small"
            tone: "header_ink"
            align: "right"
""")


class Header(Ground, BoxLayout):
    """The band at the top; see the module."""

    title = StringProperty("")
    subtitle = StringProperty("")
    time_text = StringProperty("")
    date_text = StringProperty("")
