"""Call boxes: several addresses on one wire, polled or spontaneous, with every disturbance of the bus."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.drivers.callbox import CallBoxLine, Mode, Options, build
from devices.faults import DeviceLost
from devices.links import Expect, Give, ScriptedLink, Silence, Step
from devices.ports import CallBoxKey, KeyPress
from devices.protocols.framed import build_frame
from devices.protocols.makes import LCD21
from devices.simulators.call_box import CallBoxSimulator

BOXES = (1, 2, 5)


def key_frame(address: int, code: int) -> bytes:
    return build_frame(LCD21.frame, bytes((address, LCD21.key, code)))


def poll_frame(address: int) -> bytes:
    return build_frame(LCD21.frame, bytes((address, LCD21.poll)))


class Clock:
    """Time that tests move; each look at it takes a millisecond."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


# ---------------------------------------------------------------- scripts, on a clock of their own


def test_a_bouncing_key_is_one_press_and_a_second_press_is_another() -> None:
    clock = Clock()
    press = KeyPress(1, CallBoxKey.NEXT)
    link = ScriptedLink([Give(key_frame(1, 0x01) * 3)])
    line = CallBoxLine(link, BOXES, dialect=LCD21, mode=Mode.SPONTANEOUS, clock=clock)
    line.open()
    assert line.poll(timeout_seconds=0.05) == press
    assert line.poll(timeout_seconds=0.05) is None
    clock.now += 0.2
    link.then(Give(key_frame(1, 0x01)))
    assert line.poll(timeout_seconds=0.05) is None
    clock.now += 0.2
    link.then(Give(key_frame(1, 0x01)))
    assert line.poll(timeout_seconds=0.05) is None, "the finger is still on the key"
    clock.now += 0.31
    link.then(Give(key_frame(1, 0x01)))
    assert line.poll(timeout_seconds=0.05) == press


def test_a_box_whose_answer_was_lost_in_a_collision_is_asked_again_at_once() -> None:
    link = ScriptedLink(
        [
            *(Expect(poll_frame(1)), Give(b"\x68\x01\x17"), Silence()),
            *(Expect(poll_frame(1)), Give(key_frame(1, 0x03))),
        ]
    )
    line = CallBoxLine(link, (1, 2), dialect=LCD21, clock=Clock())
    line.open()
    assert line.poll(timeout_seconds=0.06) == KeyPress(1, CallBoxKey.ARRIVED)
    assert link.finished


def test_another_key_or_box_is_never_taken_for_a_bounce() -> None:
    link = ScriptedLink([Give(key_frame(1, 0x01) + key_frame(1, 0x02) + key_frame(2, 0x01))])
    line = CallBoxLine(link, BOXES, dialect=LCD21, mode=Mode.SPONTANEOUS, clock=Clock())
    line.open()
    found = [line.poll(timeout_seconds=0.05) for _ in range(4)]
    keys = [(1, CallBoxKey.NEXT), (1, CallBoxKey.RECALL), (2, CallBoxKey.NEXT)]
    assert found == [*(KeyPress(address, key) for address, key in keys), None]


def test_a_stranger_on_the_wire_is_ignored() -> None:
    strange = build_frame(LCD21.frame, b"\x09\x81\x01") + build_frame(LCD21.frame, b"\x01\x77\x01")
    link = ScriptedLink([Give(strange + key_frame(1, 0x7F))])
    line = CallBoxLine(link, BOXES, dialect=LCD21, mode=Mode.SPONTANEOUS, clock=Clock())
    line.open()
    assert line.poll(timeout_seconds=0.05) is None


def test_the_own_echo_is_dropped_and_counted() -> None:
    script: list[Step] = [Silence(), Expect(poll_frame(1)), Give(poll_frame(1) * 2 + key_frame(1, 0x02))]
    line = CallBoxLine(ScriptedLink(script), (1,), dialect=LCD21)
    line.open()
    assert line.poll(timeout_seconds=1.0) == KeyPress(1, CallBoxKey.RECALL)
    assert line.heartbeat().details["own_echoes"] == "1"


# ---------------------------------------------------------------- the simulated bus


@pytest.fixture
def boxes(tmp_path: Path) -> Iterator[CallBoxSimulator]:
    simulator = CallBoxSimulator("callbox", tmp_path / "callbox", BOXES, baud=115200)
    simulator.start()
    yield simulator
    simulator.stop()


@pytest.fixture
def line(boxes: CallBoxSimulator) -> Iterator[CallBoxLine]:
    driver = build(Options(port=boxes.address, addresses=BOXES, baud=115200))
    driver.open()
    yield driver
    driver.close()


def next_press(line: CallBoxLine) -> KeyPress:
    press = line.poll(timeout_seconds=10.0)
    assert press is not None
    return press


def test_every_key_of_every_box(boxes: CallBoxSimulator, line: CallBoxLine) -> None:
    assert line.identify() == ""
    for address in BOXES:
        for key in CallBoxKey:
            boxes.press(address, key)
            assert next_press(line) == KeyPress(address, key)
    assert line.poll(timeout_seconds=0.2) is None
    assert line.heartbeat().ok


@pytest.mark.parametrize("fault", ["echo", "wrong_sum", "collision", "late", "bounce"])
def test_a_press_survives_a_bad_wire_and_comes_once(
    fault: str, boxes: CallBoxSimulator, line: CallBoxLine
) -> None:
    boxes.set_fault(fault, True)
    boxes.press(2, CallBoxKey.NEXT)
    assert next_press(line) == KeyPress(2, CallBoxKey.NEXT)
    assert line.poll(timeout_seconds=0.25) is None


def test_a_wrong_sum_is_counted(boxes: CallBoxSimulator, line: CallBoxLine) -> None:
    boxes.set_fault("wrong_sum", True)
    boxes.press(1, CallBoxKey.FINISH)
    next_press(line)
    assert int(line.heartbeat().details["bad_frames"]) >= 1


def test_a_missing_box_is_named_and_the_others_go_on(boxes: CallBoxSimulator, line: CallBoxLine) -> None:
    boxes.set_fault("missing", True)
    line.identify()
    status = line.heartbeat()
    assert status.ok
    assert [fault.code for fault in status.faults] == ["box_missing"]
    assert status.faults[0].sentence.startswith("5 ")
    boxes.press(1, CallBoxKey.NEXT)
    assert next_press(line) == KeyPress(1, CallBoxKey.NEXT)
    boxes.set_fault("missing", False)
    boxes.press(5, CallBoxKey.NEXT)
    assert next_press(line) == KeyPress(5, CallBoxKey.NEXT)
    assert not line.heartbeat().faults


def test_a_line_where_nobody_answers_is_lost(boxes: CallBoxSimulator, line: CallBoxLine) -> None:
    boxes.set_fault("mute", True)
    with pytest.raises(DeviceLost, match="silent"):
        line.identify()
    with pytest.raises(DeviceLost, match="silent"):
        line.poll(timeout_seconds=10.0)


def test_unplugged_while_polling(boxes: CallBoxSimulator, line: CallBoxLine) -> None:
    assert line.poll(timeout_seconds=0.05) is None
    boxes.set_fault("unplugged", True)
    with pytest.raises(DeviceLost, match="unplugged"):
        line.poll(timeout_seconds=10.0)


def test_shows_text_on_the_right_box(boxes: CallBoxSimulator, line: CallBoxLine) -> None:
    line.show(2, "A012")
    line.show(5, "TOO LONG FOR IT")
    line.identify()
    assert boxes.state()["displays"] == {"1": "", "2": "A012", "5": "TOO LONG"}


def test_boxes_that_speak_by_themselves(tmp_path: Path) -> None:
    simulator = CallBoxSimulator("callbox", tmp_path / "callbox", BOXES, baud=115200, spontaneous=True)
    simulator.start()
    options = Options(port=simulator.address, addresses=BOXES, mode=Mode.SPONTANEOUS)
    driver = build(options)
    driver.open()
    assert driver.heartbeat().ok is None
    simulator.press(5, CallBoxKey.PAUSE)
    assert next_press(driver) == KeyPress(5, CallBoxKey.PAUSE)
    driver.close()
    simulator.stop()


def test_a_make_with_other_key_codes(boxes: CallBoxSimulator) -> None:
    keys = {"01": CallBoxKey.FINISH, "04": CallBoxKey.NEXT}
    driver = build(Options(port=boxes.address, addresses=BOXES, keys=keys))
    driver.open()
    boxes.press(1, CallBoxKey.NEXT)
    assert next_press(driver) == KeyPress(1, CallBoxKey.FINISH)
    driver.close()
