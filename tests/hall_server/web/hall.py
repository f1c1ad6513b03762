"""A real hall with its pages for tests: service, journal on disk, web server on a free port."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from contract import messages as m
from contract.catalogue import Catalogue, Item, Material, Situation, SituationOption
from contract.clock import HallClock
from contract.topics import Route
from hall_server.accounts import codes, passwords
from hall_server.accounts.book import Actor
from hall_server.accounts.desk import Accounts
from hall_server.accounts.records import Account
from hall_server.accounts.roles import EVERY_WINDOW, Role, Scope
from hall_server.accounts.signing import Origin
from hall_server.catalogue.desk import CatalogueDesk
from hall_server.description import Description
from hall_server.hall import commands as c
from hall_server.hall.model import Ticket
from hall_server.hall.pictures import Look
from hall_server.hall.plan import Board, Plan, Rules, Service, ServiceWindow, Zone
from hall_server.house import House
from hall_server.journal_writer import Journal
from hall_server.reports.desk import ReportDesk
from hall_server.service import HallService
from hall_server.setup.desk import SetupDesk
from hall_server.web.blobs import BlobStore
from hall_server.web.lan import LanSide
from hall_server.web.server import WebServer
from tests.hall_server.web.box import box_of

KEY = b"key of the hall of tests"
PASSWORD = "tea and 24 hours"
_HASHED = passwords.hashed(PASSWORD)
ITEM = "SAMPLE-11999999SAMPLE00104000790001000"

PLAN = Plan(
    id="test",
    name="示例县政务服务中心",
    rules=Rules(recalls_before_no_show=2),
    zones={"z": Zone("z", "综合"), "g": Zone("g", "公安")},
    services={
        "shebao": Service("shebao", "社保医保", "z", "A", mean_minutes=6, items=(ITEM,)),
        "huji": Service("huji", "户籍与身份证", "g", "B", mean_minutes=9),
    },
    windows={
        "w01": ServiceWindow("w01", "1号窗口", "综合受理", "z", ("shebao", "huji"), open_at_start=True),
        "w02": ServiceWindow("w02", "2号窗口", "社保专窗", "z", ("shebao",), open_at_start=True),
        "w03": ServiceWindow("w03", "3号窗口", "户籍专窗", "g", ("huji",)),
    },
    boards={"hall": Board("hall", "综合屏", ("z", "g"))},
    item_names={ITEM: "居民身份证换领"},
)
CATALOGUE = Catalogue(
    hall_name=PLAN.name,
    items=(
        Item(
            code=ITEM,
            name="居民身份证换领",
            department="公安局",
            zone="z",
            service="shebao",
            materials=(
                Material(name="居民户口簿"),
                Material(name="旧居民身份证"),
                Material(name="委托书", needed=False),
                Material(name="近期照片", copies=2, may_be_missing=True),
            ),
            situations=(
                Situation(
                    question="谁来办",
                    options=(
                        SituationOption(label="本人办理"),
                        SituationOption(label="委托他人办理", adds=("委托书",)),
                    ),
                ),
            ),
        ),
    ),
)


class Recorder:
    """A publisher that keeps what it is given."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, Any, Mapping[str, str]]] = []
        self.cleared: list[tuple[str, Mapping[str, str]]] = []

    def publish(self, route: Route[Any], message: Any, **ids: str) -> None:
        """Keep it."""
        self.messages.append((route.name, message, ids))

    def clear(self, route: Route[Any], **ids: str) -> None:
        """Keep what was taken away."""
        self.cleared.append((route.name, ids))

    def calls(self) -> list[m.Call]:
        """What boards and voice were told."""
        return [message for _, message, _ in self.messages if isinstance(message, m.Call)]

    def called(self) -> list[str]:
        """Numbers in the order of their first calls."""
        return [call.number for call in self.calls() if call.kind is m.CallKind.CALL]


class PagedHall:
    """Start, stop and start again over the same journal and port."""

    def __init__(
        self,
        state: Path,
        *,
        plan: Plan = PLAN,
        clock: HallClock | None = None,
        lan: LanSide | None = None,
    ) -> None:
        self.state = state
        self.lan = lan
        self.plan = plan
        self.clock = clock or HallClock()
        self.recorder = Recorder()
        self.failures: list[BaseException] = []
        self.port = 0
        self.house: House | None = None
        self._requests = itertools.count(1)

    def start(self) -> None:
        """Bring it up; the second time on the same port."""
        self.journal = Journal(self.state / "journal.db", on_failure=self.failures.append)
        self.journal.open()
        look = Look(boot="b", public_url="http://127.0.0.1", key=KEY)
        self.service = HallService(
            self.plan, self.journal, clock=self.clock, publisher=self.recorder, look=look
        )
        self.blobs = BlobStore(self.state / "blobs")
        self.accounts = Accounts(self.state, key=KEY, now_ms=self.clock.now_ms)
        self.accounts.open()
        self._people()
        self.reports = ReportDesk(self.state, lambda: self.service.plan, lambda: CATALOGUE)
        box = box_of(self.plan)
        self.catalogue = CatalogueDesk(self.state, self.service, box.items)
        self.catalogue.open()
        described = Description(self.service, box, items=self.catalogue.items_for)
        self.catalogue.join(described)
        self.setup = SetupDesk(
            self.service,
            described,
            drafts=self.state / "drafts",
            journal=self.journal.path,
        )
        self.web = WebServer(
            self.service,
            accounts=self.accounts,
            lan=self.lan,
            reports=self.reports,
            setup=self.setup,
            catalogue=self.catalogue,
            host="127.0.0.1",
            port=self.port,
            blobs=self.blobs,
            now_ms=self.clock.now_ms,
            house=self.house,
        )
        if self.house is not None:
            self.service.on_call(self.house.calls.called)
        self.web.bind()
        self.port = self.web.port
        self.service.start()
        described.refresh()
        self.web.start()

    def stop(self) -> None:
        """In mirrored order."""
        self.service.stop()
        self.web.stop()
        self.catalogue.close()
        self.accounts.close()
        self.journal.close()

    def _people(self) -> None:
        """A clerk of each window, one of all, and one of each other role; all with the same password."""
        clerks = {f"clerk-{window}": (Role.CLERK, (window,)) for window in list(self.plan.windows)[:12]}
        others = {role.value: (role, (EVERY_WINDOW,)) for role in Role}
        if self.accounts.book.accounts:
            return
        with self.accounts.book.change(Actor("console"), None) as change:
            for name, (role, windows) in (clerks | others).items():
                roles = frozenset({role})
                change.put(Account(id=name, name="张三", roles=roles, windows=windows, password=_HASHED))

    def token(self, *scopes: Scope) -> str:
        """A token of a partner, with all scopes when none is named."""
        wanted = frozenset(scopes or Scope)
        return self.accounts.tokens.make("对接测试", wanted, Actor("system"), per_minute=1_000_000)

    @property
    def url(self) -> str:
        """Where the pages are."""
        return self.web.url

    def client(self) -> httpx.Client:
        """A program that talks to the pages' server: a partner with every scope."""
        headers = {"Authorization": f"Bearer {self.token()}"}
        return httpx.Client(base_url=self.url, timeout=10, trust_env=False, headers=headers)

    def stranger(self) -> httpx.Client:
        """Somebody who has not signed in; looks at pages as a browser does."""
        return httpx.Client(base_url=self.url, timeout=10, trust_env=False, headers={"Accept": "text/html"})

    def person(self, account: str) -> httpx.Client:
        """A person who has signed in; every post carries the session's token."""
        client = self.stranger()
        secret = self.session(account)
        client.cookies.set("banshi", secret)
        client.headers["X-CSRF"] = codes.csrf_of(secret)
        return client

    def session(self, account: str) -> str:
        """The secret of a new session's cookie."""
        return self.accounts.signing.enter(account, Origin("127.0.0.1")).secret

    def issue(self, service: str = "shebao", **more: Any) -> str:
        """Take a number; returns its ticket id."""
        command = c.Issue(request=f"issue-{next(self._requests)}", by="kiosk-1", service=service, **more)
        return self.service.submit(command).result(10).ticket

    def do(self, kind: type[c.AtWindow], window: str = "w01", **more: Any) -> str:
        """A command at a window, as a call box would give it; returns the ticket id of the answer."""
        command = kind(request=f"do-{next(self._requests)}", by=f"callbox:{window}", window=window, **more)
        return self.service.submit(command).result(10).ticket

    def present(self, window: str) -> Ticket:
        """The number at a window; there must be one."""
        ticket = self.service.query(lambda hall: hall.ticket_at(window)).result(10)
        assert ticket is not None
        return ticket
