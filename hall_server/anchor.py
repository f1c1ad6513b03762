"""The anchor: how far the journal had come, kept outside its file, so that a tail cannot vanish unnoticed.

It names the last record and its hash, signed with a key of the hall. It is written beside the journal
after commits, at most once a second, at once when the hall stops, and handed on to be retained on the bus.
Window of exposure: records of the last second before a crash may be cut without notice. Who takes the
whole box (journal, anchor and key) back to an earlier day is found only by an anchor kept elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from contract.messages import JournalAnchor
from hall_server.records import JournalBroken

log = logging.getLogger(__name__)

PACE_SECONDS = 1.0


def journal_key(hall_key: bytes) -> bytes:
    """The key for seals and anchors, made of the hall's key; b'' of none."""
    return hmac.digest(hall_key, b"journal", "sha256") if hall_key else b""


def anchor_of(seq: int, head: bytes, key: bytes) -> JournalAnchor:
    """A signed anchor for the journal as it is now."""
    wall_ms = time.time_ns() // 1_000_000
    return JournalAnchor(seq=seq, head=head.hex(), wall_ms=wall_ms, mac=_mac(seq, head.hex(), wall_ms, key))


def genuine(anchor: JournalAnchor, key: bytes) -> bool:
    """Whether the anchor was made with this key."""
    return hmac.compare_digest(anchor.mac, _mac(anchor.seq, anchor.head, anchor.wall_ms, key))


def _mac(seq: int, head: str, wall_ms: int, key: bytes) -> str:
    return hmac.new(key, f"anchor {seq} {head} {wall_ms}".encode(), hashlib.sha256).hexdigest()


def anchor_file(journal: Path) -> Path:
    """Where the anchor of a journal lies."""
    return journal.with_suffix(".anchor")


def read_anchor(path: Path, key: bytes) -> JournalAnchor | None:
    """The anchor in a file, None when there is none. Raises JournalBroken when the key did not make it."""
    try:
        anchor = msgspec.json.decode(path.read_bytes(), type=JournalAnchor)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise JournalBroken(f"the anchor {path} cannot be read: {error}", "账本锚点文件无法读取") from error
    if not genuine(anchor, key):
        raise JournalBroken(
            f"the anchor {path} has been forged, or was written with another hall's key",
            "账本锚点文件被伪造，或不是用本大厅密钥写入的",
        )
    return anchor


def write_anchor(path: Path, anchor: JournalAnchor) -> None:
    """Put the anchor there durably, whole or not at all. Raises OSError."""
    part = path.with_name(path.name + ".new")
    with part.open("wb") as file:
        file.write(msgspec.json.encode(anchor) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class AnchorKeeper:
    """Writes the newest anchor on a thread of its own, at a bounded pace, and hands it to ``on_anchor``."""

    def __init__(
        self,
        path: Path,
        key: bytes,
        *,
        on_anchor: Callable[[JournalAnchor], None],
        on_alarm: Callable[[str], None],
    ) -> None:
        self._path = path
        self._key = key
        self._on_anchor = on_anchor
        self._on_alarm = on_alarm
        self._lock = threading.Lock()
        self._newest: tuple[int, bytes] | None = None
        self._more = threading.Event()
        self._stopping = threading.Event()
        self._failed = False
        self._thread = threading.Thread(target=self._run, name="anchor", daemon=True)

    def start(self) -> None:
        """From here on anchors are written."""
        self._thread.start()

    def note(self, seq: int, head: bytes) -> None:
        """The journal has come this far, durably; cheap, from the writer thread."""
        with self._lock:
            self._newest = (seq, head)
        self._more.set()

    def stop(self) -> None:
        """Write the last one."""
        self._stopping.set()
        self._more.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._more.wait()
            self._more.clear()
            self._write()
            self._stopping.wait(PACE_SECONDS)
        self._write()

    def _write(self) -> None:
        with self._lock:
            newest, self._newest = self._newest, None
        if newest is None:
            return
        anchor = anchor_of(*newest, self._key)
        try:
            write_anchor(self._path, anchor)
        except OSError as error:
            with self._lock:
                self._newest = self._newest or newest
            if not self._failed:
                log.error("the journal's anchor cannot be written: %s", error)
                self._on_alarm("账本锚点无法写入，请检查磁盘")
            self._failed = True
            return
        if self._failed:
            log.info("the journal's anchor is written again")
        self._failed = False
        self._on_anchor(anchor)
