"""Has the hall's spoken clips rendered by a niced child and offers what there is so far as a growing pack.

The hall never waits for it: calls are chimed until their clips exist. What was asked for while it runs
(the number of a ticket just issued) is rendered next; what lies in the folder is never rendered again.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Protocol

from assets import PROJECT
from assets.speech.broadcast import has_blank, passages
from assets.speech.pack import VOICES, ClipPack, ClipStore, encode_pack
from assets.speech.readings import Readings, reading, wish, wished
from assets.speech.wording import NUMBER_FIRST, call_parts, likely_parts
from contract.messages import BlobRef

log = logging.getLogger(__name__)

PACK = "clips"
IDLE_SECONDS = 30.0
_PUBLISH_SECONDS = 5.0
_KEEP_SECONDS = 600.0
_FAILED_PAUSE_SECONDS = 60.0
_END_SECONDS = 5.0
_TOLD_EACH = 50
FIRST_CALL = 8
"""Clips that let the first calls of a morning be spoken."""


class Shelf(Protocol):
    """Where large things are offered over HTTP: hall_server.web.blobs.BlobStore."""

    def put(self, content: Path | bytes, version: str = "") -> BlobRef:
        """Store a part without a name."""

    def publish(self, name: str, content: Path | bytes, version: str = "") -> BlobRef:
        """Offer this under a name, in place of what was there."""

    def keep(self, digests: frozenset[str]) -> None:
        """These parts are still in use."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far rendering is; ``trouble`` says why it does not go on, for the technician, or is empty."""

    done: int
    wanted: int
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class SpokenHall:
    """What a hall's calls are made of; ``numbers`` how many of each series are rendered beforehand.

    ``readings``: its table of pronunciations. ``broadcasts``: stored texts, the urgent first; their clips are
    rendered after those of the first call.
    """

    prefixes: tuple[str, ...]
    windows: tuple[str, ...]
    numbers: int = 200
    first: int = 1
    digits: int = 3
    wording: str = NUMBER_FIRST
    one: str = "一"
    voice: str = VOICES["zh"]
    english: bool = False
    readings: Readings = ()
    broadcasts: tuple[str, ...] = ()

    def likely(self) -> tuple[str, ...]:
        """Clips in the order in which they will be needed."""
        calls = self._of_calls()
        stored = (part for text in self.broadcasts if not has_blank(text) for part in self.passages(text))
        return tuple(dict.fromkeys((*calls[:FIRST_CALL], *stored, *calls[FIRST_CALL:])))

    def passages(self, text: str) -> tuple[str, ...]:
        """Clips of a broadcast."""
        return passages(text, one=self.one)

    def _of_calls(self) -> tuple[str, ...]:
        return likely_parts(
            self.prefixes,
            self.windows,
            self.first + self.numbers - 1,
            first=self.first,
            wording=self.wording,
            one=self.one,
            digits=self.digits,
            english=self.english,
        )

    def of_number(self, number: str) -> tuple[str, ...]:
        """Clips of a number, without its window."""
        return call_parts(number, "", wording=self.wording, one=self.one)[:-1]


class ClipRendering:
    """Owner of the clip folder and its rendering child. All methods may be called from any thread."""

    def __init__(
        self,
        shelf: Shelf,
        folder: Path,
        hall: SpokenHall,
        *,
        grown: Callable[[], None] = lambda: None,
        command: Sequence[str] = (sys.executable, "-m", "assets.speech"),
    ) -> None:
        self._shelf, self._folder, self._hall = shelf, folder / hall.voice, hall
        self._grown, self._command = grown, command
        self._store = ClipStore(self._folder)
        self._wanted = dict.fromkeys(hall.likely())
        self._refused: set[str] = set()
        self._offered: set[str] = set()
        self._shown: dict[str, str] = {}
        self._trouble = ""
        self._told = 0
        self._published_at = float("-inf")
        self._changed = threading.Condition()
        self._stopping = False
        self._child: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._run, name="clips", daemon=True)

    def start(self) -> None:
        """Offer what is there, render what is missing, in the background."""
        self._thread.start()

    def stop(self) -> None:
        """End the child after the clip it is at; what was rendered stays."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
            child = self._child
        if child is not None:
            child.terminate()
        self._thread.join(_END_SECONDS)

    def describe(self, hall: SpokenHall) -> None:
        """Described anew: its numbers and windows are wanted too, and what is now read otherwise again.

        Once started, the voice stays. Until a clip is rendered anew, the old one is spoken.
        """
        before = self._hall.readings
        if self._thread.ident is None:
            self._hall, self._folder = hall, self._folder.parent / hall.voice
            self._store = ClipStore(self._folder)
        else:
            self._hall = replace(hall, voice=self._hall.voice)
        self.want(hall.likely())
        self._ask([t for t in self._wanted if reading(t, before) != reading(t, hall.readings)])

    def issued(self, number: str) -> None:
        """A ticket was issued: its number is rendered next, minutes before its call."""
        try:
            self.want(self._hall.of_number(number))
        except ValueError as error:
            log.warning("clips: %s", error)

    def want(self, texts: Iterable[str]) -> None:
        """Render these next, where they are missing."""
        with self._changed:
            missing = [text for text in texts if text not in self._wanted]
            self._wanted = {**dict.fromkeys(missing), **self._wanted}
        self._ask(missing)

    def _ask(self, texts: Sequence[str]) -> None:
        """Wake our thread, and tell the child if it runs."""
        with self._changed:
            self._changed.notify_all()
            child = self._child
        if child is not None and child.stdin is not None:
            try:
                child.stdin.write("".join(f"{self._line(text)}\n" for text in texts))
                child.stdin.flush()
            except OSError:
                log.debug("clips: the child has just ended; the next one renders it")

    @property
    def progress(self) -> Progress:
        """How many clips exist of how many that are wanted."""
        return Progress(len(self._store), len(self._wanted), self._trouble)

    # ------------------------------------------------------------ its thread

    def _run(self) -> None:
        self._store.refresh()
        self._store.sweep()
        self._offer(at_once=True)
        while not self._stopping:
            missing = self._missing()
            if missing:
                self._render(missing)
                self._offer(at_once=True)
            self._wait(bool(missing and self._trouble))

    def _missing(self) -> list[str]:
        with self._changed:
            lines = [self._line(text) for text in self._wanted]
        return [line for line in lines if line not in self._refused and not self._is_here(line)]

    def _line(self, text: str) -> str:
        return wish(text, reading(text, self._hall.readings))

    def _is_here(self, line: str) -> bool:
        return self._store.read_as(*wished(line))

    def _wait(self, failed: bool) -> None:
        with self._changed:
            if not self._stopping and (failed or not self._missing()):
                self._changed.wait(_FAILED_PAUSE_SECONDS if failed else _KEEP_SECONDS)
        self._shelf.keep(frozenset(self._offered))

    def _render(self, missing: list[str]) -> None:
        """One life of the child: it gets the list, then further wishes on its input."""
        self._folder.mkdir(parents=True, exist_ok=True)
        texts = self._folder / "wanted.txt"
        texts.write_text("\n".join(missing) + "\n", "utf-8")
        said = ""
        arguments = ["render", "--out", str(self._folder), "--texts", str(texts), "--voice", self._hall.voice]
        arguments += ["--nice", "--follow", str(IDLE_SECONDS)]
        with subprocess.Popen(
            [*self._command, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            cwd=PROJECT,
        ) as child:
            with self._changed:
                self._child = child
                if self._stopping:
                    child.terminate()
            for line in child.stdout or ():
                said = line.strip()
                self._store.refresh()
                self._offer()
            with self._changed:
                self._child = None
        self._ended(child.returncode, said, missing)

    def _ended(self, code: int, said: str, missing: list[str]) -> None:
        self._store.refresh()
        if self._stopping:
            return
        if code in (0, 1):
            self._trouble = ""
            self._refused.update(line for line in missing if not self._is_here(line))
            return
        self._trouble = said or f"exit status {code}"
        log.warning("clips are not rendered, calls are chimed only: %s", self._trouble)

    def _offer(self, *, at_once: bool = False) -> None:
        """Publish the pack when it has grown: often while it is small, then every few seconds."""
        pack = self._store.pack(len(self._wanted))
        new = [clip for clip in pack.clips if self._shown.get(clip.text) != clip.sha256]
        due = at_once or len(pack.clips) < 16 or monotonic() - self._published_at > _PUBLISH_SECONDS
        if not new or not due:
            return
        for clip in new:
            self._shelf.put(self._folder / clip.file)
            self._offered.add(clip.sha256)
            self._shown[clip.text] = clip.sha256
        self._publish(pack)

    def _publish(self, pack: ClipPack) -> None:
        self._shelf.publish(PACK, encode_pack(pack), version=str(len(pack.clips)))
        self._published_at = monotonic()
        done, wanted = len(pack.clips), pack.wanted
        told = done >= wanted or done // _TOLD_EACH > self._told // _TOLD_EACH
        log.log(logging.INFO if told else logging.DEBUG, "clips: %d of %d are ready", done, wanted)
        self._told = done
        self._grown()
