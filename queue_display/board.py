"""PURE: messages folded into rows of a call board; what is called large, what blinks, when news is stale.

``fold(state, message, now)`` takes BoardNow, Call and ServerState, and WindowState for masked names;
``view(state, now)`` is all that a screen draws; ``next_change(state, now)`` says when the view changes by
time alone. Pictures follow retained state (BoardNow is the truth of the rows); a Call makes its row blink
and stand large at once, and fills the moment until the BoardNow that holds it. Nothing here repeats an old
call after a restart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import floor

from contract.messages import BoardNow, BoardRow, Call, CallKind, ServerState, WindowState, ZoneWaiting
from queue_display import confirming
from queue_display.blink import blinking, lit, next_half
from queue_display.news import NO_NEWS, News, Now, boots_behind

ROWS = 10
HOLD_SECONDS = 2.5
"""How long a call stands large before the next of a burst takes its place."""
LAG_SECONDS = 5.0
"""A call stands large at most this long after it came, however many came before it."""
GRACE_SECONDS = 2.0
"""A call that a newer snapshot does not hold stays this long: Call and BoardNow travel on two topics."""
PAGE_SECONDS = 8.0
CALLS_KEPT = 64


@dataclass(frozen=True, slots=True)
class Fresh:
    """A call that came while we watched: large from ``turn`` on; ``seen`` is the snapshot we had then."""

    call: Call
    came: float
    turn: float
    seen: tuple[str, int]


@dataclass(frozen=True, slots=True)
class BoardState:
    """What a board knows; start with ``BoardState(board="hall")``."""

    board: str
    picture: BoardNow | None = None
    fresh: tuple[Fresh, ...] = ()
    known_calls: tuple[str, ...] = ()
    past_boots: tuple[str, ...] = ()
    names: tuple[tuple[str, str], ...] = ()
    news: News = NO_NEWS


# ---------------------------------------------------------------- fold


def fold(state: BoardState, message: object, now: Now) -> BoardState:
    """The state after a message; messages of other boards and kinds change nothing."""
    match message:
        case BoardNow(board=state.board):
            return tidy(_pictured(state, message), now)
        case Call(board=state.board, kind=CallKind.RETRACT):
            return _retracted(state, message)
        case Call(board=state.board):
            return _called(tidy(state, now), message, now)
        case WindowState() if message.number:
            return replace(state, names=_named(state, message))
        case ServerState():
            return replace(state, news=state.news.after(message, now))
        case _:
            return state


def _named(state: BoardState, window: WindowState) -> tuple[tuple[str, str], ...]:
    """(number, masked name) of the latest numbers; a number given again has its new name or none."""
    others = tuple(each for each in state.names if each[0] != window.number)
    named = ((window.number, window.masked_name),) if window.masked_name else ()
    return (*others, *named)[-CALLS_KEPT:]


def tidy(state: BoardState, now: Now) -> BoardState:
    """Forget calls that no longer blink and that the rows hold by now."""
    kept = tuple(each for each in state.fresh if _lives(state, each, now))
    return state if kept == state.fresh else replace(state, fresh=kept)


def _pictured(state: BoardState, picture: BoardNow) -> BoardState:
    """A newer snapshot replaces the rows; an older one of this or an earlier server is ignored."""
    past = boots_behind(state.picture, state.past_boots, picture)
    return state if past is None else replace(state, picture=picture, past_boots=past)


def _called(state: BoardState, call: Call, now: Now) -> BoardState:
    if call.call in state.known_calls or _over(call, now):
        return state
    others = tuple(each for each in state.fresh if each.call.number != call.number)
    next_turn = max([now.mono, *(each.turn + HOLD_SECONDS for each in others)])
    turn = min(next_turn, now.mono + LAG_SECONDS)
    return replace(
        state,
        fresh=(*others, Fresh(call, now.mono, turn, _seen(state))),
        known_calls=(*state.known_calls, call.call)[-CALLS_KEPT:],
    )


def _retracted(state: BoardState, call: Call) -> BoardState:
    """No longer a call (arrived, undone, cancelled): it no longer blinks; the rows follow BoardNow."""
    return replace(
        state,
        fresh=tuple(each for each in state.fresh if each.call.ticket != call.ticket),
        known_calls=(*state.known_calls, call.call)[-CALLS_KEPT:],
    )


# ---------------------------------------------------------------- view


@dataclass(frozen=True, slots=True)
class Row:
    """One line: ``fresh`` has a tinted ground, ``lit`` is the bright half of a blink. ``call`` is its id."""

    number: str
    window: str
    service: str
    called_ms: int
    fresh: bool = False
    lit: bool = False
    name: str = ""
    call: str = ""


@dataclass(frozen=True, slots=True)
class BoardView:
    """Everything a hall board draws. ``banner`` is '' while the news is good; ``page`` counts from 1;
    ``minute_ms`` is hall time to the minute, 0 while unknown; ``lines``: room for so many rows."""

    title: str
    hall: str
    rows: tuple[Row, ...]
    current: Row | None
    waiting: tuple[ZoneWaiting, ...]
    notice: str
    page: int
    pages: int
    banner: str
    minute_ms: int
    lines: int = ROWS


def view(state: BoardState, now: Now) -> BoardView:
    """What to draw at this moment."""
    picture, server = state.picture, state.news.server
    notices = picture.notices if picture else ()
    page = floor(now.mono / PAGE_SECONDS) % len(notices) if notices else 0
    lines, shown = tuple(_lines(state, now)), picture.lines if picture else ROWS
    return BoardView(
        title=picture.title if picture else "",
        hall=server.hall_name if server else "",
        rows=lines[:shown],
        lines=shown,
        current=_current(state, lines, now),
        waiting=picture.waiting if picture else (),
        notice=notices[page] if notices else "",
        page=page + 1 if notices else 0,
        pages=len(notices),
        banner=state.news.banner(now),
        minute_ms=now.hall_ms - now.hall_ms % 60_000,
    )


def calls(view: BoardView, now: Now) -> tuple[str, ...]:
    """The calls in force that a picture holds."""
    lines = (*((view.current,) if view.current else ()), *view.rows)
    return tuple(line.call for line in lines if confirming.in_force(line.called_ms, now))


def next_change(state: BoardState, now: Now) -> float:
    """Seconds until the view changes by itself: blink, large call, page, minute, outage."""
    moments = [
        floor(now.mono / PAGE_SECONDS + 1) * PAGE_SECONDS - now.mono,
        (60_000 - now.hall_ms % 60_000) / 1000,
        state.news.next_change(now),
    ]
    for each in state.fresh:
        moments += [next_half(each.came, now.mono), next_half(each.turn, now.mono)]
        ends = (each.came + GRACE_SECONDS, now.mono + (each.call.expires_ms - now.hall_ms) / 1000)
        moments += [end - now.mono for end in ends if end > now.mono]
    return max(min(moments), 0.001)


def _lines(state: BoardState, now: Now) -> Iterator[Row]:
    """Calls that the rows do not hold yet, newest first; then the rows."""
    held = state.picture.rows if state.picture else ()
    ids = {row.call for row in held}
    fresh = {each.call.call: each for each in state.fresh}
    names, early = dict(state.names), set[str]()
    for each in reversed(state.fresh):
        if each.call.call not in ids and _unconfirmed(state, each, now):
            early.add(each.call.number)
            yield _line(_row(each.call), each, now, names)
    for row in held:
        if row.number not in early:
            yield _line(row, fresh.get(row.call), now, names)


def _row(call: Call) -> BoardRow:
    return BoardRow(
        call=call.call,
        number=call.number,
        window=call.window_label,
        service=call.service,
        called_ms=call.at_ms,
        recalls=call.recalls,
    )


def _line(row: BoardRow, fresh: Fresh | None, now: Now, names: dict[str, str]) -> Row:
    name = names.get(row.number, "")
    line = Row(row.number, row.window, row.service, row.called_ms, name=name, call=row.call)
    if fresh is None:
        return line
    return replace(line, fresh=blinking(fresh.came, now.mono), lit=lit(fresh.came, now.mono))


def _current(state: BoardState, lines: tuple[Row, ...], now: Now) -> Row | None:
    """The call that stands large: the last of a burst whose turn has come, else the newest row."""
    due = [each for each in state.fresh if each.turn <= now.mono and not _over(each.call, now)]
    if not due:
        return lines[0] if lines else None
    latest = max(due, key=lambda each: (each.turn, each.came))
    line = _line(_row(latest.call), latest, now, dict(state.names))
    return replace(line, fresh=blinking(latest.turn, now.mono), lit=lit(latest.turn, now.mono))


def _lives(state: BoardState, each: Fresh, now: Now) -> bool:
    """A fresh call is kept while it waits for its turn, blinks, or is not yet in the rows."""
    if _over(each.call, now):
        return False
    held = state.picture is not None and any(row.call == each.call.call for row in state.picture.rows)
    still = now.mono < each.turn or blinking(each.turn, now.mono)
    return still or (not held and _unconfirmed(state, each, now))


def _unconfirmed(state: BoardState, each: Fresh, now: Now) -> bool:
    """In force, and no snapshot came since, or one within the grace: it may be older than the call."""
    if _over(each.call, now):
        return False
    return _seen(state) == each.seen or now.mono - each.came < GRACE_SECONDS


def _seen(state: BoardState) -> tuple[str, int]:
    return (state.picture.boot, state.picture.seq) if state.picture else ("", -1)


def _over(call: Call, now: Now) -> bool:
    return bool(now.hall_ms) and now.hall_ms >= call.expires_ms
