"""Has the hall's spoken clips rendered by a niced child and offers what there is so far as a growing pack.

The hall never waits for it: calls are chimed until their clips exist. What was asked for while it runs
(the number of a ticket just issued, the passages of a broadcast) is rendered next; what lies in the folder is
never rendered again. Passages that no description stores are kept out of the pack and forgotten.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Protocol

from assets import PROJECT
from assets.speech.pack import Clip, ClipPack, ClipStore, encode_pack, passing
from assets.speech.readings import reading, wish, wished
from contract.messages import BlobRef
from hall_server.spoken_hall import SpokenHall

log = logging.getLogger(__name__)

PACK = "clips"
IDLE_SECONDS = 30.0
_PUBLISH_SECONDS = 5.0
_KEEP_SECONDS = 600.0
_FAILED_PAUSE_SECONDS = 60.0
_END_SECONDS = 5.0
_TOLD_EACH = 50
PASSING_KEPT = 40
"""Clips of broadcasts that are kept for being said again."""


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


class NotRendered(Exception):
    """A passage cannot be spoken here; ``sentence`` is for the manager, in Chinese."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class _Awaited:
    """Lines that somebody waits for, in their order."""

    lines: tuple[str, ...]
    clips: Future[tuple[Clip, ...]]


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
        self._awaited: list[_Awaited] = []
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
        changed = [t for t in self._wanted if reading(t, before) != reading(t, hall.readings)]
        self._ask(list(map(self._line, changed)))

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
        self._ask(list(map(self._line, missing)))

    def render_now(self, parts: Sequence[str]) -> Future[tuple[Clip, ...]]:
        """The clips of these passages, on the shelf, rendered before everything else where they are missing.

        Ends with NotRendered when they cannot be had. Any thread; returns at once.
        """
        awaited = _Awaited(tuple(map(self._line_now, parts)), Future())
        if self._thread.ident is None or self._stopping:
            awaited.clips.set_exception(NotRendered("语音合成没有运行，请系统管理员检查“大厅设置 · 语音”"))
            return awaited.clips
        with self._changed:
            self._awaited.append(awaited)
        self._ask([line for line in awaited.lines if not self._is_here(line)])
        return awaited.clips

    def _line_now(self, part: str) -> str:
        """A stored passage as it stands in the pack, any other as a passing clip."""
        if part in self._wanted:
            return self._line(part)
        words = reading(part, self._hall.readings) or part
        return wish(passing(words), words)

    def _ask(self, lines: Sequence[str]) -> None:
        """Wake our thread, and tell the child if it runs."""
        with self._changed:
            self._changed.notify_all()
            child = self._child
        if child is not None and child.stdin is not None and lines:
            try:
                child.stdin.write("".join(f"{line}\n" for line in lines))
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
            self._hand_over()
            missing = self._missing()
            if missing:
                self._render(missing)
                self._offer(at_once=True)
            self._wait(bool(missing and self._trouble))
        self._give_up("大厅服务正在停止")

    def _missing(self) -> list[str]:
        with self._changed:
            lines = [line for awaited in self._awaited for line in awaited.lines]
            lines += [self._line(text) for text in self._wanted]
        return [line for line in lines if line not in self._refused and not self._is_here(line)]

    def _line(self, text: str) -> str:
        return wish(text, reading(text, self._hall.readings))

    def _is_here(self, line: str) -> bool:
        return self._store.read_as(*wished(line)) is not None

    def _wait(self, failed: bool) -> None:
        with self._changed:
            if not self._stopping and not self._awaited and (failed or not self._missing()):
                self._changed.wait(_FAILED_PAUSE_SECONDS if failed else _KEEP_SECONDS)
            if not self._awaited:
                self._store.forget_passing(PASSING_KEPT)
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
            self._ask([line for line in self._missing() if line not in missing])
            for line in child.stdout or ():
                said = line.strip()
                self._store.refresh()
                self._hand_over()
                self._offer()
            with self._changed:
                self._child = None
        texts.unlink(missing_ok=True)
        self._ended(child.returncode, said, missing)

    def _ended(self, code: int, said: str, missing: list[str]) -> None:
        self._store.refresh()
        if self._stopping:
            return
        if code in (0, 1):
            self._trouble = ""
            self._refused.update(line for line in missing if not self._is_here(line))
            self._hand_over()
            return
        self._trouble = said or f"exit status {code}"
        log.warning("clips are not rendered, calls are chimed only: %s", self._trouble)
        self._give_up(f"语音合成不能运行（{self._trouble}），请系统管理员处理")

    def _hand_over(self) -> None:
        """To those who wait for passages: what is complete now, or that one of them cannot be spoken."""
        with self._changed:
            waiting = tuple(self._awaited)
        for awaited in waiting:
            clips = [self._store.read_as(*wished(line)) for line in awaited.lines]
            there = tuple(clip for clip in clips if clip is not None)
            if len(there) == len(clips):
                for clip in there:
                    self._shelf.put(self._folder / clip.file)
                self._done(awaited)
                awaited.clips.set_result(there)
            elif not self._refused.isdisjoint(awaited.lines):
                self._done(awaited)
                awaited.clips.set_exception(NotRendered("这段话里有念不出的字，请换一种写法"))

    def _give_up(self, sentence: str) -> None:
        with self._changed:
            waiting = tuple(self._awaited)
        for awaited in waiting:
            self._done(awaited)
            awaited.clips.set_exception(NotRendered(sentence))

    def _done(self, awaited: _Awaited) -> None:
        with self._changed:
            self._awaited.remove(awaited)

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
