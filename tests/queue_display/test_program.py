"""The command line of boards and signs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from assets.ui.display import Display
from queue_display.config import (
    BAR_DESIGN,
    BOARD_DESIGN,
    SIGN_DESIGN,
    BoardDisplay,
    SignDisplay,
    design,
)

GOOD = """
[station]
id = "board-1"
name = "大厅综合屏"
hall = "demo"
server = "127.0.0.1:18830"
secret_file = "secret"
cache = "cache"
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "queue_display", *arguments], capture_output=True, text=True, check=False
    )


def test_a_misspelt_setting_ends_with_its_path_and_a_guess(tmp_path: Path) -> None:
    file = tmp_path / "board.toml"
    file.write_text(GOOD + '[display]\nwidht = 1920\npalette = "kontrast"\n', encoding="utf-8")
    done = run("board", "--config", str(file))
    assert done.returncode == 2
    assert 'display.widht = 1920: there is no such setting; did you mean "width"?' in done.stderr
    assert 'did you mean "contrast"?' in done.stderr
    assert "Traceback" not in done.stderr


def test_a_sign_must_say_its_window_and_a_secret_must_be_there(tmp_path: Path) -> None:
    file = tmp_path / "sign.toml"
    file.write_text(GOOD + "[sign]\nnames = true\n", encoding="utf-8")
    done = run("sign", "--config", str(file))
    assert done.returncode == 2
    assert "sign.window" in done.stderr
    file.write_text(GOOD, encoding="utf-8")
    done = run("board", "--config", str(file))
    assert done.returncode == 2
    assert "station.secret_file" in done.stderr


def test_the_effective_configuration_can_be_shown(tmp_path: Path) -> None:
    file = tmp_path / "board.toml"
    file.write_text(GOOD, encoding="utf-8")
    done = run("board", "--config", str(file), "--show-config")
    assert done.returncode == 0
    assert '"width": 1920' in done.stdout


@pytest.mark.parametrize(
    ("display", "wanted"),
    [
        (BoardDisplay(width=1280, height=720), BOARD_DESIGN),
        (SignDisplay(width=1024, height=600), SIGN_DESIGN),
        (SignDisplay(width=1920, height=360), BAR_DESIGN),
    ],
)
def test_a_screen_is_scaled_from_the_size_it_was_drawn_for(display: Display, wanted: tuple[int, int]) -> None:
    assert design(display) == wanted


def test_the_voice_and_the_pure_parts_import_no_toolkit() -> None:
    code = (
        "import sys, queue_display.__main__, queue_display.board, queue_display.sign, queue_display.run, "
        "queue_display.config, assets.ui.palette, assets.ui.lines, assets.ui.display, assets.ui.window\n"
        "sys.exit('kivy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
