"""Whatever is cut, mended, restarted and published in between: in the end every screen shows the truth."""

from __future__ import annotations

from contextlib import ExitStack

from hypothesis import given, settings
from hypothesis import strategies as st

from contract import messages as m
from contract import topics as t
from contract.memory import MemoryBroker
from tests.contract.test_bus import window_state
from tests.contract.wire import Box, until

WINDOWS = ("w01", "w02", "w03")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.sampled_from(WINDOWS)),
        st.tuples(st.just("clear"), st.sampled_from(WINDOWS)),
        st.tuples(st.sampled_from(("cut", "mend")), st.sampled_from(("hall-server", "board-1"))),
        st.just(("restart", "")),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_the_last_picture_is_the_true_one(steps: list[tuple[str, str]]) -> None:
    broker = MemoryBroker()
    server, board = broker.bus("hall-server"), broker.bus("board-1")
    seen: Box[m.WindowState] = Box()
    board.on(t.WINDOW, seen.put)
    truth: dict[str, int] = {}
    with ExitStack() as stack:
        for bus in (server, board):
            bus.open()
            stack.callback(bus.close)
        for seq, (verb, name) in enumerate(steps, 1):
            if verb == "publish":
                server.publish(t.WINDOW, window_state(seq, name), window=name)
                truth[name] = seq
            elif verb == "clear":
                server.clear(t.WINDOW, window=name)
                truth.pop(name, None)
            elif verb == "restart":
                broker.restart()
            else:
                (broker.cut if verb == "cut" else broker.mend)(name)
        for name in ("hall-server", "board-1"):
            broker.mend(name)
        last = len(steps) + 1
        server.publish(t.WINDOW, window_state(last, "last"), window="last")
        truth["last"] = last

        def true_now(values: list[m.WindowState]) -> bool:
            shown = {state.window: state.seq for state in values}
            return all(shown.get(name) == seq for name, seq in truth.items())

        seen.wait(true_now)
        until(lambda: {name for name in WINDOWS if broker.retained(_topic(name))} == set(truth) - {"last"})


def _topic(name: str) -> str:
    return t.WINDOW.topic("demo", window=name)
