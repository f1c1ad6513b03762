"""One import, in a process of its own: reads the file, checks each row, compares, and writes a new version.

``python -m hall_server.catalogue.importing FOLDER`` finds ``job.json`` and ``file`` in its folder, says how
far it is on stdout (a JSON object a line), and leaves ``result.json``, ``bad.csv`` and ``finds.csv`` there.
Bad rows are left out and the good ones go in; a dry run writes nothing. Memory and time are limited.
"""

from __future__ import annotations

import csv
import hashlib
import os
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO

import msgspec

from hall_server.catalogue.files import Sheet, Unreadable, count, rows, safe_cell
from hall_server.catalogue.records import Entry, Origin, digest_of
from hall_server.catalogue.rows import MOST_PAPERS, Wrong, oddities, read_row
from hall_server.catalogue.store import Store

SHOWN = 200
LARGEST_MEMORY = 3 * 1024 * 1024 * 1024
LONGEST_SECONDS = 900
SAY_EVERY = 500


class Mode(StrEnum):
    """What becomes of items that the file does not have: kept or removed; or it is the authority's list."""

    MERGE = "merge"
    REPLACE = "replace"
    LIBRARY = "library"


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be imported, by whom."""

    id: str
    name: str
    by: str
    at_ms: int
    store: str
    sheet: Sheet
    mapping: tuple[str, ...] = ()
    mode: Mode = Mode.MERGE
    dry: bool = True


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far it is; ``total`` 0 = not known."""

    phase: str
    done: int = 0
    total: int = 0
    bad: int = 0


class Bad(msgspec.Struct, frozen=True, kw_only=True):
    """One mistake of a row."""

    line: int
    element: str
    value: str
    reason: str


class Find(msgspec.Struct, frozen=True, kw_only=True):
    """Something to look after (cap C2): ``kind`` is a key of ``FIND_TEXT``."""

    line: int
    kind: str
    code: str
    name: str
    told: str = ""


FIND_TEXT = {
    "no_code": "没有编码",
    "other_name": "名称与事项库不一致",
    "outside": "不在事项库中",
    "offline": "未实现网上办理",
    "odd": "需要核对",
}


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. ``failed`` is the sentence when the file could not be taken at all."""

    failed: str = ""
    dry: bool = True
    mode: Mode = Mode.MERGE
    rows: int = 0
    good: int = 0
    bad_rows: int = 0
    added: int = 0
    changed: int = 0
    same: int = 0
    removed: int = 0
    version: int = 0
    library: int = 0
    bad: tuple[Bad, ...] = ()
    finds: dict[str, int] = {}
    found: tuple[Find, ...] = ()


Say = Callable[[Progress], None]


def main(folder: Path) -> int:
    """The process. 0 = there is a result; it may say that the file was refused."""
    os.nice(5)
    confine(seconds=LONGEST_SECONDS)

    def say(progress: Progress) -> None:
        sys.stdout.write(msgspec.json.encode(progress).decode() + "\n")
        sys.stdout.flush()

    job = msgspec.json.decode((folder / "job.json").read_bytes(), type=Job)
    try:
        result = run(job, folder, say)
    except Unreadable as error:
        result = Result(failed=error.sentence, dry=job.dry, mode=job.mode)
    except MemoryError:
        result = Result(failed="文件过大，内存不足，请分批导入", dry=job.dry, mode=job.mode)
    part = folder / "result.part"
    part.write_bytes(msgspec.json.encode(result))
    part.replace(folder / "result.json")
    return 0


def confine(*, seconds: int) -> None:
    """Limit this process, and let it be the first to end when the box runs out of memory, not the hall."""
    resource.setrlimit(resource.RLIMIT_AS, (LARGEST_MEMORY, LARGEST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def run(job: Job, folder: Path, say: Say) -> Result:
    """Check, and unless it is a dry run write. Raises Unreadable."""
    store = Store(Path(job.store))
    store.open()
    try:
        with (
            (folder / "bad.csv").open("w", encoding="utf-8-sig", newline="") as bad,
            (folder / "finds.csv").open("w", encoding="utf-8-sig", newline="") as finds,
        ):
            check = Check(job, folder / "file", store, bad, finds, say)
            return check.library() if job.mode is Mode.LIBRARY else check.items()
    finally:
        store.close()


class Check:
    """One pass over the file."""

    def __init__(self, job: Job, file: Path, store: Store, bad: TextIO, finds: TextIO, say: Say) -> None:
        self._job = job
        self._file = file
        self._store = store
        self._say = say
        self._bad_file = csv.writer(bad)
        self._bad_file.writerow(["行号", "问题", *map(safe_cell, job.sheet.head)])
        self._finds_file = csv.writer(finds)
        self._finds_file.writerow(["行号", "类别", "编码", "事项名称", "说明"])
        self._library = store.library()
        self._total = 0
        self._rows = self._bad_rows = 0
        self._bad: list[Bad] = []
        self._found: list[Find] = []
        self._finds: dict[str, int] = {}

    def items(self) -> Result:
        """Items to a new version."""
        entries: dict[str, tuple[int, Entry]] = {}
        for line, entry, cells in self._read():
            if entry.code in entries:
                first = entries[entry.code][0]
                self._refuse(line, [Wrong("实施编码", entry.code, f"与第 {first} 行重复")], cells)
                continue
            entries[entry.code] = line, entry
            self._look_after(line, entry)
        head = self._store.head
        before = self._store.digests(head)
        if kept := self._kept_fields():
            entries = {c: (line, self._completed(entry, kept, head)) for c, (line, entry) in entries.items()}
        state = {c: "added" if c not in before else "changed" for c in entries}
        for done, (code, (_, entry)) in enumerate(entries.items()):
            if code in before and before[code][1] == digest_of(entry.document):
                state[code] = "same"
            if done % SAY_EVERY == 0:
                self._say(Progress(phase="比对", done=done, total=len(entries), bad=self._bad_rows))
        gone = before.keys() - entries.keys() if self._job.mode is Mode.REPLACE else frozenset()
        if self._job.mode is Mode.REPLACE and not entries:
            raise Unreadable("没有一行可用的事项，不能整表替换")
        differs = gone or any(kind != "same" for kind in state.values())
        version = 0
        if not self._job.dry and differs:
            fresh = [entry for code, (_, entry) in entries.items() if state[code] != "same"]
            version = self._write(fresh, sorted(gone), head)
        kinds = list(state.values())
        return self._result(
            Result(
                good=len(entries),
                added=kinds.count("added"),
                changed=kinds.count("changed"),
                same=kinds.count("same"),
                removed=len(gone),
                version=version,
            )
        )

    def _kept_fields(self) -> tuple[str, ...]:
        """Elements that the file has no column for: an update leaves them as they are."""
        mapping = {*self._job.mapping, "code"}
        if mapping & {"materials", "material_name"}:
            mapping.add("materials")
        return tuple(name for name in Entry.__struct_fields__ if name not in mapping)

    def _completed(self, entry: Entry, kept: tuple[str, ...], head: int) -> Entry:
        known = self._store.item(entry.code, head)
        if known is None:
            return entry
        return msgspec.structs.replace(entry, **{name: getattr(known[1], name) for name in kept})

    def library(self) -> Result:
        """The authority's list of basic items, in place of the one before."""
        names: dict[str, str] = {}
        for line, values, cells in self._lines():
            code, name = str(values.get("base_code") or "").strip(), str(values.get("name") or "").strip()
            if code and name:
                names[code[:64]] = name[:200]
            else:
                self._refuse(line, [Wrong("基本编码" if not code else "事项名称", "", "没有填写")], cells)
        if not names:
            raise Unreadable("没有一行可用的基本编码和名称")
        if not self._job.dry:
            self._store.put_library(names)
        return self._result(Result(good=len(names), library=len(names)))

    # ------------------------------------------------------------ reading

    def _read(self) -> Iterator[tuple[int, Entry, tuple[Any, ...]]]:
        """Items; rows below one that repeat its code, or have none, with a paper's name add that paper."""
        held: tuple[int, Entry, tuple[Any, ...]] | None = None
        by_column = "material_name" in self._job.mapping
        for line, values, cells in self._lines():
            entry, wrong = read_row(self._continued(values, held[1]) if by_column and held else values)
            if entry is None:
                self._refuse(line, wrong, cells)
                if any(w.reason == "没有编码" for w in wrong):
                    self._find(
                        Find(line=line, kind="no_code", code="", name=str(values.get("name") or "")[:60])
                    )
                continue
            if not by_column:
                yield line, entry, cells
                continue
            if held and entry.code == held[1].code and values.get("material_name"):
                papers = (held[1].materials + entry.materials)[:MOST_PAPERS]
                held = held[0], msgspec.structs.replace(held[1], materials=papers), held[2]
                continue
            if held:
                yield held
            held = line, entry, cells
        if held:
            yield held

    def _continued(self, values: dict[str, Any], entry: Entry) -> dict[str, Any]:
        """A row with nothing but a paper belongs to the item above it (merged cells)."""
        if values.get("material_name") and not any(
            values.get(k) for k in ("task_code", "handle_code", "name")
        ):
            own = {"task_code": entry.code, "name": entry.name, "department": entry.department}
            return {**values, **own}
        return values

    def _lines(self) -> Iterator[tuple[int, dict[str, Any], tuple[Any, ...]]]:
        self._say(Progress(phase="读取"))
        self._total = count(self._file, self._job.sheet)
        for line, values, cells in rows(self._file, self._job.sheet, self._job.mapping):
            self._rows += 1
            if self._rows % SAY_EVERY == 0:
                self._say(Progress(phase="检查", done=self._rows, total=self._total, bad=self._bad_rows))
            yield line, values, cells

    def _refuse(self, line: int, wrong: list[Wrong], cells: tuple[Any, ...]) -> None:
        self._bad_rows += 1
        told = "；".join(f"{w.element}{f'“{w.value}”' if w.value else ''}：{w.reason}" for w in wrong)
        self._bad_file.writerow([line, safe_cell(told), *map(safe_cell, cells)])
        for w in wrong if len(self._bad) < SHOWN else ():
            self._bad.append(Bad(line=line, element=w.element, value=w.value, reason=w.reason))

    def _look_after(self, line: int, entry: Entry) -> None:
        """What the import finds about a good row."""

        def find(kind: str, told: str = "") -> None:
            self._find(Find(line=line, kind=kind, code=entry.code, name=entry.name, told=told))

        if self._library:
            known = self._library.get(entry.base_code)
            if known is None:
                find("outside", f"基本编码 {entry.base_code or '未填'}")
            elif known != entry.name:
                find("other_name", f"事项库：{known}")
        if "online" in self._job.mapping and not entry.online:
            find("offline")
        for told in oddities(entry):
            find("odd", told)

    def _find(self, found: Find) -> None:
        self._finds[found.kind] = self._finds.get(found.kind, 0) + 1
        self._finds_file.writerow(
            [found.line, FIND_TEXT[found.kind], *map(safe_cell, (found.code, found.name, found.told))]
        )
        if self._finds[found.kind] <= SHOWN // 4:
            self._found.append(found)

    # ------------------------------------------------------------ writing

    def _write(self, fresh: list[Entry], gone: list[str], head: int) -> int:
        job = self._job
        digest = hashlib.sha256(self._file.read_bytes()).hexdigest()
        with self._store.new_version(
            at_ms=job.at_ms, by=job.by, origin=Origin.IMPORT, source=job.name, digest=digest
        ) as being:
            if being.number != head + 1:
                raise Unreadable("检查期间目录被他人修改，请重新导入")
            for done, entry in enumerate(fresh):
                being.put(entry)
                if done % SAY_EVERY == 0:
                    self._say(Progress(phase="写入", done=done, total=len(fresh), bad=self._bad_rows))
            for code in gone:
                being.remove(code)
            return being.number

    def _result(self, figures: Result) -> Result:
        return msgspec.structs.replace(
            figures,
            dry=self._job.dry,
            mode=self._job.mode,
            rows=self._rows,
            bad_rows=self._bad_rows,
            bad=tuple(self._bad[:SHOWN]),
            finds=self._finds,
            found=tuple(self._found),
        )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
