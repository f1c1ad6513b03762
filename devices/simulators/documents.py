"""Draws made-up documents for a simulated camera: ID card, business licence, form, QR codes on a phone.

All of them say 样张, all people are inventions, every number has a right check digit and no owner. The
places of the fields follow the real layouts closely enough for template crops (GA 448 card 85.6 × 54 mm,
licence of 2019 A4 landscape).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import qrcode
from PIL import Image, ImageDraw, ImageFont

import assets
from devices.simulators.people import with_check_digit as _checked

CARD_SIZE = (1012, 638)
"""85.6 × 54.0 mm at 300 dpi."""
LICENCE_SIZE = (1404, 993)
FORM_SIZE = (993, 1404)
"""A4 at 120 dpi."""
_INK, _LABEL, _BLUE = (24, 26, 32), (52, 98, 140), (40, 60, 130)
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = tuple(3**place % 31 for place in range(17))
_RED = (196, 40, 44)


@dataclass(frozen=True, slots=True)
class CardFace:
    """What is printed on the front of a made-up ID card; ``number`` has 18 characters."""

    name: str
    nation: str
    address: str
    number: str

    @property
    def sex(self) -> str:
        """The 17th digit says it."""
        return "男" if int(self.number[16]) % 2 else "女"

    @property
    def born(self) -> tuple[str, str, str]:
        """Year, month, day as printed, without leading zeros."""
        return self.number[6:10], str(int(self.number[10:12])), str(int(self.number[12:14]))


@dataclass(frozen=True, slots=True)
class LicenceFace:
    """What is printed on a made-up business licence."""

    code: str
    name: str
    kind: str
    person: str
    founded: str
    address: str
    capital: str


def uscc(seventeen: str) -> str:
    """A unified social credit code from its first 17 characters (GB 32100-2015)."""
    total = sum(_USCC.index(each) * weight for each, weight in zip(seventeen, _USCC_WEIGHTS, strict=True))
    return seventeen + _USCC[(31 - total % 31) % 31]


FACES = (
    CardFace("张秀兰", "汉", "示例省示例县示例镇幸福路1号2单元301室", _checked("99999919680312482")),
    CardFace("李雨翀", "回", "示例省示例县河湾乡桃花村三组18号", _checked("99999919850920117")),
    CardFace("阿依努尔·买买提", "维吾尔", "示例省示例县和平街道团结路56号", _checked("99999919960218242")),
    CardFace("欧阳韡", "土家", "示例省示例县新城区学府路9号", _checked("99999920010130051")),
    CardFace("王䶮", "满", "示例省示例县示例镇建设西路120号", _checked("99999919790824333")),
    CardFace("赵德福", "蒙古", "示例省示例县北山镇柳树屯", _checked("99999919430101071")),
)
LICENCES = (
    LicenceFace(
        uscc("91999999MA0DEMA01"),
        "示例县幸福里便民超市有限公司",
        "有限责任公司（自然人独资）",
        "张秀兰",
        "2019年03月15日",
        "示例省示例县示例镇幸福路1号",
        "伍拾万元整",
    ),
    LicenceFace(
        uscc("92999999MA0DEMB07"),
        "示例县河湾乡老李家餐馆",
        "个体工商户",
        "李雨翀",
        "2021年11月02日",
        "示例省示例县河湾乡桃花村三组18号",
        "壹拾万元整",
    ),
)


def id_card(face: CardFace = FACES[0]) -> Image.Image:
    """Front of a card, RGB with rounded corners in its alpha."""
    card = _tinted(CARD_SIZE, (214, 228, 232), (236, 226, 220))
    draw = ImageDraw.Draw(card)
    label, text = _font(30), _font(36)
    year, month, day = face.born
    for place, word in (
        ((66, 74), "姓  名"),
        ((66, 158), "性  别"),
        ((300, 158), "民  族"),
        ((66, 242), "出  生"),
    ):
        draw.text(place, word, font=label, fill=_LABEL, anchor="lm")
    draw.text((188, 74), face.name, font=_font(40), fill=_INK, anchor="lm")
    draw.text((188, 158), face.sex, font=text, fill=_INK, anchor="lm")
    draw.text((420, 158), face.nation, font=text, fill=_INK, anchor="lm")
    for x, word in ((188, year), (354, month), (452, day)):
        draw.text((x, 242), word, font=text, fill=_INK, anchor="lm")
    for x, word in ((300, "年"), (408, "月"), (506, "日")):
        draw.text((x, 242), word, font=label, fill=_LABEL, anchor="lm")
    draw.text((66, 332), "住  址", font=label, fill=_LABEL, anchor="lm")
    for row, line in enumerate(_wrapped(face.address, 11)):
        draw.text((188, 332 + row * 50), line, font=text, fill=_INK, anchor="lm")
    draw.text((66, 560), "公民身份号码", font=label, fill=_LABEL, anchor="lm")
    draw.text((336, 560), face.number, font=_font(46), fill=_INK, anchor="lm")
    card.paste(_portrait((250, 310)), (690, 110))
    draw.text((815, 452), "样张 · 非真实证件", font=_font(24), fill=(170, 60, 60), anchor="mm")
    return _rounded(card, 37)


def licence(face: LicenceFace = LICENCES[0]) -> Image.Image:
    """A business licence, A4 landscape with its printed inner frame, RGBA."""
    width, height = LICENCE_SIZE
    page = _tinted(LICENCE_SIZE, (250, 248, 240), (246, 244, 232))
    draw = ImageDraw.Draw(page)
    for inset, line in ((44, 6), (58, 2)):
        draw.rectangle((inset, inset, width - inset, height - inset), outline=(178, 140, 70), width=line)
    draw.text((width // 2, 190), "营业执照", font=_font(84, bold=True), fill=_INK, anchor="mm")
    draw.text((width // 2, 262), "（样张，不具效力）", font=_font(24), fill=(170, 60, 60), anchor="mm")
    draw.text((110, 330), "统一社会信用代码", font=_font(24), fill=_INK, anchor="lm")
    draw.text((110, 372), face.code, font=_font(30, bold=True), fill=_INK, anchor="lm")
    rows = (
        ("名    称", face.name),
        ("类    型", face.kind),
        ("法定代表人", face.person),
        ("注册资本", face.capital),
        ("成立日期", face.founded),
        ("住    所", face.address),
    )
    for row, (label, value) in enumerate(rows):
        top = 446 + row * 68
        draw.text((110, top), label, font=_font(28), fill=(90, 84, 70), anchor="lm")
        draw.text((310, top), value, font=_font(30), fill=_INK, anchor="lm")
    draw.ellipse((1000, 640, 1220, 860), outline=_RED, width=8)
    draw.text((1110, 750), "样 章", font=_font(44, bold=True), fill=_RED, anchor="mm")
    draw.text((1110, 900), "登记机关  示例县市场监督管理局", font=_font(24), fill=_INK, anchor="mm")
    return page


FORM_LINES = (
    ("申请人", "示例 · 张某某"),
    ("联系电话", "000-0000-0000"),
    ("申请事项", "个体工商户设立登记"),
    ("经营场所", "示例县示例镇幸福路1号"),
    ("经营范围", "日用百货零售；餐饮服务"),
    ("从业人数", "3人"),
    ("申请日期", "二〇二六年十一月二十一日"),
)
FORM_TEXT = (
    "一、申请人承诺所提交的材料真实、合法、有效，复印件与原件一致，",
    "并对材料实质内容的真实性负责；提交虚假材料的，依法承担责任。",
    "二、申请人已阅读一次性告知单，知悉办理条件、时限和收费标准。",
    "三、承诺在规定期限内补齐容缺材料，逾期未补的，视为撤回申请。",
)


def form() -> Image.Image:
    """A filled form, A4 portrait, RGBA."""
    width = FORM_SIZE[0]
    page = Image.new("RGBA", FORM_SIZE, (247, 246, 242, 255))
    draw = ImageDraw.Draw(page)
    draw.text((width // 2, 110), "个体工商户登记申请表", font=_font(52, bold=True), fill=_INK, anchor="mm")
    draw.text((width // 2, 170), "（样张，不具效力）", font=_font(24), fill=(170, 60, 60), anchor="mm")
    for row, (label, value) in enumerate(FORM_LINES):
        top = 230 + row * 84
        draw.rectangle((80, top, width - 80, top + 84), outline=(110, 114, 122), width=2)
        draw.line((290, top, 290, top + 84), fill=(110, 114, 122), width=2)
        draw.text((185, top + 42), label, font=_font(30), fill=_INK, anchor="mm")
        draw.text((316, top + 42), value, font=_font(30), fill=_BLUE, anchor="lm")
    for row, line in enumerate(FORM_TEXT):
        draw.text((80, 880 + row * 52), line, font=_font(26), fill=_INK, anchor="lm")
    draw.text((80, 1180), "申请人签字：______________", font=_font(30), fill=_INK, anchor="lm")
    draw.ellipse((660, 1080, 860, 1280), outline=_RED, width=8)
    draw.text((760, 1180), "样 章", font=_font(40, bold=True), fill=_RED, anchor="mm")
    return page


def qr_code(text: str, *, pixels: int, inverted: bool = False, version: int | None = None) -> Image.Image:
    """A QR code of level M with its quiet zone, about ``pixels`` wide without it, greyscale."""
    code = qrcode.QRCode(version, error_correction=qrcode.constants.ERROR_CORRECT_M, box_size=1, border=4)
    code.add_data(text)
    code.make(fit=version is None)
    modules = np.where(np.array(code.get_matrix()), 0, 255).astype(np.uint8)
    if inverted:
        modules = (255 - modules).astype(np.uint8)
    scale = pixels / (modules.shape[0] - 8)
    side = round(modules.shape[0] * scale)
    fine = Image.fromarray(modules).resize((len(modules) * 8, len(modules) * 8), Image.Resampling.NEAREST)
    return fine.resize((side, side), Image.Resampling.BOX)


def phone(text: str, *, dark: bool = False) -> Image.Image:
    """A phone that shows an appointment with its code, RGBA."""
    ground, ink = ((22, 24, 30), (236, 238, 242)) if dark else ((250, 251, 253), (30, 36, 46))
    screen = Image.new("RGBA", (420, 800), (12, 12, 14, 255))
    draw = ImageDraw.Draw(screen)
    draw.rounded_rectangle((14, 14, 406, 786), 34, fill=ground)
    draw.text((210, 90), "预约签到码", font=_font(36, bold=True), fill=ink, anchor="mm")
    draw.text((210, 142), "示例县政务服务中心", font=_font(24), fill=ink, anchor="mm")
    code = qr_code(text, pixels=270, inverted=dark)
    screen.paste(code, (210 - code.width // 2, 400 - code.height // 2))
    draw.text((210, 650), "请对准扫码窗", font=_font(26), fill=ink, anchor="mm")
    return _rounded(screen, 44)


def _wrapped(text: str, width: int) -> list[str]:
    return [text[start : start + width] for start in range(0, len(text), width)]


def _tinted(size: tuple[int, int], left: tuple[int, int, int], right: tuple[int, int, int]) -> Image.Image:
    """A ground that runs from one pale colour to another, with fine security lines."""
    width, height = size
    ramp = np.linspace(0.0, 1.0, width)[None, :, None]
    ground = np.array(left)[None, None, :] * (1 - ramp) + np.array(right)[None, None, :] * ramp
    y, x = np.mgrid[0:height, 0:width]
    waves = np.sin(x / 17.0 + 3.0 * np.sin(y / 41.0)) * 2.0
    pixels = np.clip(ground + waves[:, :, None], 0, 255).astype(np.uint8)
    return Image.fromarray(pixels).convert("RGBA")


def _portrait(size: tuple[int, int]) -> Image.Image:
    """A grey silhouette: no face of anybody."""
    width, height = size
    portrait = Image.new("RGBA", size, (226, 230, 236, 255))
    draw = ImageDraw.Draw(portrait)
    draw.ellipse((width * 0.28, height * 0.14, width * 0.72, height * 0.58), fill=(150, 160, 172))
    draw.ellipse((width * 0.06, height * 0.62, width * 0.94, height * 1.4), fill=(150, 160, 172))
    return portrait


def _rounded(image: Image.Image, radius: int) -> Image.Image:
    mask = Image.new("L", image.size, 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, image.width - 1, image.height - 1), radius, fill=255)
    image.putalpha(mask)
    return image


def _font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The hall's face where it was fetched; else Pillow's own, which draws Hanzi as boxes."""
    try:
        return ImageFont.truetype(
            assets.fetched("fonts", f"NotoSansSC-{'Bold' if bold else 'Regular'}.ttf"), size
        )
    except (assets.AssetMissing, OSError):
        return ImageFont.load_default(size)
