"""The twelve situations that every hall manager knows, each as one story."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from contract import messages as m
from contract import topics
from contract.bus import Unanswered
from contract.clock import ALARM, HallClock
from contract.messages import Paper, Person, TicketStatus
from contract.mqtt import BrokerAddress, MqttBus
from hall_server import keeping
from hall_server.backup import making, restoring
from hall_server.broker import secret
from hall_server.checking import verify
from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.day import MINUTE_MS
from hall_server.hall.model import Class, Hall, RuleBroken
from hall_server.hall.pictures import Look, slip
from hall_server.hall.plan import CallingKind, CallingRule
from hall_server.journal.rows import JournalReader
from hall_server.journal_writer import Journal
from hall_server.service import HallService
from tests.faults.path import CuttablePath
from tests.faults.power import PowerCutVfs
from tests.hall.server_process import ServerProcess, open_all, write_hall
from tests.hall_server.halls import small_plan
from tests.hall_server.running import Recorder, running
from tests.hall_server.test_hall import NOON, Desk

HOUR_MS = 60 * MINUTE_MS
ZHANG = Person(key="zhang", masked_name="张*")


def issue(request: str, by: str = "kiosk-1", **options: object) -> c.Issue:
    return c.Issue(request=request, by=by, service="tax", **options)  # type: ignore[arg-type]


def together(*works: Callable[[], str]) -> list[str]:
    """Do them at one moment; a refusal is its sentence."""
    gate = threading.Barrier(len(works))

    def one(work: Callable[[], str]) -> str:
        gate.wait()
        try:
            return work()
        except RuleBroken as broken:
            return broken.sentence

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(one, works))


# ---------------------------------------------------------------- 1


def test_two_windows_press_at_once(tmp_path: Path) -> None:
    """One number waits: one window gets it, the other is told that nobody waits, and no more."""
    with running(tmp_path / "j.db") as (service, _):
        for round_ in range(20):
            ticket = service.submit(issue(f"i{round_}")).result(5).ticket

            def press(window: str, round_: int = round_) -> str:
                command = c.CallNext(request=f"n{round_}", by=window, window=window)
                return service.submit(command).result(5).ticket

            got = together(lambda: press("w1"), lambda: press("w3"))
            assert sorted(got) == sorted([ticket, "暂无等待"])
            window = "w1" if got[0] == ticket else "w3"
            service.submit(c.Arrive(request=f"a{round_}", by=window, window=window)).result(5)
            service.submit(c.Finish(request=f"f{round_}", by=window, window=window)).result(5)


# ---------------------------------------------------------------- 2


@pytest.mark.parametrize("moment", ["before the press", "pressed, not confirmed", "confirmed"])
def test_power_is_cut_at_issuing(tmp_path: Path, moment: str) -> None:
    """Whenever it fails: what was told is there, and pressing again gives one number, not two."""
    vfs = PowerCutVfs(f"floor {moment}")
    chance = random.Random(moment)
    after = tmp_path / "after"
    told = ""
    with running(tmp_path / "j.db", vfs=vfs.name) as (service, _):
        earlier = [service.submit(issue(f"e{i}")).result(5).ticket for i in range(3)]
        if moment == "before the press":
            vfs.cut(after, chance)
        pressed = service.submit(issue("press"))
        if moment == "pressed, not confirmed":
            vfs.cut(after, chance)
        told = pressed.result(5).ticket
        if moment == "confirmed":
            vfs.cut(after, chance)
    verify(after / "j.db")
    with running(after / "j.db") as (service, _):
        waiting = service.query(lambda hall: hall.heads("tax", 9)).result(5)
        assert waiting[:3] == earlier
        if moment == "confirmed":
            assert waiting == [*earlier, told]
        again = service.submit(issue("press")).result(5).ticket
        assert service.query(lambda hall: hall.heads("tax", 9)).result(5) == [*earlier, again]
        assert again == told, "the next number, or the one that was told: the same here"


# ---------------------------------------------------------------- 3


def test_paper_runs_out_after_the_commit() -> None:
    """The number stays where it is, is found with the card, and is printed again, marked."""
    desk = Desk()
    first = desk.do(c.Issue, service="tax", person=ZHANG)
    desk.do(c.ReportPaper, ticket=first, paper=Paper.FAILED)
    desk.now_ms += MINUTE_MS
    desk.do(c.Issue, service="tax")
    assert desk.do(c.Issue, service="tax", person=ZHANG) == first, "the card again gets the same number"
    desk.do(c.ReportPaper, ticket=first, paper=Paper.CONFIRMED, reprint=True)
    shown = slip(desk.hall, desk.hall.tickets[first], Look(boot="b"), desk.now_ms)
    assert (shown.number, shown.reprint, shown.ahead) == ("B001", 1, 0)
    assert desk.do(c.CallNext, window="w1") == first


# ---------------------------------------------------------------- 4


def test_midnight_in_a_24_hour_area_that_closes_at_two() -> None:
    """Nothing happens at midnight; at two the day closes, what is open expires, numbers restart."""
    desk = Desk()
    desk.plan = small_plan(closes="02:00")
    desk.hall = Hall(desk.plan)
    desk.now_ms = NOON + 11 * HOUR_MS + 50 * MINUTE_MS
    before = desk.do(c.Issue, service="tax")
    desk.now_ms += 20 * MINUTE_MS
    after = desk.do(c.Issue, service="tax")
    assert [desk.number(t) for t in (before, after)] == ["B001", "B002"]
    assert desk.hall.tickets[before].day == desk.hall.tickets[after].day
    assert desk.do(c.CallNext, window="w1") == before
    desk.now_ms = NOON + 14 * HOUR_MS - 1
    desk.do(c.Tick)
    assert desk.hall.tickets[after].status is TicketStatus.WAITING
    desk.now_ms += 1
    fresh = desk.do(c.Issue, service="tax")
    assert desk.number(fresh) == "B001"
    assert fresh != before
    closed = next(x for x in desk.events if isinstance(x, e.DayClosed))
    assert set(closed.expired) == {before, after}


# ---------------------------------------------------------------- 5


class Machine:
    """A box whose clocks we turn."""

    def __init__(self) -> None:
        self.monotonic_ms, self.wall_ms = 5_000, NOON

    def passes(self, ms: int) -> None:
        self.monotonic_ms += ms
        self.wall_ms += ms

    def reboot(self) -> None:
        self.monotonic_ms = 1_000


@contextmanager
def hall_on(machine: Machine, path: Path) -> Iterator[tuple[HallService, HallClock]]:
    """A running hall that reads this machine's clocks."""
    failures: list[BaseException] = []
    journal = Journal(path, on_failure=failures.append)
    journal.open()
    clock = HallClock(
        journal.last_reading(), monotonic=lambda: machine.monotonic_ms, wall=lambda: machine.wall_ms
    )
    service = HallService(
        small_plan(), journal, clock=clock, publisher=Recorder(), look=Look(boot="b", key=b"k")
    )
    service.start()
    try:
        yield service, clock
    finally:
        service.stop()
        journal.close()
    assert not failures


@pytest.mark.parametrize("jump_hours", [-3, 27])
def test_the_clock_jumps_while_the_hall_runs(tmp_path: Path, jump_hours: int) -> None:
    """Waits, the business day and the order do not know of it."""
    machine = Machine()
    with hall_on(machine, tmp_path / "j.db") as (service, clock):
        first = service.submit(issue("1")).result(5).ticket
        machine.wall_ms += jump_hours * HOUR_MS
        machine.passes(7 * MINUTE_MS)
        second = service.submit(issue("2")).result(5).ticket
        assert clock.now_ms() == NOON + 7 * MINUTE_MS
        assert service.query(lambda hall: hall.heads("tax", 9)).result(5) == [first, second]
        called = service.submit(c.CallNext(request="n", by="w1", window="w1")).result(5).ticket
        ticket = service.query(lambda hall: hall.tickets[called]).result(5)
        assert (called, ticket.called_ms - ticket.issued_ms) == (first, 7 * MINUTE_MS)


@pytest.mark.parametrize("jump_hours", [-3, 27])
def test_the_clock_jumps_while_the_box_is_off(tmp_path: Path, jump_hours: int) -> None:
    """Hall time goes on from the last event, 时钟异常 is raised, nobody's number expires."""
    machine = Machine()
    with hall_on(machine, tmp_path / "j.db") as (service, _):
        first = service.submit(issue("1")).result(5).ticket
    machine.reboot()
    machine.wall_ms += jump_hours * HOUR_MS
    with hall_on(machine, tmp_path / "j.db") as (service, clock):
        assert clock.alarm.startswith(ALARM)
        assert clock.now_ms() == NOON
        machine.passes(MINUTE_MS)
        second = service.submit(issue("2")).result(5).ticket
        assert service.query(lambda hall: hall.heads("tax", 9)).result(5) == [first, second]
        assert [t.rpartition("-")[2] for t in (first, second)] == ["B001", "B002"]


def test_a_technician_corrects_hall_time_after_three_days_off(tmp_path: Path) -> None:
    """Forward only and journalled; the old day closes then, the corrected time outlives a restart."""
    machine = Machine()
    with hall_on(machine, tmp_path / "j.db") as (service, _):
        service.submit(issue("1")).result(5)
    machine.reboot()
    machine.wall_ms += 72 * HOUR_MS
    with hall_on(machine, tmp_path / "j.db") as (service, clock):
        with pytest.raises(RuleBroken, match="不能往回拨"):
            service.submit(c.CorrectTime(request="", by="t", to_ms=NOON - HOUR_MS)).result(5)
        service.submit(c.CorrectTime(request="", by="technician:t1", to_ms=machine.wall_ms)).result(5)
        assert clock.alarm == ""
        assert clock.now_ms() == NOON + 72 * HOUR_MS
        fresh = service.submit(issue("2")).result(5).ticket
        assert fresh.rpartition("-")[2] == "B001", "a new business day"
    machine.passes(MINUTE_MS)
    with hall_on(machine, tmp_path / "j.db") as (_, clock):
        assert (clock.alarm, clock.now_ms()) == ("", NOON + 72 * HOUR_MS + MINUTE_MS)


# ---------------------------------------------------------------- 6


def test_a_transfer_chain_with_a_window_closing() -> None:
    """Sent on twice; the last window closes: anybody may call it, with its first time, in its one visit."""
    desk = Desk()
    desk.do(c.OpenWindow, window="w1", clerk="017")
    ticket = desk.do(c.Issue, service="tax", person=ZHANG)
    desk.now_ms += 5 * MINUTE_MS
    later = desk.do(c.Issue, service="social")
    desk.do(c.CallNext, window="w1")
    desk.do(c.Arrive, window="w1")
    desk.do(c.Transfer, window="w1", service="police", to_window="w2", come_back=True)
    desk.do(c.CallNext, window="w2")
    desk.do(c.Arrive, window="w2")
    desk.do(c.Transfer, window="w2", service="social", to_window="w3")
    desk.do(c.CloseWindow, window="w3")
    desk.do(c.CloseWindow, window="w2")
    assert desk.do(c.CallNext, window="w1") == ticket, "before the one who came later for this service"
    desk.do(c.Arrive, window="w1")
    desk.do(c.Finish, window="w1")
    ended = desk.hall.tickets[ticket]
    assert (ended.status, ended.issued_ms, ended.visit) == (TicketStatus.DONE, NOON, ticket)
    assert (ended.responsible, ended.transfers) == ("017", 2)
    assert desk.do(c.CallNext, window="w1") == later


# ---------------------------------------------------------------- 7


def test_appointments_early_on_time_and_late() -> None:
    """Under strict priority: early waits for its time's place, late keeps its right for a while only."""
    desk = Desk()
    desk.plan.calling["tax"] = CallingRule(CallingKind.STRICT)
    for name, hours in (("early", 2), ("punctual", 1), ("late", 1), ("too-late", 0)):
        desk.do(
            c.Book, appointment=name, service="tax", start_ms=NOON + hours * HOUR_MS, person=Person(key=name)
        )
    desk.now_ms = NOON + 40 * MINUTE_MS
    walk_in = desk.do(c.Issue, service="tax")
    early = desk.do(c.CheckIn, appointment="early")
    too_late = desk.do(c.CheckIn, appointment="too-late")
    desk.now_ms = NOON + 55 * MINUTE_MS
    punctual = desk.do(c.CheckIn, appointment="punctual")
    desk.now_ms = NOON + 80 * MINUTE_MS
    late = desk.do(c.CheckIn, appointment="late")
    classes = {t: desk.hall.tickets[t].rank_class for t in (early, punctual, late, too_late)}
    assert classes[too_late] is Class.NORMAL
    assert {classes[t] for t in (early, punctual, late)} == {Class.APPOINTMENT}
    called = []
    for _ in range(5):
        called.append(desk.do(c.CallNext, window="w1"))
        desk.do(c.Arrive, window="w1")
    assert called == [punctual, late, early, walk_in, too_late]


# ---------------------------------------------------------------- 8


def peak(rule: CallingRule) -> tuple[list[int], list[int]]:
    """A Monday morning: 150 people in an hour, 35 % green, three windows of 2 minutes each. Returns the waits
    in minutes, sorted: (green, others)."""
    chance = random.Random(20261123)
    desk = Desk()
    desk.plan.calling["tax"] = rule
    comes = sorted(NOON + chance.randrange(60 * MINUTE_MS) for _ in range(150))
    green = [chance.random() < 0.35 for _ in comes]
    free_at = {window.id: NOON for window in desk.hall.windows_for("tax")}
    waits: dict[bool, list[int]] = {True: [], False: []}
    came = 0
    while len(waits[True]) + len(waits[False]) < len(comes):
        window = min(free_at, key=lambda w: free_at[w])
        while came < len(comes) and comes[came] <= free_at[window]:
            desk.now_ms = comes[came]
            desk.do(c.Issue, service="tax", green_reason="disabled" if green[came] else "")
            came += 1
        desk.now_ms = free_at[window]
        try:
            ticket = desk.hall.tickets[desk.do(c.CallNext, window=window)]
        except RuleBroken:
            free_at[window] = comes[came]
            continue
        desk.do(c.Arrive, window=window)
        waits[ticket.rank_class is Class.GREEN].append((desk.now_ms - ticket.issued_ms) // MINUTE_MS)
        desk.now_ms += 2 * MINUTE_MS
        desk.do(c.Finish, window=window)
        free_at[window] = desk.now_ms
    return sorted(waits[True]), sorted(waits[False])


def p95(waits: list[int]) -> int:
    return waits[len(waits) * 95 // 100]


def test_a_monday_peak_with_35_percent_green() -> None:
    """An aged cap brings green ones in sooner and keeps the others within 15 % of first come."""
    fair_green, fair = peak(CallingRule(CallingKind.FIRST_COME))
    strict_green, strict = peak(CallingRule(CallingKind.STRICT))
    aged_green, aged = peak(CallingRule(CallingKind.AGED, aged_minutes=30))
    assert p95(strict_green) < 5 < p95(fair_green), "the peak is one, and strict priority favours green"
    assert sum(strict) > sum(fair) * 1.3, "at the cost of the others"
    assert p95(aged) <= p95(fair) * 1.15
    assert aged[-1] <= fair[-1] * 1.15
    assert aged_green[len(aged_green) // 2] < fair_green[len(fair_green) // 2]


def test_green_is_never_worse_off_than_first_come() -> None:
    """Under an aged cap too: who is preferred and came first is called first."""
    desk = Desk()
    desk.plan.calling["tax"] = CallingRule(CallingKind.AGED, aged_minutes=20)
    green = desk.do(c.Issue, service="tax", green_reason="disabled")
    desk.now_ms += 5 * MINUTE_MS
    desk.do(c.Issue, service="tax")
    desk.now_ms += 25 * MINUTE_MS
    assert desk.do(c.CallNext, window="w1") == green


# ---------------------------------------------------------------- 9


def test_one_card_at_three_kiosks_at_once(tmp_path: Path) -> None:
    """One number, and the two others are offered a reprint of it."""
    with running(tmp_path / "j.db") as (service, _):
        for round_ in range(20):
            person = Person(key=f"p{round_}")

            def lay(kiosk: str, round_: int = round_, person: Person = person) -> str:
                answer = service.submit(issue(f"r{round_}", by=kiosk, person=person)).result(5)
                return f"{answer.ticket} {'again' if answer.existing else 'new'}"

            told = together(*(partial(lay, f"kiosk-{k}") for k in range(3)))
            assert len({x.split()[0] for x in told}) == 1
            assert sorted(x.split()[1] for x in told) == ["again", "again", "new"]


# ---------------------------------------------------------------- 10


@pytest.mark.processes
def test_the_switch_reboots(tmp_path: Path) -> None:
    """A kiosk that hears nothing asks again with the same request: one number, the one of the journal."""
    server = ServerProcess(write_hall(tmp_path, kiosks=2), tmp_path / "state")
    server.start()
    path = CuttablePath(server.broker_port)
    path.start()
    password = secret(server.state / "broker" / "secrets" / "kiosk-1")
    kiosk = MqttBus("demo", "kiosk-1", BrokerAddress("127.0.0.1", path.port, "kiosk-1", password))
    other = server.bus("kiosk-2")
    open_all([kiosk, other])
    asked = m.Issue(id="switch-1", service="shebao", person=ZHANG)
    path.cut()
    with pytest.raises(Unanswered):
        kiosk.request(topics.ISSUE, asked, timeout_seconds=1).result()
    beside = other.request(topics.ISSUE, m.Issue(id="o1", service="shebao"), timeout_seconds=10).result()
    path.mend()
    told: list[str] = []
    while len(told) < 2:
        try:
            answer = kiosk.request(topics.ISSUE, asked, timeout_seconds=5).result()
        except Unanswered:
            continue
        assert answer.slip is not None
        told.append(answer.slip.number)
    kiosk.close()
    other.close()
    path.stop()
    server.stop()
    assert beside.slip is not None
    assert len(set(told)) == 1
    with JournalReader(server.state / "journal.db") as reader:
        issued = [x.event.number for x in reader.read() if isinstance(x.event, e.TicketIssued)]
    assert sorted(issued) == sorted([beside.slip.number, told[0]])


# ---------------------------------------------------------------- 11


def test_you_never_called_me(tmp_path: Path) -> None:
    """The journal says who called, from which window, when, how often, and who declared the no-show."""
    machine = Machine()
    with hall_on(machine, tmp_path / "j.db") as (service, _):
        ticket = service.submit(issue("1", person=ZHANG)).result(5).ticket
        service.submit(issue("2")).result(5)
        seat = {"by": "window:w1", "window": "w1"}
        machine.passes(9 * MINUTE_MS)
        service.submit(c.OpenWindow(request="o", clerk="017", **seat)).result(5)
        service.submit(c.CallNext(request="n", **seat)).result(5)
        for i in range(3):
            machine.passes(20_000)
            service.submit(c.Recall(request=f"r{i}", **seat)).result(5)
        machine.passes(20_000)
        service.submit(c.NoShow(request="x", **seat)).result(5)
    with JournalReader(tmp_path / "j.db") as reader:
        entries = list(reader.read())
    story = [
        (type(x.event).__name__, x.event.at_ms - NOON, x.sender)
        for x in entries
        if getattr(x.event, "ticket", "") == ticket
    ]
    clerks = [x.event.clerk for x in entries if isinstance(x.event, e.TicketCalled)]
    call = 9 * MINUTE_MS
    assert story == [
        ("TicketIssued", 0, "kiosk-1"),
        ("TicketCalled", call, "window:w1"),
        ("TicketRecalled", call + 20_000, "window:w1"),
        ("TicketRecalled", call + 40_000, "window:w1"),
        ("TicketRecalled", call + 60_000, "window:w1"),
        ("TicketNoShow", call + 80_000, "window:w1"),
    ]
    assert clerks == ["017"]


# ---------------------------------------------------------------- 12


def test_the_server_is_gone_and_a_backup_five_minutes_old_takes_its_place(tmp_path: Path) -> None:
    """Who waited then waits in order; no number that may be on paper since is given to anyone else."""
    machine, state, copy = Machine(), tmp_path / "new", tmp_path / "backup.db"
    with hall_on(machine, tmp_path / "old" / keeping.JOURNAL) as (service, _):
        early = [service.submit(issue(f"e{i}")).result(5).ticket for i in range(5)]
        making.make(tmp_path / "old", copy)
        machine.passes(5 * MINUTE_MS)
        lost = [service.submit(issue(f"l{i}")).result(5).ticket for i in range(40)]
        service.submit(c.CallNext(request="n", by="w1", window="w1")).result(5)
    restoring.restore(copy, state, other_key=True)
    machine.reboot()
    machine.passes(2 * MINUTE_MS)
    with hall_on(machine, state / keeping.JOURNAL) as (service, clock):
        skip = keeping.numbers_to_skip(state)
        service.submit(c.SkipNumbers(request="", by="restore", count=skip)).result(5)
        assert not clock.alarm
        assert service.query(lambda hall: hall.heads("tax", 99)).result(5) == early
        fresh = [service.submit(issue(f"f{i}")).result(5).ticket for i in range(50)]
        again = service.submit(issue("l0")).result(5).ticket
        assert not set(fresh) & {*early, *lost}
        assert again not in {*early, *lost, *fresh}, "whose number was lost gets one of their own"
        with pytest.raises(RuleBroken, match="没有这个号"):
            service.submit(c.Cancel(request="c", by="kiosk-1", ticket=lost[0])).result(5)
