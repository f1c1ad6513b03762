"""The hall's description in force on this box: its file, or what was published over it while it ran."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from contract.schema import ConfigError
from hall_server.config import HallConfig, described, document_of, from_document
from hall_server.hall import commands as c
from hall_server.hall.model import Published, RuleBroken
from hall_server.hall.plan import Plan
from hall_server.hall_file import HallFile, ItemFile
from hall_server.service import HallService

log = logging.getLogger(__name__)


class Description:
    """Follows what is published; whoever serves something made of it is told when it changes.

    Whoever described the hall last is right: the file when it was changed on disk since it last came in
    force, else what was published in the pages. The items are those of ``items`` (the published version of
    the catalogue, for a description), and the list beside the file as long as it answers None.
    """

    def __init__(
        self,
        service: HallService,
        box: HallConfig,
        *,
        on_alarm: Callable[[str], None] = lambda _: None,
        items: Callable[[HallFile], tuple[ItemFile, ...] | None] = lambda _: None,
    ) -> None:
        self._service = service
        self._box = box
        self._on_alarm = on_alarm
        self._items = items
        self._lock = threading.Lock()
        self._current = box
        self._listeners: list[Callable[[HallConfig], None]] = []
        service.on_plan(self._published)

    @property
    def current(self) -> HallConfig:
        """What is in force now; from any thread."""
        with self._lock:
            return self._current

    def items_for(self, file: HallFile) -> tuple[ItemFile, ...]:
        """The items that go with a description: what its services take of the catalogue in force."""
        found = self._items(file)
        return self._box.items if found is None else found

    def on_change(self, listener: Callable[[HallConfig], None]) -> None:
        """Call with each new description, on the writer thread. Before settle()."""
        self._listeners.append(listener)

    def settle(self) -> None:
        """Once, when the service has started: put the file in force if it is news, else take up what is.

        A file that would leave someone's number without a queue does not come in force: the hall goes on
        as it was described, and the alarm says why.
        """
        box = self._box
        try:
            plan = described(box.file, self.items_for(box.file), source="hall.toml").plan
        except ConfigError as error:
            if box.digest != self._service.published.file:
                log.error("the hall's file does not go with the published catalogue: %s", error)
                self._on_alarm("大厅说明文件与已发布的事项目录不符，文件的修改未生效，请管理员核对后重新发布")
            self._published(self._service.plan, self._service.published)
            return
        command = c.PublishPlan(
            request="",
            by="file",
            plan=plan,
            file=box.digest,
            document=document_of(box.file),
            note="大厅说明文件",
        )
        try:
            self._service.submit(command).result()
        except RuleBroken as refused:
            log.error("the hall's file is not in force: %s", refused)
            self._on_alarm(f"大厅说明文件的修改未生效：{refused.sentence}")
        self._published(self._service.plan, self._service.published)

    def refresh(self) -> None:
        """Other items are in force under the same description; tells the listeners on this thread."""
        self._published(self._service.plan, self._service.published)

    def _published(self, _plan: Plan, published: Published) -> None:
        box = self._box
        try:
            if published.document:
                current = from_document(published.document, box, self.items_for)
            else:
                current = described(box.file, self.items_for(box.file), source="hall.toml")
        except ConfigError as error:
            log.error("the published description does not go with this box: %s", error)
            self._on_alarm("已发布的大厅设置与本机的事项清单不符，事项页面按说明文件显示，请管理员重新发布")
            current = self._box
        with self._lock:
            if current == self._current:
                return
            self._current = current
        for listener in self._listeners:
            listener(current)
