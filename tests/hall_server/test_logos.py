"""What may be a hall's logo: drawn anew from its dots, small, harmless; its dots for paper."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import msgspec
import pytest
from PIL import Image, PngImagePlugin

from devices.printing.picture import picture
from devices.tickets import Picture
from hall_server import logos
from hall_server.config import document_of, from_document, load
from hall_server.hall_file import HallFile
from hall_server.presented import branding_of
from hall_server.setup.exchange import from_toml, from_xlsx, to_toml, to_xlsx
from hall_server.setup.findings import findings
from kiosk.paper import ticket
from kiosk.samples import slip
from tests.emblems import SVG, emblem

SAMPLE = Path(__file__).parents[2] / "assets" / "halls" / "demo" / "hall.toml"


def with_logo(png: bytes, **more: object) -> HallFile:
    file = load(SAMPLE).file
    return msgspec.structs.replace(file, branding=msgspec.structs.replace(file.branding, logo=png, **more))


def noisy(side: int) -> bytes:
    import random

    dots = random.Random(1).randbytes(side * side * 4)
    out = io.BytesIO()
    Image.frombytes("RGBA", (side, side), dots).save(out, "PNG")
    return out.getvalue()


def test_only_the_dots_go_on() -> None:
    told = PngImagePlugin.PngInfo()
    told.add_text("Comment", "where it was taken")
    out = io.BytesIO()
    Image.open(io.BytesIO(emblem())).save(out, "PNG", pnginfo=told)
    png = logos.taken(out.getvalue() + b"<script>alert(1)</script>")
    assert b"where it was taken" not in png
    assert b"<script>" not in png
    assert logos.size_of(png) == logos.Size(193, 193), "without its empty edge"
    assert logos.taken(png) == png, "once taken it stays as it is"
    assert logos.why_not(png) == ""


def test_a_picture_of_many_colours_is_made_small() -> None:
    png = logos.taken(noisy(400))
    assert len(png) <= logos.LARGEST_BYTES
    assert max(logos.size_of(png).width, logos.size_of(png).height) <= logos.KEPT_PX


def bomb() -> bytes:
    """A PNG whose head says that it is 60,000 dots wide."""
    head = (60_000).to_bytes(4, "big") * 2 + bytes([8, 6, 0, 0, 0])
    chunk = b"IHDR" + head
    return b"\x89PNG\r\n\x1a\n" + len(head).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "不是 PNG"),
        (b"MZ" + bytes(500), "不是 PNG"),
        (SVG.encode(), "浏览器会先把它画成 PNG"),
        (b"\xef\xbb\xbf<?xml?>".lstrip(b"\xef\xbb\xbf") + SVG.encode(), "浏览器会先把它画成 PNG"),
        (emblem()[:400], "已损坏"),
        (bomb(), "60000×60000"),
        (emblem(63, 63), "63×63"),
        (emblem(400, 100), "太宽"),
        (emblem(100, 400), "太高"),
        (bytes(logos.LARGEST_UPLOAD_BYTES + 1), "超过 1 MB"),
    ],
)
def test_what_is_no_logo_is_told(content: bytes, sentence: str) -> None:
    with pytest.raises(logos.NotALogo, match=sentence):
        logos.taken(content)


def test_an_invisible_picture_is_no_logo() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (100, 100)).save(out, "PNG")
    with pytest.raises(logos.NotALogo, match="透明"):
        logos.taken(out.getvalue())
    assert "透明" in logos.why_not(out.getvalue())


def test_it_goes_wherever_the_description_goes() -> None:
    box = load(SAMPLE)
    file = with_logo(logos.taken(emblem()), colour="#0e5457", logo_on_tickets=True)
    assert from_toml(to_toml(file), box.file) == file
    assert from_xlsx(to_xlsx(file), box.file) == file
    assert from_document(document_of(file), box).file == file
    largest = with_logo(logos.taken(noisy(400)))
    assert from_xlsx(to_xlsx(largest), box.file) == largest, "the largest has room in a cell"


def test_an_imported_picture_that_is_none_is_found() -> None:
    box = load(SAMPLE)
    found = findings(with_logo(b"GIF89a"), box.items)
    assert [(one.section, one.field) for one in found] == [("branding", "logo")]
    assert "不是 PNG" in found[0].sentence
    assert "24000" in findings(with_logo(noisy(200)), box.items)[0].sentence


def test_the_head_of_the_ticket_in_black_and_white() -> None:
    config = load(SAMPLE)
    png = logos.taken(emblem())
    plain = branding_of(msgspec.structs.replace(config, file=with_logo(png)))
    assert plain.ticket is None, "only where the hall wants it"
    look = branding_of(msgspec.structs.replace(config, file=with_logo(png, logo_on_tickets=True)))
    assert look.ticket is not None
    assert look.ticket.whole
    assert (look.ticket.width, look.ticket.height) == (96, 96)
    head = ticket(slip(), logo=look.ticket)[0]
    assert isinstance(head, Picture)
    for dots in (384, 576):
        paper = picture((head,), dots)
        left, _, right, bottom = paper.getbbox() or (0, 0, 0, 0)
        assert abs((left + right) / 2 - dots / 2) <= 1, "in the middle"
        assert bottom <= 96
        middle = paper.getpixel((dots // 2, 48))
        edge = paper.getpixel((left + 3, 48))
        assert (bool(middle), bool(edge)) == (False, True), "the light mountain on the dark disc"


def test_a_raster_that_is_cut_off_is_not_printed() -> None:
    look = logos.ticket_dots(logos.taken(emblem()))
    broken = msgspec.structs.replace(look, rows=look.rows[:-1])
    assert not broken.whole
    assert not isinstance(ticket(slip(), logo=broken)[0], Picture)
