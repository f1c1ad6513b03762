"""The desk where managers describe the hall: drafts, preview, publication, versions; for worker threads.

Everything that is published goes through the one door as a ``PublishPlan``; versions are read back from
the journal, so that a restart, a restore or another box tells the same history.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import msgspec

from contract.schema import ConfigError
from hall_server.config import HallConfig, described, document_of
from hall_server.description import Description
from hall_server.hall import commands as c
from hall_server.hall.model import Hall, RuleBroken
from hall_server.hall.plan import Plan
from hall_server.hall.preview import Preview, preview
from hall_server.hall.snapshot import freeze
from hall_server.hall_file import OF_THE_BOX, HallFile
from hall_server.journal.rows import JournalReader
from hall_server.service import HallService
from hall_server.setup.drafts import Draft, Drafts
from hall_server.setup.findings import Finding, findings
from hall_server.setup.rebase import Rebased, rebase
from hall_server.setup.told import Told, differences
from hall_server.setup.waiting import Wait, waits_between

ANSWER_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Version:
    """One publication; ``seq`` is its record in the journal, ``by`` who, ``note`` why."""

    version: int
    at_ms: int
    by: str
    note: str
    seq: int


@dataclass(frozen=True, slots=True)
class Seen:
    """A draft before it is published: mistakes forbid it, and so do the preview's obstacles (None as long as
    there are mistakes). ``behind``: what others published since the draft was begun."""

    changes: tuple[Told, ...]
    findings: tuple[Finding, ...]
    preview: Preview | None
    waits: tuple[Wait, ...]
    behind: tuple[Told, ...]

    @property
    def publishable(self) -> bool:
        """Whether nothing stands against it."""
        fits = self.preview is not None and not self.preview.obstacles
        return bool(self.changes) and fits and not self.findings


class SetupDesk:
    """One hall's desk. ``journal``: its file, read on connections of its own. Make it before the service
    starts, while ``described`` still has the box's own file."""

    def __init__(self, service: HallService, described: Description, *, drafts: Path, journal: Path) -> None:
        self._service = service
        self._described = described
        self._box = described.current.file
        self._drafts = Drafts(drafts)
        self._journal = journal
        self._versions: tuple[Version, ...] = ()
        self._lock = threading.Lock()

    # ------------------------------------------------------------ drafts

    @property
    def current(self) -> HallConfig:
        """What is in force."""
        return self._described.current

    @property
    def version(self) -> int:
        """The version in force; 0: the file, nothing was ever published."""
        return self._service.published.version

    def draft(self, author: str) -> Draft:
        """His draft, or a fresh one of what is in force (``changed_ms`` 0)."""
        version, current = self.version, self.current.file
        kept = self._drafts.of(author)
        if kept is None:
            return Draft(author, version, 0, current)
        return msgspec.structs.replace(kept, file=self._on_box(kept.file))

    def keep(self, draft: Draft, file: HallFile, *, restores: int = 0, base: int | None = None) -> Draft:
        """The draft with this description, on disk. Raises OSError."""
        now_ms = max(self._service.now_ms(), draft.changed_ms + 1)
        base = draft.base if base is None else base
        kept = Draft(draft.author, base, now_ms, file, restores)
        self._drafts.keep(kept)
        return kept

    def drop(self, author: str) -> None:
        """Throw his draft away."""
        self._drafts.drop(author)

    def findings(self, file: HallFile) -> tuple[Finding, ...]:
        """What is wrong between its tables."""
        return findings(file, self._described.items_for(file))

    # ------------------------------------------------------------ preview and publication

    def seen(self, draft: Draft) -> Seen:
        """What the draft would bring for those who wait now. Asks the hall's thread."""
        current = self.current.file
        wrong = self.findings(draft.file)
        behind = () if draft.base == self.version else differences(self.document(draft.base), current)
        changes = differences(self.document(draft.base) if behind else current, draft.file)
        if wrong:
            return Seen(changes, wrong, None, (), behind)
        try:
            plan = self._plan(draft.file)
        except ConfigError:
            return Seen(changes, wrong, None, (), behind)

        def look(hall: Hall) -> tuple[Preview, bytes]:
            return preview(hall, plan), freeze(hall)

        found, state = self._service.query(look).result(ANSWER_SECONDS)
        now_ms = self._service.now_ms()
        return Seen(changes, wrong, found, waits_between(state, plan, now_ms), behind)

    def publish(self, draft: Draft, *, by: str, note: str) -> tuple[Told, ...]:
        """Put it in force; on disk when this returns, the draft gone. What it changed.

        Raises RuleBroken (``plan_moved``: somebody else published meanwhile), ConfigError.
        """
        before = self.current.file
        if draft.base == self.version and draft.file == before:
            raise RuleBroken("same_plan", "与现行设置相同，没有可发布的内容")
        command = c.PublishPlan(
            request="",
            by=by,
            plan=self._plan(draft.file),
            base=draft.base,
            document=document_of(draft.file),
            note=note,
        )
        self._service.submit(command).result(ANSWER_SECONDS)
        self._drafts.drop(draft.author)
        return differences(before, draft.file)

    def rebase(self, draft: Draft) -> Rebased:
        """The draft's changes made to what is in force now; kept."""
        version, current = self.version, self.current.file
        merged = rebase(self.document(draft.base), draft.file, current)
        self.keep(draft, merged.file, base=version)
        return merged

    # ------------------------------------------------------------ versions

    def versions(self) -> tuple[Version, ...]:
        """Every publication, newest first; reads what the journal has beyond the last one it knows."""
        with self._lock:
            known = self._versions
            if not known or known[0].version < self.version:
                with JournalReader(self._journal) as reader:
                    fresh = [
                        Version(event.version, event.at_ms, event.by, event.note, seq)
                        for seq, event in reader.plans(known[0].seq if known else 0)
                    ]
                self._versions = (*reversed(fresh), *known)
            return self._versions

    def version_of(self, number: int) -> Version | None:
        """One publication."""
        return next((version for version in self.versions() if version.version == number), None)

    def document(self, number: int) -> HallFile:
        """The description of a version on this box; the box's own file where a version has none."""
        if number == self.version:
            return self.current.file
        found = self.version_of(number)
        if found is None:
            return self._box
        with JournalReader(self._journal) as reader:
            document = next((event.document for _, event in reader.plans(found.seq - 1)), "")
        try:
            return self._on_box(msgspec.json.decode(document, type=HallFile)) if document else self._box
        except msgspec.DecodeError:
            return self._box

    def _plan(self, file: HallFile) -> Plan:
        return described(file, self._described.items_for(file), source="draft").plan

    def _on_box(self, file: HallFile) -> HallFile:
        """With what belongs to this box as its own file says."""
        kept = {name: getattr(self.current.file, name) for name in OF_THE_BOX}
        return msgspec.structs.replace(file, **kept)
