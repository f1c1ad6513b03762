"""Noto Sans SC for documents, from the assets; registered with reportlab once in a process."""

from __future__ import annotations

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from assets import fetched

REGULAR, BOLD = "NotoSansSC", "NotoSansSC-Bold"


def register() -> None:
    """Raises AssetMissing when the fonts were never fetched."""
    known = pdfmetrics.getRegisteredFontNames()
    for name, file in ((REGULAR, "NotoSansSC-Regular.ttf"), (BOLD, "NotoSansSC-Bold.ttf")):
        if name not in known:
            pdfmetrics.registerFont(TTFont(name, str(fetched("fonts", file))))
