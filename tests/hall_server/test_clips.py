"""The clip pack grows beside the hall: rendered by a real child, resumed, and honest when it cannot."""

from __future__ import annotations

import logging
import queue
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from assets.speech.clip_checks import faults
from assets.speech.pack import ClipPack, decode_pack
from contract.messages import BlobRef
from hall_server.clips import PACK, ClipRendering, NotRendered
from hall_server.spoken_hall import FIRST_CALL, SpokenHall
from hall_server.web.blobs import BlobStore

HALL = SpokenHall(prefixes=("A",), windows=("1号窗口",), numbers=1)


class Grown:
    """Waits for the pack to reach a size; no clock, the test's own time-out ends it."""

    def __init__(self, store: BlobStore) -> None:
        self.store = store
        self._told: queue.SimpleQueue[None] = queue.SimpleQueue()

    def __call__(self) -> None:
        self._told.put(None)

    def pack(self) -> ClipPack:
        ref: BlobRef = self.store.published[PACK]
        path = self.store.find(ref.sha256)
        assert path is not None
        return decode_pack(path.read_bytes())

    def wait_for(self, *texts: str) -> ClipPack:
        while True:
            self._told.get(timeout=60)
            pack = self.pack()
            if set(texts) <= {clip.text for clip in pack.clips}:
                return pack


@pytest.fixture
def shelf(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "blobs")


def test_the_first_call_is_rendered_offered_and_not_rendered_again(shelf: BlobStore, tmp_path: Path) -> None:
    grown = Grown(shelf)
    rendering = ClipRendering(shelf, tmp_path / "clips", HALL, grown=grown)
    rendering.start()
    try:
        pack = grown.wait_for("A", "零零一号", "请到一号窗口办理")
        rendering.issued("B007")
        more = grown.wait_for("B", "零零七号")
    finally:
        rendering.stop()
    assert pack.clips[0].text == "A"
    assert more.wanted == 5
    assert faults(more.clips, tmp_path / "clips" / HALL.voice) == []
    for clip in more.clips:
        served = shelf.find(clip.sha256)
        assert served is not None
        assert served.stat().st_size == clip.size

    again, anew = Grown(shelf), BlobStore(tmp_path / "other-blobs")
    again.store = anew
    second = ClipRendering(
        anew, tmp_path / "clips", HALL, grown=again, command=(sys.executable, "-c", "raise SystemExit(9)")
    )
    second.start()
    try:
        assert {clip.text for clip in again.wait_for("A", "零零一号", "请到一号窗口办理").clips} >= {"B"}
        assert second.progress.trouble == ""
    finally:
        second.stop()

    idle = Grown(shelf)
    third = ClipRendering(shelf, tmp_path / "clips", HALL, grown=idle)
    third.issued("K009")
    third.start()
    try:
        idle.wait_for("A", "K", "零零九号")
    finally:
        third.stop()


def test_a_hall_that_cannot_render_says_why_and_goes_on(
    shelf: BlobStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    said = threading.Event()

    def tell(_: logging.LogRecord) -> bool:
        said.set()
        return True

    caplog.handler.addFilter(tell)
    child = "import sys; print('speech: no voice here', file=sys.stderr); sys.exit(2)"
    rendering = ClipRendering(shelf, tmp_path / "clips", HALL, command=(sys.executable, "-c", child))
    rendering.start()
    try:
        assert said.wait(30)
    finally:
        rendering.stop()
    assert rendering.progress.trouble == "speech: no voice here"
    assert "chimed only" in caplog.text
    assert PACK not in shelf.published


def test_a_new_reading_is_rendered_in_the_background_and_taken_back(shelf: BlobStore, tmp_path: Path) -> None:
    text, hall = "请到重号窗口办理", SpokenHall(prefixes=("A",), windows=("重号窗口",), numbers=1)
    grown = Grown(shelf)
    rendering = ClipRendering(shelf, tmp_path / "clips", hall, grown=grown)

    def wait_for(reading: str) -> str:
        while True:
            pack = grown.wait_for("A", text)
            (clip,) = (clip for clip in pack.clips if clip.text == text)
            if clip.reading == reading:
                assert len(pack.clips) == 3
                return clip.sha256

    rendering.start()
    try:
        first = wait_for("")
        rendering.describe(replace(hall, readings=(("重", "chong2"),)))
        other = wait_for("请到{chong2}号窗口办理")
        rendering.describe(hall)
        assert wait_for("") == first != other
    finally:
        rendering.stop()
    assert shelf.find(other) is not None, "a station that has the older manifest still fetches it"


SAID = "请失主到导办台认领。"


def test_a_passage_that_somebody_waits_for_is_rendered_next_kept_out_of_the_pack_and_forgotten(
    shelf: BlobStore, tmp_path: Path
) -> None:
    hall = replace(
        HALL, numbers=60, broadcasts=("即将下班。", "请＿＿到导办台。"), readings=(("认领", "ren4 ling3"),)
    )
    assert hall.likely()[FIRST_CALL] == "即将下班。", "stored ones follow the clips of the first call"
    assert not any("导办台" in text for text in hall.likely()), "one with a blank cannot be rendered yet"
    rendering = ClipRendering(shelf, tmp_path / "clips", hall)
    rendering.start()
    try:
        said, stored = rendering.render_now((SAID, "即将下班。")).result(60)
        again = rendering.render_now((SAID,)).result(10)
    finally:
        rendering.stop()
    assert again == (said,)
    assert (said.reading, stored.text) == ("请失主到导办台{ren4 ling3}。", "即将下班。")
    assert SAID not in said.text
    assert shelf.find(said.sha256) is not None
    assert faults([said, stored], tmp_path / "clips" / HALL.voice) == []
    pack = Grown(shelf).pack()
    assert "即将下班。" in {clip.text for clip in pack.clips}
    assert said.sha256 not in {clip.sha256 for clip in pack.clips}
    assert len(pack.clips) < len(hall.likely()), "nobody waited for all numbers of the day"

    ended = sys.executable, "-c", "raise SystemExit(9)"
    next_run = ClipRendering(shelf, tmp_path / "clips", hall, command=ended)
    next_run.start()
    try:
        with pytest.raises(NotRendered, match="语音合成不能运行"):
            next_run.render_now((SAID,)).result(10)
        assert next_run.render_now(("即将下班。",)).result(10) == (stored,)
    finally:
        next_run.stop()
    left = b"".join(path.read_bytes() for path in (tmp_path / "clips").rglob("*.*"))
    assert "失主".encode() not in left


def test_a_hall_that_does_not_render_says_so_at_once(shelf: BlobStore, tmp_path: Path) -> None:
    rendering = ClipRendering(shelf, tmp_path / "clips", HALL)
    with pytest.raises(NotRendered, match="没有运行"):
        rendering.render_now((SAID,)).result(0)
