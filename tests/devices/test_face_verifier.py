"""Verification is somebody else's word: what is not a clear pass goes to a clerk, and no image is kept."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from devices.drivers.face_verifier import Options, VendorVerifier, build
from devices.faults import DeviceAbsent, DeviceLost, DeviceMisconfigured
from devices.verification import Band, Liveness, Outcome, Verification

VENDOR = (sys.executable, "-m", "devices.simulators.face_vendor")
PHOTO, FACE = b"\xff\xd8 photo of a card", b"\xff\xd8 face of a citizen"


@contextmanager
def opened(*words: str, demo: bool = True) -> Iterator[VendorVerifier]:
    driver = build(Options(command=(*VENDOR, *words), demo=demo, hints=True))
    driver.open()
    try:
        yield driver
    finally:
        driver.close()


@pytest.mark.parametrize(
    ("outcome", "to_clerk", "band"),
    [
        ("pass", False, Band.ABOVE),
        ("fail", True, Band.FAR_BELOW),
        ("unsure", True, Band.BELOW),
        ("unavailable", True, Band.FAR_BELOW),
    ],
)
def test_only_a_clear_pass_needs_no_clerk(outcome: str, to_clerk: bool, band: Band) -> None:
    with opened("--outcome", outcome) as verifier:
        answer = verifier.verify(PHOTO, [FACE, FACE])
    assert answer.outcome == outcome
    assert answer.to_clerk is to_clerk
    assert answer.band is band
    assert answer.model_id == "demo-0"


def test_a_pass_of_a_picture_goes_to_a_clerk() -> None:
    assert Verification(Outcome.PASS, liveness=Liveness.SPOOF).to_clerk


@pytest.mark.parametrize("fault", ["mute", "garbage", "crash", "flood", "error"])
def test_a_sick_vendor_is_unavailable_in_time_and_comes_back(fault: str) -> None:
    with opened("--fault", fault) as verifier:
        answer = verifier.verify(PHOTO, [FACE], timeout_seconds=0.4 if fault == "mute" else 10.0)
        assert answer == Verification(Outcome.UNAVAILABLE, "demo-0")
        assert answer.to_clerk
        if fault != "error":
            with pytest.raises(DeviceLost):
                verifier.heartbeat()
        verifier.open()
        assert verifier.heartbeat().ok


def test_a_late_answer_to_another_question_is_not_taken() -> None:
    with opened("--fault", "foreign", "--outcome", "fail") as verifier:
        assert verifier.verify(PHOTO, [FACE]).outcome is Outcome.FAIL


def test_a_pass_below_its_own_threshold_is_unsure() -> None:
    with opened("--fault", "lies", "--outcome", "pass") as verifier:
        assert verifier.verify(PHOTO, [FACE]).outcome is Outcome.UNSURE


def test_a_demonstration_is_refused_unless_asked_for() -> None:
    with pytest.raises(DeviceMisconfigured, match="verifier_demo"), opened(demo=False):
        pass
    with opened("--real", "--model", "vendor-7", demo=False) as verifier:
        assert verifier.identify() == "vendor-7"


def test_a_program_that_is_not_there_is_absent() -> None:
    with pytest.raises(DeviceAbsent, match="verifier_absent"):
        build(Options(command=("/nowhere/verifier",))).open()


def test_hints_are_the_vendors() -> None:
    with opened() as verifier:
        assert verifier.capture_hint(FACE) == "请正对屏幕"


def test_records_and_logs_have_the_model_and_no_image(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with opened("--fault", "crash") as verifier:
        answer = verifier.verify(PHOTO, [FACE])
    assert answer.audit() == {
        "outcome": "unavailable",
        "model_id": "demo-0",
        "threshold": "",
        "band": "none",
        "liveness": "unknown",
    }
    assert "verifier_lost" in caplog.text
    assert "citizen" not in caplog.text
    passed = Verification(Outcome.PASS, "m", 0.91, 0.8)
    assert passed.audit()["threshold"] == "0.8"
    assert "0.91" not in passed.audit().values()


def test_its_process_ends_with_it() -> None:
    with opened() as verifier:
        program = verifier._program
        assert program is not None
    assert not program.running
