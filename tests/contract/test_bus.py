"""What every bus does, whatever its wire."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import Future
from typing import TypeVar

import pytest

from contract import messages as m
from contract import topics as t
from contract.bus import Ids, Unanswered
from contract.delivery import Delivery
from contract.parcels import Parcel
from tests.contract.wire import Box, Wire

A = TypeVar("A", bound=m.Answer)


class OldIssue(m.Request, frozen=True, kw_only=True):
    """What a station of a broken build might send."""

    service: int


SLIP = m.TicketSlip(ticket="t1", number="A001", hall="示例大厅", zone="综合", service="证照")


def server_state(seq: int = 1, s: m.Presence = m.Presence.READY, boot: str = "b1") -> m.ServerState:
    return m.ServerState(
        s=s, boot=boot, at_ms=1_790_000_000_000 + seq, seq=seq, hall_name="示例县政务服务中心"
    )


def window_state(seq: int, window: str = "w01") -> m.WindowState:
    return m.WindowState(
        window=window, label="1号窗口", name="综合", zone="general", status=m.WindowStatus.OPEN, seq=seq
    )


def call(number: str, board: str = "hall") -> m.Call:
    return m.Call(
        call=f"c-{number}",
        kind=m.CallKind.CALL,
        board=board,
        ticket=f"t-{number}",
        number=number,
        window="w01",
        window_label="1号窗口",
        zone="general",
        service="s1",
        at_ms=1,
        expires_ms=2,
        say=(m.Speech(lang="zh", parts=("A", "零一二号", "请到一号窗口办理")),),
    )


def answered(slip: m.TicketSlip = SLIP) -> Future[m.IssueAnswer]:
    future: Future[m.IssueAnswer] = Future()
    future.set_result(m.IssueAnswer(slip=slip))
    return future


def test_a_message_arrives_whole_with_the_levels_of_its_topic(wire: Wire) -> None:
    server, board = wire.linked("hall-server"), wire.bus("board-1")
    got: Box[tuple[m.Call, Ids]] = Box()
    board.on(t.BOARD_CALL, lambda message, ids: got.put((message, ids)))
    _open(board)
    server.publish(t.BOARD_CALL, call("A012"), board="hall")
    message, ids = got.first()
    assert message == call("A012")
    assert ids == {"hall": "demo", "board": "hall"}


def test_only_the_named_level_is_heard(wire: Wire) -> None:
    server, board = wire.linked("hall-server"), wire.bus("board-1")
    got: Box[m.Call] = Box()
    board.on(t.BOARD_CALL, got.put, board="zone-2")
    _open(board)
    server.publish(t.BOARD_CALL, call("A001"), board="hall")
    server.publish(t.BOARD_CALL, call("B001", "zone-2"), board="zone-2")
    assert [message.number for message in got.wait(bool)] == ["B001"]


def test_order_is_kept(wire: Wire) -> None:
    server, board = wire.linked("hall-server"), wire.bus("board-1")
    got: Box[m.Call] = Box()
    board.on(t.BOARD_CALL, got.put)
    _open(board)
    numbers = [f"A{n:03}" for n in range(200)]
    for number in numbers:
        server.publish(t.BOARD_CALL, call(number), board="hall")
    assert [message.number for message in got.wait(lambda values: len(values) == 200)] == numbers


def test_a_state_is_there_for_who_comes_later_and_an_event_is_not(wire: Wire) -> None:
    server = wire.linked("hall-server")
    echo: Box[m.WindowState] = Box()
    server.on(t.WINDOW, echo.put)
    server.publish(t.WINDOW, window_state(1), window="w01")
    server.publish(t.BOARD_CALL, call("A001"), board="hall")
    server.publish(t.WINDOW, window_state(2), window="w01")
    echo.last(lambda state: state.seq == 2)
    board = wire.bus("board-1")
    states: Box[m.WindowState] = Box()
    calls: Box[m.Call] = Box()
    board.on(t.WINDOW, states.put)
    board.on(t.BOARD_CALL, calls.put)
    _open(board)
    assert states.first().seq == 2
    server.publish(t.BOARD_CALL, call("A002"), board="hall")
    assert [message.number for message in calls.wait(bool)] == ["A002"]


def test_a_handler_registered_late_gets_the_state_too(wire: Wire) -> None:
    server, board = wire.linked("hall-server"), wire.linked("board-1")
    server.publish(t.WINDOW, window_state(7), window="w01")
    states: Box[m.WindowState] = Box()
    board.on(t.WINDOW, states.put)
    assert states.first().seq == 7


def test_a_cleared_state_is_gone(wire: Wire) -> None:
    server = wire.linked("hall-server")
    server.publish(t.WINDOW, window_state(1), window="w01")
    server.clear(t.WINDOW, window="w01")
    server.publish(t.WINDOW, window_state(1, "w02"), window="w02")
    board = wire.bus("board-1")
    states: Box[m.WindowState] = Box()
    board.on(t.WINDOW, states.put)
    _open(board)
    assert [state.window for state in states.wait(bool)] == ["w02"]


def test_the_will_speaks_when_the_link_breaks_and_not_at_a_goodbye(wire: Wire) -> None:
    server = wire.linked("hall-server")
    states: Box[m.StationState] = Box()
    server.on(t.STATION_STATE, states.put)
    kiosk = wire.bus("kiosk-1")
    kiosk.will(t.STATION_STATE, m.StationState(s=m.Presence.LOST, boot="k", kind=m.StationKind.KIOSK))
    _open(kiosk)
    wire.cut(kiosk)
    assert states.first().s is m.Presence.LOST
    wire.mend(kiosk)
    ready = m.StationState(s=m.Presence.READY, boot="k", kind=m.StationKind.KIOSK)
    kiosk.publish(t.STATION_STATE, ready)
    states.last(lambda state: state.s is m.Presence.READY)
    kiosk.publish(t.STATION_STATE, m.StationState(s=m.Presence.DISCONNECTED, boot="k", kind=ready.kind))
    kiosk.close()
    other = wire.linked("kiosk-2")
    other.publish(t.STATION_STATE, m.StationState(s=m.Presence.READY, boot="2", kind=ready.kind))
    said = [state.s.value for state in states.wait(lambda values: values[-1].boot == "2")]
    changes = [word for word, _ in itertools.groupby(said)]
    assert changes == ["lost", "ready", "disconnected", "ready"]


def test_a_bus_that_is_back_contradicts_its_own_will(wire: Wire) -> None:
    server, kiosk = wire.linked("hall-server"), wire.bus("kiosk-1")
    states: Box[m.StationState] = Box()
    server.on(t.STATION_STATE, states.put)
    kind = m.StationKind.KIOSK
    kiosk.will(t.STATION_STATE, m.StationState(s=m.Presence.LOST, boot="k", kind=kind))
    _open(kiosk)
    kiosk.publish(t.STATION_STATE, m.StationState(s=m.Presence.READY, boot="k", kind=kind))
    states.first()
    wire.cut(kiosk)
    states.last(lambda state: state.s is m.Presence.LOST)
    wire.mend(kiosk)
    states.last(lambda state: state.s is m.Presence.READY)


def test_a_request_is_answered_with_its_id_and_the_station_of_its_topic(wire: Wire) -> None:
    server, kiosk = wire.linked("hall-server"), wire.linked("kiosk-1")
    asked: Box[tuple[str, m.Issue]] = Box()

    def serve(station: str, request: m.Issue) -> Future[m.IssueAnswer]:
        asked.put((station, request))
        return answered()

    server.serve(t.ISSUE, serve)
    request = m.Issue(id="01J", service="s1", items=("i1",), person=m.Person(key="ab", masked_name="张*"))
    answer = kiosk.request(t.ISSUE, request, timeout_seconds=10).result()
    assert answer == m.IssueAnswer(slip=SLIP, id="01J")
    assert asked.values[0] == ("kiosk-1", request)


def test_an_answer_may_come_later_and_requests_do_not_wait_for_one_another(wire: Wire) -> None:
    server, kiosk = wire.linked("hall-server"), wire.linked("kiosk-1")
    held: Future[m.IssueAnswer] = Future()
    server.serve(t.ISSUE, lambda _station, _request: held)
    server.serve(t.CALL_GUIDE, lambda _station, _request: _done(m.CallGuideAnswer()))
    slow = kiosk.request(t.ISSUE, m.Issue(id="1", service="s"), timeout_seconds=20)
    assert kiosk.request(t.CALL_GUIDE, m.CallGuide(id="2"), timeout_seconds=20).result().id == "2"
    assert not slow.done()
    held.set_result(m.IssueAnswer(slip=SLIP))
    assert slow.result().id == "1"


def test_two_kiosks_get_their_own_answers(wire: Wire) -> None:
    server = wire.linked("hall-server")
    kiosks = [wire.linked("kiosk-1"), wire.linked("kiosk-2")]
    server.serve(t.ISSUE, lambda station, _request: _done(m.IssueAnswer(slip=_slip(station))))
    futures = [
        kiosk.request(t.ISSUE, m.Issue(id=f"{kiosk.station}-{n}", service="s"), timeout_seconds=20)
        for n in range(20)
        for kiosk in kiosks
    ]
    for n, future in enumerate(futures):
        answer = future.result()
        assert answer.slip is not None
        assert answer.slip.number == kiosks[n % 2].station


def test_a_refusal_comes_back_as_an_answer(wire: Wire) -> None:
    server, kiosk = wire.linked("hall-server"), wire.linked("kiosk-1")
    no = m.Refusal(code="closed", sentence="本业务今日已停止取号")
    server.serve(t.ISSUE, lambda _station, _request: _done(m.IssueAnswer(refusal=no)))
    assert kiosk.request(t.ISSUE, m.Issue(id="1", service="s"), timeout_seconds=10).result().refusal == no


def test_a_repeat_with_the_same_id_reaches_the_server_as_such(wire: Wire) -> None:
    server, kiosk = wire.linked("hall-server"), wire.linked("kiosk-1")
    first: dict[str, m.IssueAnswer] = {}

    def serve(_station: str, request: m.Issue) -> Future[m.IssueAnswer]:
        number = f"A{len(first) + 1:03}"
        return _done(first.setdefault(request.id, m.IssueAnswer(slip=_slip(number))))

    server.serve(t.ISSUE, serve)
    answers = [
        kiosk.request(t.ISSUE, m.Issue(id="same", service="s"), timeout_seconds=10).result() for _ in range(3)
    ]
    assert {answer.slip.number for answer in answers if answer.slip} == {"A001"}


def test_nobody_serves_then_the_request_ends_unanswered(wire: Wire) -> None:
    kiosk = wire.linked("kiosk-1")
    future = kiosk.request(t.ISSUE, m.Issue(id="1", service="s"), timeout_seconds=0.3)
    with pytest.raises(Unanswered):
        future.result(10)
    assert kiosk.counters()["unanswered"] == 1


def test_a_request_asked_without_a_link_is_carried_when_the_link_is_back(wire: Wire) -> None:
    server, kiosk = wire.linked("hall-server"), wire.linked("kiosk-1")
    server.serve(t.ISSUE, lambda _station, _request: answered())
    links: Box[bool] = Box()
    kiosk.on_link(links.put)
    wire.cut(kiosk)
    links.last(lambda up: not up)
    future = kiosk.request(t.ISSUE, m.Issue(id="1", service="s"), timeout_seconds=20)
    assert not future.done()
    wire.mend(kiosk)
    assert future.result().slip == SLIP


def test_closing_ends_open_requests(wire: Wire) -> None:
    wire.linked("hall-server").serve(t.ISSUE, lambda _station, _request: Future())
    kiosk = wire.linked("kiosk-1")
    future = kiosk.request(t.ISSUE, m.Issue(id="1", service="s"), timeout_seconds=60)
    kiosk.close()
    with pytest.raises(Unanswered):
        future.result(0)
    with pytest.raises(Unanswered):
        kiosk.request(t.ISSUE, m.Issue(id="2", service="s")).result(0)


def test_a_failing_handler_refuses_and_a_failing_future_stays_unanswered(wire: Wire) -> None:
    server, kiosk = wire.linked("hall-server"), wire.linked("kiosk-1")

    def serve(_station: str, request: m.Issue) -> Future[m.IssueAnswer]:
        if request.service == "raise":
            raise ZeroDivisionError
        future: Future[m.IssueAnswer] = Future()
        future.set_exception(ZeroDivisionError())
        return future

    server.serve(t.ISSUE, serve)
    answer = kiosk.request(t.ISSUE, m.Issue(id="1", service="raise"), timeout_seconds=10).result()
    assert answer.refusal is not None
    assert answer.refusal.code == "failed"
    with pytest.raises(Unanswered):
        kiosk.request(t.ISSUE, m.Issue(id="2", service="fail"), timeout_seconds=0.3).result(10)
    assert server.counters()["failed_handlers"] >= 2


def test_a_broken_payload_is_dropped_and_stops_nobody(wire: Wire) -> None:
    server, board = wire.linked("hall-server"), wire.bus("board-1")
    got: Box[m.Call] = Box()
    board.on(t.BOARD_CALL, got.put)
    _open(board)
    for payload in (b"{", b"\xff\xfe", b"[]", b'{"call":1}', b'{"kind":"shout"}'):
        _raw(server, t.BOARD_CALL.topic("demo", board="hall"), payload)
    server.publish(t.BOARD_CALL, call("A001"), board="hall")
    assert [message.number for message in got.wait(bool)] == ["A001"]
    assert board.counters()["broken"] == 5


def test_unknown_fields_and_topics_are_ignored(wire: Wire) -> None:
    server, board = wire.linked("hall-server"), wire.bus("board-1")
    got: Box[m.ServerState] = Box()
    board.on(t.SERVER, got.put)
    _open(board)
    _raw(server, "hall/1/demo/pub/fashion", b"{}")
    _raw(server, t.SERVER.topic("demo"), b'{"v":2,"s":"ready","boot":"x","mood":"good"}')
    assert got.first().boot == "x"
    assert "broken" not in board.counters()


def test_a_broken_request_is_refused_with_a_sentence(wire: Wire) -> None:
    server, kiosk = wire.linked("hall-server"), wire.linked("kiosk-1")
    server.serve(t.ISSUE, lambda _station, _request: answered())
    broken = t.RequestRoute("issue", OldIssue, m.IssueAnswer)
    answer = kiosk.request(broken, OldIssue(id="0", service=5), timeout_seconds=10).result()
    assert answer.refusal is not None
    assert (answer.refusal.code, answer.refusal.sentence) == ("broken", "请求无法识别，请联系工作人员")
    assert kiosk.request(t.ISSUE, m.Issue(id="1", service="s"), timeout_seconds=10).result().slip == SLIP


def test_an_answer_goes_to_the_asking_station_whatever_address_it_names(wire: Wire) -> None:
    server, kiosk = wire.linked("hall-server"), wire.linked("kiosk-2")
    server.serve(t.ISSUE, lambda _station, _request: answered())
    heard: Box[m.ServerState] = Box()
    kiosk.on(t.SERVER, heard.put)
    kiosk.request(t.ISSUE, m.Issue(id="0", service="s"), timeout_seconds=10).result()
    before = kiosk.counters().get("late_answers", 0)
    _raw(
        kiosk,
        t.ISSUE.route.topic("demo", station="kiosk-2"),
        b'{"id":"1","service":"s"}',
        correlation=b"x",
        response_topic=t.SERVER.topic("demo"),
    )
    assert kiosk.request(t.ISSUE, m.Issue(id="2", service="s"), timeout_seconds=10).result().id == "2"
    assert kiosk.counters()["late_answers"] > before
    assert heard.values == []


def test_a_station_cannot_speak_for_the_hall_or_for_another(wire: Wire) -> None:
    server, kiosk, other = wire.linked("hall-server"), wire.linked("kiosk-1"), wire.linked("kiosk-2")
    windows: Box[m.WindowState] = Box()
    states: Box[m.StationState] = Box()
    server.on(t.WINDOW, windows.put)
    server.on(t.STATION_STATE, states.put)
    ready = m.StationState(s=m.Presence.READY, boot="x", kind=m.StationKind.KIOSK)
    kiosk.publish(t.WINDOW, window_state(1), window="w01")
    kiosk.publish(t.STATION_STATE, ready, station="kiosk-2")
    kiosk.publish(t.STATION_STATE, ready)
    other.publish(t.STATION_STATE, m.StationState(s=m.Presence.ALERT, boot="y", kind=ready.kind))
    said = states.wait(lambda values: len(values) == 2)
    assert {state.boot: state.s.value for state in said} == {"x": "ready", "y": "alert"}
    assert windows.values == []


def test_a_denied_publish_is_counted(wire: Wire) -> None:
    wire.linked("hall-server").serve(t.CALL_GUIDE, lambda _station, _request: _done(m.CallGuideAnswer()))
    kiosk = wire.linked("kiosk-1")
    kiosk.publish(t.BOARD_CALL, call("A001"), board="hall")
    for n in range(12):
        kiosk.request(t.CALL_GUIDE, m.CallGuide(id=str(n)), timeout_seconds=10).result()
    assert kiosk.counters()["denied"] == 1


def test_a_station_does_not_hear_what_is_meant_for_another(wire: Wire) -> None:
    server, kiosk, other = wire.linked("hall-server"), wire.bus("kiosk-1"), wire.bus("kiosk-2")
    heard: dict[str, Box[m.StationConfig]] = {"kiosk-1": Box(), "kiosk-2": Box()}
    for bus in (kiosk, other):
        bus.on(t.STATION_CONFIG, heard[bus.station].put)
        _open(bus)
    for station in ("kiosk-1", "kiosk-2"):
        server.publish(t.STATION_CONFIG, m.StationConfig(version=station, hall_name="h"), station=station)
    for station, box in heard.items():
        assert [config.version for config in box.wait(bool)] == [station]


def test_states_published_without_a_link_follow_and_events_do_not(wire: Wire) -> None:
    board = wire.bus("board-1")
    states: Box[m.WindowState] = Box()
    calls: Box[m.Call] = Box()
    board.on(t.WINDOW, states.put)
    board.on(t.BOARD_CALL, calls.put)
    _open(board)
    server = wire.linked("hall-server")
    links: Box[bool] = Box()
    server.on_link(links.put)
    wire.cut(server)
    links.last(lambda up: not up)
    server.publish(t.BOARD_CALL, call("A001"), board="hall")
    for seq in range(1, 6):
        server.publish(t.WINDOW, window_state(seq), window="w01")
    assert server.counters()["dropped_out"] == 1
    wire.mend(server)
    assert [state.seq for state in states.wait(bool)] == [5]
    server.publish(t.BOARD_CALL, call("A002"), board="hall")
    assert [message.number for message in calls.wait(bool)] == ["A002"]


def test_after_the_broker_lost_everything_all_states_are_true_again(wire: Wire) -> None:
    server, board = wire.linked("hall-server"), wire.bus("board-1")
    server.serve(t.ISSUE, lambda _station, _request: answered())
    for number in range(1, 31):
        server.publish(t.WINDOW, window_state(number, f"w{number:02}"), window=f"w{number:02}")
    seen: Box[m.WindowState] = Box()
    board.on(t.WINDOW, seen.put)
    _open(board)
    seen.wait(lambda values: len(values) >= 30)
    before = len(seen.values)
    wire.restart()
    again = seen.wait(lambda values: len(values) >= before + 30)[before:]
    assert {state.window for state in again} == {f"w{number:02}" for number in range(1, 31)}
    late = wire.linked("kiosk-1")
    assert late.request(t.ISSUE, m.Issue(id="1", service="s"), timeout_seconds=20).result().slip == SLIP


def test_link_handlers_hear_each_change_once(wire: Wire) -> None:
    kiosk = wire.bus("kiosk-1")
    links: Box[bool] = Box()
    kiosk.on_link(links.put)
    kiosk.open()
    links.wait(lambda values: values == [True])
    wire.cut(kiosk)
    links.wait(lambda values: values == [True, False])
    wire.mend(kiosk)
    links.wait(lambda values: values == [True, False, True])


def test_a_session_keeps_calls_for_a_short_cut(wire: Wire) -> None:
    server, board = wire.linked("hall-server"), wire.bus("board-1")
    calls: Box[m.Call] = Box()
    links: Box[bool] = Box()
    board.on(t.BOARD_CALL, calls.put)
    board.on_link(links.put)
    _open(board)
    wire.cut(board)
    links.last(lambda up: not up)
    server.publish(t.BOARD_CALL, call("A001"), board="hall")
    wire.mend(board)
    assert calls.first().number == "A001"


def test_an_expired_message_is_not_delivered_late(wire: Wire) -> None:
    fast = t.Route("fast_call", "pub/board/{board}/call", m.Call, t.Direction.PUB, 1, False, 1)
    server, board = wire.linked("hall-server"), wire.bus("board-1")
    calls: Box[m.Call] = Box()
    links: Box[bool] = Box()
    board.on(t.BOARD_CALL, calls.put)
    board.on_link(links.put)
    _open(board)
    wire.cut(board)
    links.last(lambda up: not up)
    server.publish(fast, call("A001"), board="hall")
    server.publish(t.BOARD_CALL, call("A002"), board="hall")
    threading.Event().wait(2.2)  # the time that the message lives, in whole seconds of the broker
    wire.mend(board)
    assert [message.number for message in calls.wait(bool)] == ["A002"]


def test_too_large_a_message_is_not_sent_and_the_link_stays(wire: Wire) -> None:
    server, board = wire.linked("hall-server"), wire.bus("board-1")
    got: Box[m.BoardNow] = Box()
    board.on(t.BOARD_NOW, got.put)
    _open(board)
    server.publish(t.BOARD_NOW, m.BoardNow(board="hall", title="长" * 70_000, seq=1), board="hall")
    server.publish(t.BOARD_NOW, m.BoardNow(board="hall", title="短", seq=2), board="hall")
    assert got.first().seq == 2
    assert server.counters() == {"too_large": 1}


def _open(bus: Delivery) -> None:
    links: Box[bool] = Box()
    bus.on_link(links.put)
    bus.open()
    links.first()


def _done(answer: A) -> Future[A]:
    future: Future[A] = Future()
    future.set_result(answer)
    return future


def _slip(number: str) -> m.TicketSlip:
    return m.TicketSlip(ticket="t", number=number, hall="h", zone="z", service="s")


def _raw(
    bus: Delivery, topic: str, payload: bytes, *, correlation: bytes = b"", response_topic: str = ""
) -> None:
    bus._send(Parcel(topic, payload, 1, correlation=correlation, response_topic=response_topic))
