"""A disk that loses power: only what was synced is sure; of the rest a random part survives."""

from __future__ import annotations

import random
from pathlib import Path

import apsw

SECTOR = 4096


class _Kept:
    """What the platter holds of one file, and the writes since its last sync."""

    def __init__(self, content: bytes) -> None:
        self.synced = bytearray(content)
        self.pending: list[tuple[int, bytes]] = []

    def sync(self) -> None:
        for offset, data in self.pending:
            apply(self.synced, offset, data)
        self.pending.clear()

    def after_cut(self, chance: random.Random) -> bytes:
        left = bytearray(self.synced)
        for offset, data in self.pending:
            if chance.random() < 0.5:
                apply(left, offset, data)
        return bytes(left)


def apply(content: bytearray, offset: int, data: bytes) -> None:
    """One write, or a truncation when ``offset`` is negative."""
    if offset < 0:
        del content[-offset - 1 :]
        return
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


class PowerCutVfs(apsw.VFS):
    """Register it, open the journal with ``vfs=name``, and ``cut`` the power whenever you like."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.files: dict[str, _Kept] = {}
        self.chance = random.Random(1)
        super().__init__(name, "")

    def xOpen(self, name: object, flags: list[int]) -> _File:  # noqa: N802 - SQLite's name
        return _File(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - SQLite's name
        super().xDelete(filename, syncdir)
        self.files.pop(filename, None)

    def wrote(self) -> None:
        """Something was written; where a test cuts the power at a write."""

    def cut(self, to: Path, chance: random.Random) -> None:
        """Write what a machine would find after the power came back into the folder ``to``."""
        to.mkdir(parents=True)
        for path, kept in self.files.items():
            if not path.endswith("-shm"):
                (to / Path(path).name).write_bytes(kept.after_cut(chance))


class _File(apsw.VFSFile):
    def __init__(self, vfs: PowerCutVfs, name: object, flags: list[int]) -> None:
        super().__init__("", name, flags)  # type: ignore[arg-type]
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        content = Path(path).read_bytes() if Path(path).exists() else b""
        self._vfs = vfs
        self._kept = vfs.files.setdefault(path, _Kept(content))

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        super().xWrite(data, offset)
        self._kept.pending.append((offset, bytes(data)))
        self._vfs.wrote()

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's name
        super().xTruncate(newsize)
        self._kept.pending.append((-newsize - 1, b""))

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        super().xSync(flags)
        self._kept.sync()
