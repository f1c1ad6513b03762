"""Text to the phoneme symbols that the voice model knows: Mandarin by pinyin, English by a word list.

The model writes Mandarin in IPA with an arrow for the tone behind the syllable's vowel and English
in its own letters for diphthongs (A = eɪ, I = aɪ, O = oʊ, W = aʊ). Facts: VOICE.md §2; Lin, "The
Sounds of Chinese", for the phonology.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from pypinyin import Style, lazy_pinyin, load_phrases_dict
from pypinyin.seg.mmseg import seg

from assets.speech.polyphones import PHRASES, SURNAMES

# The model's vocabulary: symbol at the position of its token number, groups by where they start.
_GROUPS: tuple[tuple[int, str], ...] = (
    (1, ";:,.!?"),
    (9, '—…"()“” \u0303ʣʥʦʨᵝ\uab67AI'),
    (31, "O"),
    (33, "Q"),
    (35, "ST"),
    (39, "W"),
    (41, "Yᵊabcdef"),
    (50, "hijklmnopqrstuvwxyzɑɐɒæ"),
    (75, "βɔɕç"),
    (80, "ɖðʤə"),
    (85, "ɚɛɜ"),
    (90, "ɟ"),
    (92, "ɡ"),
    (99, "ɥ"),
    (101, "ɨɪʝ"),
    (110, "ɯɰŋɳɲɴø"),
    (118, "ɸθœ"),
    (123, "ɹ"),
    (125, "ɾɻ"),
    (128, "ʁɽʂʃʈʧ"),
    (135, "ʊʋ"),
    (138, "ʌɣɤ"),
    (142, "χʎ"),
    (147, "ʒʔ"),
    (156, "ˈˌː"),
    (162, "ʰ"),
    (164, "ʲ"),
    (169, "↓"),
    (171, "→↗↘"),
    (177, "ᵻ"),
)
VOCABULARY: Mapping[str, int] = {
    symbol: start + step for start, symbols in _GROUPS for step, symbol in enumerate(symbols)
}

_TONES = {"1": "→", "2": "↗", "3": "↓", "4": "↘", "5": ""}
_INITIALS = {
    "b": "p",
    "p": "pʰ",
    "m": "m",
    "f": "f",
    "d": "t",
    "t": "tʰ",
    "n": "n",
    "l": "l",
    "g": "k",
    "k": "kʰ",
    "h": "x",
    "j": "ʨ",
    "q": "ʨʰ",
    "x": "ɕ",
    "zh": "\uab67",
    "ch": "\uab67ʰ",
    "sh": "ʂ",
    "r": "ɻ",
    "z": "ʦ",
    "c": "ʦʰ",
    "s": "s",
    "": "",
}
# "0" marks where the tone stands: behind the nucleus, before a nasal coda.
_FINALS = {
    "a": "a0",
    "o": "wo0",
    "e": "ɤ0",
    "ê": "ɛ0",
    "ai": "ai0",
    "ei": "ei0",
    "ao": "au0",
    "ou": "ou0",
    "an": "a0n",
    "en": "ə0n",
    "ang": "a0ŋ",
    "eng": "ə0ŋ",
    "ong": "ʊ0ŋ",
    "i": "i0",
    "ia": "ja0",
    "ie": "je0",
    "iai": "jai0",
    "iao": "jau0",
    "iou": "jou0",
    "ian": "jɛ0n",
    "in": "i0n",
    "iang": "ja0ŋ",
    "ing": "i0ŋ",
    "iong": "jʊ0ŋ",
    "u": "u0",
    "ua": "wa0",
    "uo": "wo0",
    "uai": "wai0",
    "uei": "wei0",
    "uan": "wa0n",
    "uen": "wə0n",
    "uang": "wa0ŋ",
    "ueng": "wə0ŋ",
    "ü": "y0",
    "üe": "ɥe0",
    "üan": "ɥɛ0n",
    "ün": "y0n",
}
_WHOLE = {
    "er": "ɚ0",
    "o": "ɔ0",
    "yo": "jɔ0",
    "wong": "wʊ0ŋ",
    "m": "m0",
    "n": "n0",
    "ng": "ŋ0",
    "hm": "hm0",
    "hng": "hŋ0",
}
_APICAL = re.compile(r"(zh|ch|sh|r|z|c|s)i")

_LETTERS = {
    "A": "ˈA",
    "B": "bˈi",
    "C": "sˈi",
    "D": "dˈi",
    "E": "ˈi",
    "F": "ˈɛf",
    "G": "ʤˈi",
    "H": "ˈAʧ",
    "I": "ˈI",
    "J": "ʤˈA",
    "K": "kˈA",
    "L": "ˈɛl",
    "M": "ˈɛm",
    "N": "ˈɛn",
    "O": "ˈO",
    "P": "pˈi",
    "Q": "kjˈu",
    "R": "ˈɑɹ",
    "S": "ˈɛs",
    "T": "tˈi",
    "U": "jˈu",
    "V": "vˈi",
    "W": "dˈʌbᵊlju",
    "X": "ˈɛks",
    "Y": "wˈI",
    "Z": "zˈi",
}
_ENGLISH = {
    "ticket": "tˈɪkɪt",
    "number": "nˈʌmbəɹ",
    "please": "plˈiz",
    "go": "ɡˌO",
    "to": "tə",
    "the": "ðə",
    "on": "ˌɔn",
    "counter": "kˈWntəɹ",
    "room": "ɹˈum",
    "desk": "dˈɛsk",
    "information": "ˌɪnfəɹmˈAʃən",
    "guide": "ɡˈId",
    "service": "sˈɜɹvəs",
    "comprehensive": "kˌɑmpɹəhˈɛnsɪv",
    "delivery": "dəlˈɪvəɹi",
    "help": "hˈɛlp",
    "screen": "skɹˈin",
    "zero": "zˈɪɹO",
    "one": "wˈʌn",
    "two": "tˈu",
    "three": "θɹˈi",
    "four": "fˈɔɹ",
    "five": "fˈIv",
    "six": "sˈɪks",
    "seven": "sˈɛvən",
    "eight": "ˈAt",
    "nine": "nˈIn",
    "ten": "tˈɛn",
    "eleven": "əlˈɛvən",
    "twelve": "twˈɛlv",
    "thirteen": "θɜɹtˈin",
    "fourteen": "fˌɔɹtˈin",
    "fifteen": "fˌɪftˈin",
    "sixteen": "sˌɪkstˈin",
    "seventeen": "sˌɛvəntˈin",
    "eighteen": "ˌAtˈin",
    "nineteen": "nˌIntˈin",
    "twenty": "twˈɛnti",
    "thirty": "θˈɜɹɾi",
    "forty": "fˈɔɹɾi",
    "fifty": "fˈɪfti",
    "sixty": "sˈɪksti",
    "seventy": "sˈɛvənti",
    "eighty": "ˈAɾi",
    "ninety": "nˈInti",
}
_PUNCTUATION = {"，": ",", "、": ",", "。": ".", "！": "!", "？": "?", "：": ":", "；": ";"}
_BROADCAST_WORDS = (
    "工作人员|安全出口|身份证|户口簿|办事|群众|各位|大家|时间|小时|今天|明天|现在|还有|没有|还没有|网上|预约|"
    "下班|结束|紧急|通知|发生|险情|火情|惊慌|听从|指挥|最近|有序|撤离|乘坐|电梯|听到|广播|有人|等您|拾到|失主|"
    "认领|一件|老人|孩子|家长|车主|挪车|系统|故障|恢复|暂停|耐心|等候|谢谢|配合|携带|材料|楼梯"
)
_WORDS = re.compile(
    f"{'|'.join(sorted(_BROADCAST_WORDS.split('|'), key=len, reverse=True))}|"
    "请到|窗口|办理|综窗|综合|咨询台|导办台|服务台|出件|专区|大厅|自助|帮办|叫号|取号|"
    r"[零一二三四五六七八九十百千]+[号楼室层]?"
)
_DIGITS = re.compile(r"[零〇幺一二三四五六七八九]{2,}")
_PIECES = re.compile(
    r"\{[a-zü1-5 ]*\}|[零〇幺一二三四五六七八九]{2,}|[\u3400-\u9fff\U00020000-\U0003ffff]+|[A-Za-z]+|[^\s\w]"
)
_MARKED = re.compile(r"\{[a-zü1-5 ]*\}")


class Unpronounceable(ValueError):
    """The text holds something that no rule of this module turns into sound."""


def phonemes(text: str) -> str:
    """Symbols of a text: Han by pinyin, Latin letters one by one, English sentences by the word list.

    Pinyin in braces is read as it stands: {chong2 qing4} (assets/speech/readings.py).
    Raises Unpronounceable for digits, unknown English words and characters without a reading.
    """
    if re.search(r"[0-9０-９]", _MARKED.sub("", text)):
        raise Unpronounceable(f"{text!r} holds digits; write them as words")
    found = pieces(text)
    if re.sub(r"\s|[^\w]", "", text) != re.sub(r"[^\w]", "", "".join(found)):
        raise Unpronounceable(f"{text!r} holds characters that cannot be read aloud")
    spoken = ""
    for piece in found:
        sound = _piece(piece)
        if sound:
            spoken += sound if sound in ",.!?:;" else f" {sound}"
    if not spoken.strip(" ,.!?:;"):
        raise Unpronounceable(f"{text!r} holds nothing to say")
    return spoken.strip()


def pieces(text: str) -> list[str]:
    """A text cut into marked pinyin, runs of digits, runs of Han, Latin words and punctuation."""
    return _PIECES.findall(text)


def language(text: str) -> str:
    """``en`` for an English sentence, ``zh`` for everything else; a lone letter belongs to Mandarin calls."""
    return "en" if re.search(r"[A-Za-z]{2,}", _MARKED.sub("", text)) else "zh"


def tokens(symbols: str) -> list[int]:
    """Token numbers of phoneme symbols; Unpronounceable when the model does not know one."""
    unknown = sorted({symbol for symbol in symbols if symbol not in VOCABULARY})
    if unknown:
        raise Unpronounceable(f"the voice model knows no {' '.join(unknown)} (in {symbols!r})")
    return [VOCABULARY[symbol] for symbol in symbols]


def syllable(pinyin: str) -> str:
    """Symbols of one pinyin syllable with its tone number last (5 or none is neutral): hao4 → xau↘."""
    spelled, tone = (pinyin[:-1], pinyin[-1]) if pinyin[-1:] in _TONES else (pinyin, "5")
    spelled = spelled.replace("v", "ü")
    if spelled in _WHOLE:
        return _WHOLE[spelled].replace("0", _TONES[tone])
    initial = next((head for head in (spelled[:2], spelled[:1]) if head in _INITIALS), "")
    final = _APICAL.fullmatch(spelled) and "ɨ0"
    if not final:
        final = _FINALS.get(_underlying(initial, spelled[len(initial) :]))
    if not final:
        raise Unpronounceable(f"{pinyin!r} is not a pinyin syllable")
    return _INITIALS[initial] + final.replace("0", _TONES[tone])


def _underlying(initial: str, written: str) -> str:
    """The final behind pinyin's spelling: yu → ü, wei → uei, ju → ü, liu → iou, gui → uei, lun → uen."""
    if written.startswith("yu"):
        return "ü" + written[2:] if written != "yu" else "ü"
    if written.startswith("yi"):
        return written[1:]
    if written.startswith("y"):
        rest = written[1:]
        return "iou" if rest == "ou" else "i" + rest
    if written.startswith("wu"):
        return written[1:]
    if written.startswith("w"):
        return "u" + written[1:]
    if initial in ("j", "q", "x") and written.startswith("u"):
        return "ü" + written[1:]
    return {"iu": "iou", "ui": "uei", "un": "uen", "ue": "üe"}.get(written, written)


def _piece(piece: str) -> str:
    if piece.startswith("{"):
        return "".join(syllable(one) for one in piece.strip("{}").split())
    if piece in _PUNCTUATION or piece in _PUNCTUATION.values():
        return _PUNCTUATION.get(piece, piece)
    if piece.isascii():
        return _latin(piece)
    load_readings()
    if _DIGITS.fullmatch(piece):
        return "".join(_han(digit) for digit in piece)
    if not piece[0].isalpha():
        return ""
    return " ".join(_han(word) for word in words(piece))


def words(text: str) -> Iterator[str]:
    """Words of a Han text: the model pauses at their borders, and 三十 八 is heard as 30 8.

    Words of the hall and numbers first, then words with a reading of their own, the rest by twos.
    """
    at = 0
    for found in (*_WORDS.finditer(text), None):
        rest = ""
        for word in seg.cut(text[at : found.start() if found else len(text)]):
            if len(word) == 1 and len(rest) < 2:
                rest += word
                continue
            yield from filter(None, (rest, word if len(word) > 1 else ""))
            rest = word if len(word) == 1 else ""
        if rest:
            yield rest
        if found:
            yield found.group()
            at = found.end()


def _latin(word: str) -> str:
    if word.lower() in _ENGLISH:
        return _ENGLISH[word.lower()]
    if word.isupper():
        return " ".join(_LETTERS[letter] for letter in word)
    if not word.isalpha():
        return ""
    raise Unpronounceable(f"the English word {word!r} is not in the list of assets/speech/phonemes.py")


def _han(word: str) -> str:
    read = lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True, errors="ignore")
    if len(read) != len(word):
        raise Unpronounceable(f"no reading is known for a character of {word!r}")
    return "".join(syllable(one) for one in read)


@cache
def load_readings() -> None:
    """Give pypinyin the project's readings, once."""
    load_phrases_dict({word: [[one] for one in read.split()] for word, read in PHRASES.items()})
    load_phrases_dict({word: [[one] for one in read.split()] for word, read in SURNAMES.items()})
