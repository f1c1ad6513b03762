"""Every byte script that lies in tests/devices/bytes: a driver is one file and one of these."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.devices.bytescript import play

SCRIPTS = sorted((Path(__file__).parent / "bytes").glob("*.script"))


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: file.stem)
def test_the_driver_keeps_to_its_script(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play(file, monkeypatch)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("> 05 03 E7 EF", "> 05 03 E7 EE"),
        ('= "unknown"', '= "confirmed"'),
        ("! no_such_bar", "! no_such_fault"),
        ("call shown 5 = null", "call shown 5 ! silent"),
        ("close", "clse"),
    ],
)
def test_a_script_that_is_not_kept_to_fails_with_its_line(
    old: str, new: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = tmp_path / "digit_bar.script"
    text = next(file for file in SCRIPTS if file.stem == "digit_bar").read_text(encoding="utf-8")
    wrong.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(AssertionError, match=r"digit_bar\.script, line \d+"):
        play(wrong, monkeypatch)
