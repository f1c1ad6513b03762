"""The desk of the catalogue inside the hall server: search, edits, and which version the hall works with.

Publishing goes through the hall's one door as a ``PublishPlan``: the plan holds the items that the services
take. The file says first which version is meant and afterwards that the hall has taken it; a stop between
the two is mended at the next start.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from pathlib import Path

import msgspec

from contract.schema import ConfigError
from hall_server.catalogue import assigning
from hall_server.catalogue.jobs import Jobs
from hall_server.catalogue.records import Entry, InForce, Origin, Version, entry_of, item_of
from hall_server.catalogue.rows import Wrong, oddities
from hall_server.catalogue.store import FILE, Moved, Store
from hall_server.config import HallConfig, described, document_of
from hall_server.description import Description
from hall_server.hall import commands as c
from hall_server.hall.model import Hall, RuleBroken
from hall_server.hall_checks import service_of_items
from hall_server.hall_file import HallFile, ItemFile
from hall_server.service import HallService
from hall_server.setup.words import sentences

log = logging.getLogger(__name__)

ANSWER_SECONDS = 30.0
LARGEST_BLOB = 16 * 1024 * 1024
_NAMED = 8


class Obstacles(Exception):
    """A catalogue that cannot come in force, with every reason."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__("；".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Standing:
    """Newest version, the one in force (0 = the list beside the hall's file), what the public sees."""

    head: int
    in_force: int
    public: int


class CatalogueDesk:
    """``open`` before ``service.start()``, ``settle`` after the description has settled. Any thread."""

    def __init__(self, state: Path, service: HallService, seed: tuple[ItemFile, ...]) -> None:
        self._service = service
        self._seed = seed
        self._lock = threading.RLock()
        self._described: Description | None = None
        self._kept: tuple[tuple[int, object], tuple[ItemFile, ...]] | None = None
        self.store = Store(state / FILE)
        self.jobs = Jobs(state / "imports", state / FILE, service.now_ms)

    def open(self) -> None:
        """Raises CatalogueBroken, apsw.Error, OSError."""
        self.store.open()
        self.jobs.open()
        self._take_seed()

    def close(self) -> None:
        """End an import that runs; nothing of it stays."""
        self.jobs.close()
        self.store.close()

    def join(self, description: Description) -> None:
        """Whose description the items go with. Before ``settle``."""
        self._described = description

    def settle(self, *, again: bool = False) -> None:
        """Once, when the hall runs: a version that was meant at the stop comes in force, or goes back.
        ``again``: the journal was restored and may know another version."""
        state = self.store.in_force
        if state.settled and not (again and state.version):
            return
        try:
            self._submit(state.version, self.current.file, state.by, f"事项目录第 {state.version} 版")
        except Obstacles as error:
            log.error("version %d of the catalogue does not come in force: %s", state.version, error)
            self._set(msgspec.structs.replace(state, version=state.previous, settled=True))
            self._description.refresh()

    # ------------------------------------------------------------ reading

    @property
    def current(self) -> HallConfig:
        """The description in force."""
        return self._description.current

    @property
    def standing(self) -> Standing:
        """Which versions there are."""
        head, state = self.store.head, self.store.in_force
        seeds = (v.id for v in self.store.versions() if v.origin is Origin.SEED) if not state.version else ()
        return Standing(head, state.version, state.version or max(seeds, default=head))

    def items_for(self, file: HallFile) -> tuple[ItemFile, ...] | None:
        """What the services of a description take of the version in force; None when none is in force."""
        version = self.store.in_force.version
        return self._taken(version, file) if version else None

    def unassigned(self, version: int) -> list[assigning.Unassigned]:
        """Departments whose items no service takes."""
        file = self.current.file
        named: dict[str, int] = {}
        for entry in self.store.entries(version, codes=assigning.wanted_codes(file)):
            named[entry.department] = named.get(entry.department, 0) + 1
        return assigning.unassigned(file, self.store.departments(version), named)

    def taken_by(self, version: int) -> dict[str, int]:
        """Service -> how many items of a version it takes."""
        file = self.current.file
        places = service_of_items(file, self._taken(version, file))
        return {s.id: sum(1 for place in places.values() if place == s.id) for s in file.services}

    def service_of(self, entry: Entry) -> str:
        """The service that takes an item, '' when none does."""
        return service_of_items(self.current.file, (item_of(entry),)).get(entry.code, "")

    # ------------------------------------------------------------ editing

    def save(self, entry: Entry, *, row: int, by: str, name: str) -> int:
        """An item as it was edited, to a new version; ``row``: the state that was edited, 0 = a new item.
        Raises Moved when somebody else changed it meanwhile."""
        with self.store.new_version(
            at_ms=self._service.now_ms(), by=by, origin=Origin.EDIT, source=name
        ) as being:
            if being.row_of(entry.code) != row:
                raise Moved("这个事项刚被他人修改或删除，请重新打开后再改")
            if not being.put(entry):
                raise Moved("没有改动")
            return being.number

    def remove(self, code: str, *, row: int, by: str, name: str) -> int:
        """An item leaves the catalogue. Raises Moved."""
        with self.store.new_version(
            at_ms=self._service.now_ms(), by=by, origin=Origin.EDIT, source=f"删除 {name}"
        ) as being:
            if not row or being.row_of(code) != row:
                raise Moved("这个事项刚被他人修改或删除，请重新打开后再改")
            being.remove(code)
            return being.number

    # ------------------------------------------------------------ publishing

    def publish(self, version: int, *, by: str) -> Version:
        """Put a version in force. Raises Obstacles; then the hall goes on as before."""
        with self._lock:
            wanted = self.store.version(version)
            if wanted is None:
                raise Obstacles(("没有这个版本",))
            old = self.store.in_force
            if old.version == version:
                raise Obstacles(("这个版本已在使用中",))
            state = InForce(
                version=version,
                previous=old.version,
                at_ms=self._service.now_ms(),
                by=by,
                settled=False,
            )
            self._check(version)
            self._set(state)
            try:
                self._submit(version, self.current.file, by, f"事项目录第 {version} 版")
            except BaseException:
                self._set(old)
                raise
            return wanted

    def roll_back(self, version: int, *, by: str) -> Version:
        """A new version that is as an older one was, in force at once. Raises Obstacles."""
        with self._lock:
            if self.store.version(version) is None:
                raise Obstacles(("没有这个版本",))
            self._check(version)
            number = self.store.restore(version, at_ms=self._service.now_ms(), by=by)
            return self.publish(number, by=by)

    def assign(self, department: str, service: str, *, by: str) -> None:
        """From now on a service takes the items of this department. Raises Obstacles."""
        with self._lock:
            standing = self.standing
            if not standing.in_force:
                raise Obstacles(("请先发布一个版本，再分配部门",))
            file = self.current.file
            services = assigning.with_department(file, department, service)
            if services == file.services:
                raise Obstacles(("没有可改动的内容",))
            changed = msgspec.structs.replace(file, services=services)
            self._submit(standing.in_force, changed, by, f"{department} 归入 {service}")

    # ------------------------------------------------------------ inside

    def _submit(self, version: int, file: HallFile, by: str, note: str) -> None:
        """Through the door. A plan that stays the same is told to listeners only."""
        config = self._described_with(version, file)
        self._ask_hall(config)
        command = c.PublishPlan(
            request="",
            by=by,
            plan=config.plan,
            base=self._service.published.version,
            document=document_of(file),
            note=note,
        )
        try:
            self._service.submit(command).result(ANSWER_SECONDS)
        except RuleBroken as refused:
            if refused.code != "same_plan":
                raise Obstacles((refused.sentence,)) from refused
            self._description.refresh()
        state = self.store.in_force
        if not state.settled:
            self._set(msgspec.structs.replace(state, settled=True))

    def _check(self, version: int) -> None:
        """Everything that stands against a version, before anything is changed."""
        self._ask_hall(self._described_with(version, self.current.file))

    def _described_with(self, version: int, file: HallFile) -> HallConfig:
        try:
            config = described(file, self._taken(version, file), source="catalogue")
        except ConfigError as error:
            raise Obstacles(tuple(sentences(error))) from error
        size = len(msgspec.json.encode(config.catalogue))
        if size > LARGEST_BLOB:
            raise Obstacles(
                (f"各业务承接的事项共 {size >> 20} MB，超过自助机的上限 {LARGEST_BLOB >> 20} MB",)
            )
        return config

    def _ask_hall(self, config: HallConfig) -> None:
        """Items of open numbers must stay. Raises Obstacles."""
        names = config.plan.item_names

        def lost(hall: Hall) -> tuple[str, ...]:
            old = hall.plan.item_names
            return tuple(
                f"{ticket.number}（{old.get(item, item)}）"
                for ticket in hall.open_tickets()
                for item in ticket.items
                if item in old and item not in names
            )

        found = self._service.query(lost).result(ANSWER_SECONDS)
        if found:
            more = f"等 {len(found)} 个" if len(found) > _NAMED else ""
            raise Obstacles(
                (f"未办结的号的事项在新目录中没有了：{'、'.join(found[:_NAMED])}{more}，请先办结",)
            )

    def _taken(self, version: int, file: HallFile) -> tuple[ItemFile, ...]:
        """Items that the services take, the last answer kept. the writer asks while a publication waits
        for it: so without the lock of publications."""
        key = (version, tuple((s.id, s.items, s.departments) for s in file.services))
        kept = self._kept
        if kept is None or kept[0] != key:
            entries = self.store.entries(
                version,
                codes=assigning.wanted_codes(file),
                departments=assigning.wanted_departments(file),
            )
            kept = self._kept = key, tuple(map(item_of, entries))
        return kept[1]

    def _set(self, state: InForce) -> None:
        self.store.put_in_force(state)

    def _take_seed(self) -> None:
        """The list beside the hall's file as a version, as long as nobody made another."""
        newest = next(iter(self.store.versions()), None)
        if newest is not None and newest.origin is not Origin.SEED:
            return
        entries = [entry_of(item) for item in self._seed]
        known = self.store.entries(newest.id, codes=[e.code for e in entries]) if newest else []
        if newest is not None and newest.items == len(entries) and known == entries:
            return
        with self.store.new_version(
            at_ms=self._service.now_ms(), by="file", origin=Origin.SEED, source="items.json"
        ) as being:
            for entry in entries:
                being.put(entry)
            for code in being.digests().keys() - {entry.code for entry in entries}:
                being.remove(code)

    @property
    def _description(self) -> Description:
        assert self._described is not None
        return self._described


def checks(entry: Entry) -> tuple[list[Wrong], list[str]]:
    """(what forbids saving, what is likely a mistake) of an edited item."""
    wrong = []
    if not entry.name:
        wrong.append(Wrong("事项名称", "", "没有填写"))
    if not entry.department:
        wrong.append(Wrong("实施主体", "", "没有填写"))
    names = {paper.name for paper in entry.materials}
    for asked in entry.situations:
        for option in asked.options:
            wrong += [
                Wrong("办理情形", added, f"不在材料清单中（“{asked.question}”选“{option.label}”）")
                for added in option.adds
                if added not in names
            ]
    return wrong, oddities(entry)
