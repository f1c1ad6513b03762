"""From threads to the window's thread."""

from __future__ import annotations

import threading

import pytest

pytestmark = pytest.mark.window


def test_everything_arrives_in_order_at_once_in_the_windows_thread() -> None:
    from kivy.clock import Clock

    from assets.ui.bridge import Bridge

    batches: list[list[object]] = []
    threads: set[int] = set()

    def take(events) -> None:  # type: ignore[no-untyped-def]
        batches.append(list(events))
        threads.add(threading.get_ident())

    bridge = Bridge(take)

    def post() -> None:
        for number in range(500):
            bridge.post(number)

    worker = threading.Thread(target=post)
    worker.start()
    worker.join()
    assert batches == []
    Clock.tick()
    assert batches == [list(range(500))]
    assert threads == {threading.get_ident()}
    Clock.tick()
    assert len(batches) == 1


def test_a_state_replaces_the_one_of_its_key_that_still_waits() -> None:
    from kivy.clock import Clock

    from assets.ui.bridge import Bridge

    taken: list[object] = []
    bridge = Bridge(taken.extend)
    bridge.post("w1 old", key="w1")
    bridge.post("call")
    bridge.post("w2", key="w2")
    bridge.post("w1 new", key="w1")
    Clock.tick()
    assert taken == ["call", "w2", "w1 new"]
    bridge.post("w1 newest", key="w1")
    Clock.tick()
    assert taken[-1] == "w1 newest"
