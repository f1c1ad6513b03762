"""A made-up emblem for tests of a hall's logo: a red disc with a yellow mountain, as PNG and as SVG."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

SVG = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">
<script>window.pwned = true; fetch("/pwned")</script>
<image href="http://example.invalid/x.png" width="10" height="10"/>
<circle cx="50" cy="50" r="46" fill="#b01217" onload="window.pwned = true"/>
<polygon points="50,20 82,74 18,74" fill="#ffd23f"/>
</svg>"""


def emblem(width: int = 200, height: int = 200, *, text: str = "") -> bytes:
    """PNG bytes; ``text`` goes into a chunk beside the picture."""
    image = Image.new("RGBA", (width, height))
    draw = ImageDraw.Draw(image)
    draw.ellipse((4, 4, width - 4, height - 4), fill="#b01217")
    peak, foot = (width / 2, height * 0.2), height * 0.74
    draw.polygon([peak, (width * 0.82, foot), (width * 0.18, foot)], fill="#ffd23f")
    out = io.BytesIO()
    image.save(out, "PNG")
    png = out.getvalue()
    return png + text.encode() if text else png
