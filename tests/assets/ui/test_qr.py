"""The QR code on the screen can be read back."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.window


@pytest.mark.parametrize("palette", ["light", "contrast"])
def test_the_drawn_code_is_what_was_said_in_every_palette(palette: str, tmp_path: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    from kivy.uix.floatlayout import FloatLayout

    from assets.ui import pictures
    from assets.ui.theme import theme
    from assets.ui.widgets import Qr
    from tests import ui

    said = "http://127.0.0.1:18080/t/01JD9Q7Z4N8T1X5V2B6M3K0HSR.0123456789abcdef"
    box = FloatLayout()
    code = Qr(data="", size_hint=(None, None), size=(420, 420), pos=(300, 900))
    box.add_widget(code)
    ui.mount(box)
    theme.use(palette=palette)
    code.data = said
    path = pictures.render(box, ui.SIZE, tmp_path / "qr.png")
    read, _, _ = cv2.QRCodeDetector().detectAndDecode(cv2.imread(str(path)))
    assert read == said
    code.data = ""
    ui.frames()
    assert code._square.size == (0, 0)
