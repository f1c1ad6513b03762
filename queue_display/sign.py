"""PURE: messages folded into what a window sign shows: number, whether it is open, a flash on a call.

The number follows the retained WindowState; a Call for this window flashes and, until the state that holds
it arrives, gives the number. After a restart nothing flashes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from contract.messages import Call, CallKind, ServerState, TicketStatus, WindowState, WindowStatus
from queue_display.blink import blinking, lit, next_half
from queue_display.news import NO_NEWS, News, Now, boots_behind

CALLS_KEPT = 16


class Doing(StrEnum):
    """What happens at the window, as the sign says it."""

    UNKNOWN = "unknown"
    CLOSED = "closed"
    PAUSED = "paused"
    FREE = "free"
    CALLING = "calling"
    SERVING = "serving"


WORDS = {
    Doing.UNKNOWN: "请稍候",
    Doing.CLOSED: "暂未开放",
    Doing.PAUSED: "暂停服务",
    Doing.FREE: "等候叫号",
    Doing.CALLING: "请到窗口办理",
    Doing.SERVING: "正在办理",
}


@dataclass(frozen=True, slots=True)
class SignState:
    """What a sign knows; start with ``SignState(window="w03")``."""

    window: str
    picture: WindowState | None = None
    call: Call | None = None
    came: float = 0.0
    seen: tuple[str, int] = ("", -1)
    known_calls: tuple[str, ...] = ()
    past_boots: tuple[str, ...] = ()
    news: News = NO_NEWS


@dataclass(frozen=True, slots=True)
class SignView:
    """Everything a window sign draws, and the ``call`` that it shows; ``banner`` is '' while news is good."""

    label: str
    name: str
    number: str
    doing: Doing
    words: str
    masked_name: str
    services: tuple[str, ...]
    lit: bool
    banner: str
    call: str = ""


def fold(state: SignState, message: object, now: Now) -> SignState:
    """The state after a message; messages of other windows and kinds change nothing."""
    match message:
        case WindowState(window=state.window):
            return _pictured(state, message)
        case Call(window=state.window, kind=CallKind.RETRACT):
            return replace(state, call=None, known_calls=_with(state, message))
        case Call(window=state.window):
            return _called(state, message, now)
        case ServerState():
            return replace(state, news=state.news.after(message, now))
        case _:
            return state


def view(state: SignState, now: Now) -> SignView:
    """What to draw at this moment."""
    picture, early = state.picture, _early(state, now)
    doing = Doing.CALLING if early else _doing(picture)
    number = (
        early.number
        if early
        else picture.number
        if picture and doing in (Doing.CALLING, Doing.SERVING)
        else ""
    )
    return SignView(
        label=picture.label if picture else early.window_label if early else "",
        name=picture.name if picture else "",
        number=number,
        doing=doing,
        words=WORDS[doing],
        masked_name=picture.masked_name if picture and number == picture.number else "",
        services=picture.services if picture else (),
        lit=doing is Doing.CALLING and state.call is not None and lit(state.came, now.mono),
        banner=state.news.banner(now),
        call=early.call if early else picture.call if picture and doing is Doing.CALLING else "",
    )


def calls(view: SignView, _now: Now) -> tuple[str, ...]:
    """The call that a picture holds."""
    return (view.call,) if view.call else ()


def next_change(state: SignState, now: Now) -> float:
    """Seconds until the view changes by itself; infinite when it does not."""
    blink = next_half(state.came, now.mono) if state.call else float("inf")
    return max(min(blink, state.news.next_change(now)), 0.001)


def _pictured(state: SignState, picture: WindowState) -> SignState:
    past = boots_behind(state.picture, state.past_boots, picture)
    return state if past is None else replace(state, picture=picture, past_boots=past)


def _called(state: SignState, call: Call, now: Now) -> SignState:
    over = now.hall_ms and now.hall_ms >= call.expires_ms
    if call.call in state.known_calls or over:
        return state
    seen = (state.picture.boot, state.picture.seq) if state.picture else ("", -1)
    return replace(state, call=call, came=now.mono, seen=seen, known_calls=_with(state, call))


def _with(state: SignState, call: Call) -> tuple[str, ...]:
    return (*state.known_calls, call.call)[-CALLS_KEPT:]


def _early(state: SignState, now: Now) -> Call | None:
    """The call while no newer state of the window has come."""
    have = (state.picture.boot, state.picture.seq) if state.picture else ("", -1)
    return state.call if state.call and have == state.seen and blinking(state.came, now.mono) else None


def _doing(picture: WindowState | None) -> Doing:
    if picture is None:
        return Doing.UNKNOWN
    if picture.number and picture.ticket_status is TicketStatus.CALLED:
        return Doing.CALLING
    if picture.number and picture.ticket_status is TicketStatus.SERVING:
        return Doing.SERVING
    closed = {WindowStatus.CLOSED: Doing.CLOSED, WindowStatus.PAUSED: Doing.PAUSED}
    return closed.get(picture.status, Doing.FREE)
