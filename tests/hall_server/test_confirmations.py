"""What stations say of calls is gathered, whatever they say, how often, how late, and whoever says it."""

from __future__ import annotations

import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import messages as m
from contract import topics
from contract.aclfile import Access, allowed
from contract.call_reports import LARGEST
from contract.memory import MemoryBroker
from contract.schema import encode
from hall_server.call_story import CallTold, Stand
from hall_server.confirmations import (
    CALLS_KEPT,
    FAILS,
    SCREEN_FAILED_MS,
    SCREEN_MS,
    VOICE_FAILED_MS,
    VOICE_MS,
    Confirmations,
)
from hall_server.hall_file import StationPart
from hall_server.stations import StationSeen
from tests.devices.waiting import until

START_MS = 1_795_000_000_000
EXPIRES_MS = 45_000
BOX = m.StationKind
PARTS = {
    "board-1": (BOX.BOARD, "综合屏", "hall", ()),
    "board-2": (BOX.BOARD, "税务屏", "tax", ()),
    "sign-1": (BOX.SIGN, "1号窗口屏", "w01", ()),
    "sign-2": (BOX.SIGN, "2号窗口屏", "w02", ()),
    "voice": (BOX.ANNOUNCER, "大厅广播", "hall", ()),
    "voice-tax": (BOX.ANNOUNCER, "税务广播", "hall", ("shuiwu",)),
    "kiosk-1": (BOX.KIOSK, "1号自助机", "", ()),
}


class Told:
    """A gatherer, its clock, and stations that are there unless they are ``away``."""

    def __init__(self) -> None:
        self.now_ms = START_MS
        self.away: set[str] = set()
        self.former: set[str] = set()
        self.changes = 0
        self.parts = [StationPart(id=i, kind=kind, name=name) for i, (kind, name, *_) in PARTS.items()]
        self.calls = Confirmations(
            now_ms=lambda: self.now_ms,
            described=lambda: tuple(self.parts),
            seen=lambda: {part.id: self._seen(part) for part in self.parts},
            bars={"w01": "1号窗口条屏"},
            places_seconds=0.0,
        )
        self.calls.on_change(self._changed)

    def _changed(self) -> None:
        self.changes += 1

    def _seen(self, part: StationPart) -> StationSeen:
        *_, serves, zones = PARTS[part.id]
        presence = m.Presence.LOST if part.id in self.away else m.Presence.READY
        confirms = part.id not in self.former
        info = m.StationInfo(kind=part.kind, software="x", serves=serves, zones=zones, confirms=confirms)
        state = m.StationState(s=presence, boot="b", kind=part.kind)
        return StationSeen(state=state, info=info, heard=time.monotonic())

    def call(
        self, turn: int = 1, *, number: str = "A012", window: str = "w01", boards: tuple[str, ...] = ("hall",)
    ) -> str:
        name = f"20261122-{number}:{turn}"
        for board in boards:
            self.calls.called(
                m.Call(
                    call=name,
                    kind=m.CallKind.RECALL if turn > 1 else m.CallKind.CALL,
                    board=board,
                    ticket=f"20261122-{number}",
                    number=number,
                    window=window,
                    window_label="1号窗口",
                    zone="zonghe",
                    service="综合",
                    at_ms=self.now_ms,
                    expires_ms=self.now_ms + EXPIRES_MS,
                )
            )
        return name

    def say(
        self,
        station: str,
        call: str,
        fate: m.CallFate = m.CallFate.SHOWN,
        why: m.CallDrop = m.CallDrop.NONE,
        at_ms: int = 0,
    ) -> None:
        self.calls.reported(station, (m.CallReport(call=call, fate=fate, why=why, at_ms=at_ms),))

    def told(self, number: str = "A012", turn: int = 1) -> CallTold:
        return self.calls.of_ticket(f"20261122-{number}", turn, 1)[0]

    def stands(self, number: str = "A012") -> dict[str, Stand]:
        return {each.place: each.stand for each in self.told(number).places}


@pytest.fixture
def hall() -> Told:
    return Told()


A, S, M = Stand.AWAITED, Stand.SHOWN, Stand.MISSED


def test_only_what_can_show_or_speak_a_call_is_waited_for(hall: Told) -> None:
    hall.call()
    assert hall.stands() == {"board-1": A, "sign-1": A, "voice": A, "ledbar:w01": A}
    hall.call(number="T001", window="w02", boards=("hall", "tax"))
    assert hall.stands("T001") == {"board-1": A, "board-2": A, "sign-2": A, "voice": A}


def test_a_call_is_confirmed_place_by_place_with_its_times(hall: Told) -> None:
    call = hall.call()
    hall.now_ms += 200
    hall.say("board-1", call, at_ms=hall.now_ms - 120)
    hall.calls.shown_at_bar("w01", call)
    hall.now_ms += 7000
    hall.say("sign-1", call, at_ms=hall.now_ms + 9_000_000)
    hall.say("voice", call, m.CallFate.SPOKEN, at_ms=5)
    told = hall.told()
    assert {p.place: (p.stand, p.at_ms - START_MS) for p in told.places} == {
        "board-1": (S, 80),
        "ledbar:w01": (S, 200),
        "sign-1": (S, 7200),
        "voice": (Stand.SPOKEN, 0),
    }, "a time that cannot be is moved to where it can"
    assert (told.wanting, told.advice, told.due_ms) == ("", "", 0)
    assert hall.changes == 4


def test_who_says_nothing_is_named_with_what_to_do(hall: Told) -> None:
    call = hall.call()
    hall.say("board-1", call)
    hall.calls.shown_at_bar("w01", call)
    assert hall.told().due_ms == START_MS + SCREEN_MS
    hall.now_ms += SCREEN_MS - 1
    assert hall.told().advice == ""
    hall.now_ms += 1
    assert hall.told().advice == "1号窗口屏未显示：请口头叫号"
    assert hall.told().due_ms == START_MS + VOICE_MS
    hall.now_ms = START_MS + VOICE_MS
    assert hall.told().advice == "1号窗口屏未显示，大厅广播未播报：请口头叫号"
    hall.say("voice", call, m.CallFate.CHIMED)
    hall.say("sign-1", call)
    assert hall.told().advice == "大厅广播只响了提示音：请口头叫号"


def test_who_is_away_is_not_waited_for(hall: Told) -> None:
    hall.away = {"sign-1"}
    hall.call()
    assert hall.stands()["sign-1"] is M
    assert "未显示（离线）" in [p.words for p in hall.told().screens]


def test_an_older_station_is_not_blamed(hall: Told) -> None:
    hall.former = {"board-1", "voice"}
    hall.call()
    hall.now_ms += VOICE_MS
    stands = hall.stands()
    assert (stands["board-1"], stands["voice"]) == (Stand.UNTOLD, Stand.UNTOLD)
    hall.now_ms += EXPIRES_MS + VOICE_FAILED_MS
    assert "board-1" not in {name for name, _ in _failures(hall)}


def test_repeats_change_nothing_and_better_news_wins(hall: Told) -> None:
    call = hall.call()
    hall.say("sign-1", call, m.CallFate.DROPPED, m.CallDrop.SUPERSEDED)
    hall.now_ms += 1000
    hall.say("sign-1", call)
    mark, shown = hall.calls.mark("w01"), hall.told()
    hall.now_ms += 60_000
    hall.say("sign-1", call)
    hall.say("sign-1", call, m.CallFate.DROPPED, m.CallDrop.STALE)
    assert hall.calls.mark("w01") == mark
    at = {p.place: p.at_ms for p in shown.places}["sign-1"]
    assert {p.place: (p.stand, p.at_ms) for p in hall.told().places}["sign-1"] == (S, at)


def test_a_station_speaks_for_itself_alone_and_of_its_own_calls(hall: Told) -> None:
    call = hall.call()
    for stranger in ("board-2", "sign-2", "voice-tax", "kiosk-1", "nobody", "", "ledbar:w02"):
        hall.say(stranger, call)
    hall.say("sign-1", "20261122-A999:1")
    hall.say("sign-1", "x" * 10_000)
    hall.say("sign-1", "")
    assert set(hall.stands().values()) == {A}
    assert hall.changes == 0


def test_a_flood_is_cut(hall: Told) -> None:
    call = hall.call()
    noise = tuple(m.CallReport(call=f"x{i}", fate=m.CallFate.SHOWN) for i in range(LARGEST))
    hall.calls.reported("sign-1", (*noise, m.CallReport(call=call, fate=m.CallFate.SHOWN)))
    assert hall.stands()["sign-1"] is A
    hall.calls.reported("sign-1", ())
    assert hall.changes == 0


def test_a_reason_is_told_in_words(hall: Told) -> None:
    call = hall.call()
    hall.say("voice", call, m.CallFate.DROPPED, m.CallDrop.MUTED)
    (voice,) = hall.told().voices
    assert (voice.words, voice.bad) == ("未播报（已静音）", True)
    again = hall.call(2)
    hall.say("voice", again, m.CallFate.DROPPED, m.CallDrop.SUPERSEDED)
    (voice,) = hall.told(turn=2).voices
    assert (voice.words, voice.bad) == ("未播报（已有新的呼叫）", False)


def _failures(hall: Told) -> list[tuple[str, int]]:
    return sorted((name, each.count) for name, each in hall.calls.failing().items())


def test_a_screen_that_stopped_confirming_is_found_after_three_calls_and_forgiven_at_once(hall: Told) -> None:
    for turn in range(1, FAILS + 1):
        call = hall.call(turn)
        hall.calls.reported("board-1", (m.CallReport(call=call, fate=m.CallFate.SHOWN),))
        hall.say("voice", call, m.CallFate.SPOKEN)
        hall.calls.shown_at_bar("w01", call)
        hall.now_ms += SCREEN_FAILED_MS - 1
    assert _failures(hall) == []
    hall.now_ms += 1
    assert _failures(hall) == [("sign-1", FAILS)]
    (failing,) = hall.calls.failing().values()
    assert (failing.since_ms, failing.sentence) == (START_MS, "最近 3 次叫号没有确认显示")
    assert "重启这块屏" in failing.action
    hall.say("sign-1", hall.call(FAILS + 1))
    hall.now_ms += SCREEN_FAILED_MS
    assert _failures(hall) == []


def test_a_muted_voice_is_found_and_says_why(hall: Told) -> None:
    for turn in range(1, FAILS + 1):
        hall.say("voice", hall.call(turn), m.CallFate.DROPPED, m.CallDrop.MUTED)
    failing = hall.calls.failing()["voice"]
    assert failing.sentence == "最近 3 次叫号没有播报（已静音）"
    assert "音量" in failing.action


def test_who_was_away_or_had_nothing_to_say_has_not_failed(hall: Told) -> None:
    hall.away = {"sign-1", "board-1"}
    for turn in range(1, FAILS + 2):
        call = hall.call(turn)
        hall.say("voice", call, m.CallFate.DROPPED, m.CallDrop.SUPERSEDED)
        hall.calls.shown_at_bar("w01", call)
    hall.now_ms += EXPIRES_MS + VOICE_FAILED_MS
    assert _failures(hall) == []


def test_old_failures_that_nobody_looked_at_do_not_blame_who_works_again(hall: Told) -> None:
    for turn in range(1, FAILS + 1):
        hall.call(turn)
        hall.now_ms += 1000
    hall.say("sign-1", hall.call(FAILS + 1))
    hall.now_ms += SCREEN_FAILED_MS
    assert "sign-1" not in {name for name, _ in _failures(hall)}


def test_memory_is_bounded(hall: Told) -> None:
    for turn in range(1, 3 * CALLS_KEPT):
        call = hall.call(turn, number="B001")
        if turn % 7 == 0:
            hall.say("board-1", call)
    assert hall.calls.of_ticket("20261122-B001", 1, 1) == ()
    assert len(hall.calls.of_tickets(frozenset({"20261122-B001"}))) <= CALLS_KEPT
    hall.now_ms += EXPIRES_MS + VOICE_FAILED_MS
    hall.calls.failing()
    assert all(not waiting for waiting in hall.calls._unjudged.values())


FATES = st.sampled_from(m.CallFate)
STATIONS = st.sampled_from([*PARTS, "nobody", "ledbar:w01"])
SAID = st.tuples(
    STATIONS,
    st.integers(1, 4),
    FATES,
    st.sampled_from(m.CallDrop),
    st.integers(-(2**53), 2**53) | st.integers(START_MS - 10, START_MS + 60_000),
)
TURNS = st.lists(st.tuples(st.just("call"), st.integers(1, 4)) | SAID | st.integers(0, 20_000), max_size=40)


@given(TURNS)
def test_whatever_comes_the_page_stays_true(turns: list[object]) -> None:
    """A place is good only by its own word, never turns bad again, and its time lies between call and now."""
    hall = Told()
    said: dict[str, set[str]] = {}
    made: dict[int, int] = {}
    for turn in turns:
        match turn:
            case ("call", int(number)):
                made.setdefault(number, hall.now_ms)
                hall.call(number)
            case (str(station), int(number), m.CallFate() as fate, m.CallDrop() as why, int(at_ms)):
                if number in made and fate is not m.CallFate.DROPPED:
                    said.setdefault(f"20261122-A012:{number}", set()).add(station)
                hall.say(station, f"20261122-A012:{number}", fate, why, at_ms)
            case int(passed):
                hall.now_ms += passed
        for call in hall.calls.of_ticket("20261122-A012", 4, 4):
            heard = {p.place for p in call.places if p.good or p.stand is Stand.CHIMED}
            assert heard == said.get(call.call, set()) & {p.place for p in call.places}
            assert all(not p.at_ms or call.at_ms <= p.at_ms <= hall.now_ms for p in call.places)
            assert (call.due_ms > hall.now_ms) if any(p.stand is A for p in call.places) else not call.due_ms


# ---------------------------------------------------------------- on the bus


def test_the_station_is_that_of_the_topic(hall: Told) -> None:
    broker = MemoryBroker()
    bus, liar, honest = broker.bus("hall-server"), broker.bus("sign-2"), broker.bus("board-1")
    hall.calls.join(bus)
    call = hall.call()
    reports = m.CallReports(reports=(m.CallReport(call=call, fate=m.CallFate.SHOWN),))
    linked: set[str] = set()
    for each in (bus, liar, honest):
        each.on_link(lambda up, name=each.station: linked.add(name) if up else None)  # type: ignore[misc]
        each.open()
    until(lambda: len(linked) == 3)
    liar.publish(topics.STATION_CALLS, reports, station="sign-1")
    liar.publish(topics.STATION_CALLS, reports)
    honest.publish(topics.STATION_CALLS, reports)
    until(lambda: hall.stands()["board-1"] is S)
    assert hall.stands()["sign-1"] is A, "the broker keeps one station from speaking for another"
    for each in (liar, honest, bus):
        each.close()


def test_reports_are_small_sure_to_arrive_soon_void_and_name_nobody() -> None:
    route = topics.STATION_CALLS
    assert (route.qos, route.retained, route.expiry_seconds) == (1, False, 60)
    assert {field.name for field in msgspec.structs.fields(m.CallReport)} == {"call", "fate", "why", "at_ms"}
    call = m.CallReport(call="20261122-A012:1", fate=m.CallFate.SHOWN, at_ms=START_MS)
    assert len(encode(m.CallReports(reports=(call,) * LARGEST))) < 8192


def test_the_rules_of_the_broker_let_a_station_confirm_for_itself_only() -> None:
    own = topics.STATION_CALLS.topic("demo", station="board-1")
    other = topics.STATION_CALLS.topic("demo", station="sign-1")
    assert allowed("board-1", Access.WRITE, own)
    assert not allowed("board-1", Access.WRITE, other)
    assert not allowed("board-1", Access.READ, other)
