"""Technician's tool: render clips into a folder, check a folder, play nothing."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from pathlib import Path

from assets import AssetMissing
from assets.speech.clip_checks import faults
from assets.speech.pack import VOICES, ClipStore
from assets.speech.render import Wishes, render
from assets.speech.synthesis import Synthesiser
from assets.speech.voice_model import VoiceMissing
from assets.speech.wording import likely_parts


def main(arguments: list[str] | None = None) -> int:
    """``render`` or ``check``; 2 when something that is needed is missing."""
    parser = argparse.ArgumentParser(prog="python -m assets.speech", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    _render_options(commands.add_parser("render", help="render texts into a folder, resuming what is there"))
    check = commands.add_parser("check", help="check every clip of a folder")
    check.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        return _check(options.out) if options.command == "check" else _render(options)
    except (AssetMissing, VoiceMissing, OSError) as error:
        print(f"speech: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _render_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, help="folder of the clips")
    parser.add_argument("--texts", type=Path, action="append", default=[], help="file, one text a line")
    parser.add_argument("--likely", type=int, default=0, metavar="N", help="numbers 1-N, letters and windows")
    parser.add_argument("--prefixes", default="A,B,C,F", help="letters before the numbers, by commas")
    parser.add_argument("--windows", type=int, default=12, help="windows 1-N")
    parser.add_argument("--one", choices=["一", "幺"], default="一")
    parser.add_argument("--english", action="store_true")
    parser.add_argument("--voice", default=VOICES["zh"], help="Mandarin voice")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--nice", action="store_true", help="leave the processor to everybody else")
    parser.add_argument(
        "--follow", type=float, default=0.0, metavar="SECONDS", help="read further, urgent texts from stdin"
    )


def _render(options: argparse.Namespace) -> int:
    if options.nice:
        os.nice(15)
    planned = [line for path in options.texts for line in path.read_text("utf-8").splitlines() if line]
    if options.likely:
        windows = [f"{number}号窗口" for number in range(1, options.windows + 1)]
        prefixes = options.prefixes.split(",")
        planned += likely_parts(prefixes, windows, options.likely, one=options.one, english=options.english)
    wishes = Wishes(planned)
    if options.follow:
        threading.Thread(target=_listen, args=(wishes,), name="stdin", daemon=True).start()
    store = ClipStore(options.out)
    voice = Synthesiser({"zh": options.voice}, threads=options.threads)
    failed = render(store, voice, wishes, lambda line: print(line, flush=True), idle_seconds=options.follow)
    store.write_manifest()
    return 1 if failed else 0


def _listen(wishes: Wishes) -> None:
    for line in sys.stdin:
        if line.strip():
            wishes.ask(line.strip())
    wishes.no_more()


def _check(folder: Path) -> int:
    store = ClipStore(folder)
    store.refresh()
    pack = store.pack()
    found = faults(pack.clips, folder)
    for sentence in found:
        print(sentence)
    seconds = sum(clip.seconds for clip in pack.clips)
    print(f"{len(pack.clips)} clips, {seconds:.0f} s, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
