"""PURE: how a call stands at each screen and voice, in words a clerk can act on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from contract.clock import china
from contract.messages import CallDrop, CallFate

NAMED = 2
"""So many places are named in a sentence, the others are counted."""
SHOUT = "请口头叫号"
_WHY = {
    CallDrop.NONE: "",
    CallDrop.STALE: "等得太久，已过时",
    CallDrop.SUPERSEDED: "已有新的呼叫",
    CallDrop.SILENT: "静默叫号",
    CallDrop.MUTED: "已静音",
    CallDrop.SOUND_LOST: "音箱没有声音",
    CallDrop.NO_TIME: "刚启动，还没有对时",
}
_FINE = frozenset({CallDrop.SUPERSEDED, CallDrop.SILENT})


class Stand(StrEnum):
    """How a call stands at one place. untold: it is of an older version and never says."""

    AWAITED = "awaited"
    SHOWN = "shown"
    SPOKEN = "spoken"
    CHIMED = "chimed"
    DROPPED = "dropped"
    MISSED = "missed"
    UNTOLD = "untold"


@dataclass(frozen=True, slots=True)
class AtPlace:
    """A call at one screen or voice. ``at_ms``: when it was shown, spoken or dropped, 0 = nobody knows."""

    place: str
    name: str
    voice: bool
    stand: Stand
    at_ms: int = 0
    why: CallDrop = CallDrop.NONE
    online: bool = True

    @property
    def good(self) -> bool:
        """It reached people there."""
        return self.stand in (Stand.SHOWN, Stand.SPOKEN)

    @property
    def bad(self) -> bool:
        """It should have reached people there, and did not."""
        dropped = self.stand is Stand.DROPPED and self.why not in _FINE
        return dropped or self.stand in (Stand.MISSED, Stand.CHIMED)

    @property
    def words(self) -> str:
        """What became of it, without the name."""
        done, undone = ("已播报", "未播报") if self.voice else ("已显示", "未显示")
        match self.stand:
            case Stand.SHOWN | Stand.SPOKEN:
                return done
            case Stand.CHIMED:
                return "只响了提示音"
            case Stand.AWAITED:
                return "等待播报" if self.voice else "等待显示"
            case Stand.UNTOLD:
                return "已发送，旧版本不回报"
            case Stand.DROPPED:
                return f"{undone}（{_WHY[self.why]}）" if self.why else undone
            case Stand.MISSED:
                return undone if self.online else f"{undone}（离线）"

    @property
    def time(self) -> str:
        """``10:02:33``, '' when nobody knows."""
        return china(self.at_ms).strftime("%H:%M:%S") if self.at_ms else ""


@dataclass(frozen=True, slots=True)
class Group:
    """Places of one kind at which a call stands alike, in words; those beyond ``shown`` are counted."""

    words: str
    tone: str
    places: tuple[AtPlace, ...]

    @property
    def shown(self) -> tuple[AtPlace, ...]:
        """Those that are named: all of a few."""
        return self.places if len(self.places) <= NAMED + 1 else self.places[:NAMED]

    @property
    def more(self) -> int:
        """How many are not named."""
        return len(self.places) - len(self.shown)


@dataclass(frozen=True, slots=True)
class CallTold:
    """One call with all places that it is for. ``turn`` counts the ticket's calls from 1; ``due_ms``: from
    then on it reads differently though nothing more is heard, 0 = it stays."""

    call: str
    ticket: str
    number: str
    window: str
    at_ms: int
    places: tuple[AtPlace, ...] = ()
    due_ms: int = 0

    @property
    def turn(self) -> int:
        """1 for the call, 2 for the first recall."""
        return int(self.call.rpartition(":")[2] or 0)

    @property
    def time(self) -> str:
        """``10:02:33``."""
        return china(self.at_ms).strftime("%H:%M:%S")

    @property
    def screens(self) -> tuple[AtPlace, ...]:
        """Boards, signs, bars."""
        return tuple(each for each in self.places if not each.voice)

    @property
    def voices(self) -> tuple[AtPlace, ...]:
        """Announcers."""
        return tuple(each for each in self.places if each.voice)

    @property
    def groups(self) -> tuple[Group, ...]:
        """Screens, then voices, by how the call stands there."""
        found: dict[tuple[bool, str, str], list[AtPlace]] = {}
        for each in (*self.screens, *self.voices):
            tone = "good" if each.good else "bad" if each.bad else "wait"
            found.setdefault((each.voice, tone, each.words), []).append(each)
        return tuple(Group(words, tone, tuple(places)) for (_, tone, words), places in found.items())

    @property
    def brief(self) -> str:
        """In one clause: what is wanting, or what was done."""
        return self.wanting or "、".join(dict.fromkeys(group.words for group in self.groups))

    @property
    def wanting(self) -> str:
        """Where it did not reach people, in one sentence without what to do; '' when all is well so far."""
        unseen = [each.name for each in self.screens if each.bad]
        unheard = [each for each in self.voices if each.bad]
        chimed = [each.name for each in unheard if each.stand is Stand.CHIMED]
        mute = [each.name for each in unheard if each.stand is not Stand.CHIMED]
        parts = (
            _listed(unseen, "未显示", "块屏"),
            _listed(mute, "未播报", "处广播"),
            _listed(chimed, "只响了提示音", "处广播"),
        )
        return "，".join(part for part in parts if part)

    @property
    def advice(self) -> str:
        """What the clerk does: ``3号窗口屏未显示：请口头叫号``; '' when there is nothing to do."""
        return f"{self.wanting}：{SHOUT}" if self.wanting else ""


def _listed(names: list[str], what: str, unit: str) -> str:
    if not names:
        return ""
    more = f"等 {len(names)} {unit}" if len(names) > NAMED else ""
    return f"{'、'.join(names[:NAMED])}{more}{what}"


def stand_of(fate: CallFate) -> Stand:
    """The word of a report."""
    return Stand(fate.value)


# ---------------------------------------------------------------- a place that fails again and again


@dataclass(frozen=True, slots=True)
class Failing:
    """A place that did not bring the last ``count`` calls to people, since ``since_ms``."""

    count: int
    since_ms: int
    voice: bool
    why: CallDrop = CallDrop.NONE

    @property
    def sentence(self) -> str:
        """What is wrong."""
        done = "播报" if self.voice else "显示"
        how = f"没有{done}（{_WHY[self.why]}）" if self.why else f"没有确认{done}"
        return f"最近 {self.count} 次叫号{how}"

    @property
    def action(self) -> str:
        """What to do at the place."""
        if self.why is CallDrop.MUTED:
            return "窗口先口头叫号；把这台广播的音量（volume）调到 0 以上"
        if self.voice:
            return "窗口先口头叫号；到现场听有没有声音，没有就重启这台广播"
        return "窗口先口头叫号；到现场看画面是否正常，不动就重启这块屏"
