"""Words of ./banshi: what each needs, and what is said of wrong ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from provisioning import command_line

PROJECT = Path(__file__).resolve().parents[2]


def needs(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert command_line.main(words) == 0
    return capsys.readouterr().out.strip()


def test_each_command_says_what_it_needs(capsys: pytest.CaptureFixture[str]) -> None:
    assert needs(capsys, "up") == "hall"
    assert needs(capsys, "up", "--foreground", "--display", "virtual") == "hall"
    assert needs(capsys, "test") == "dev"
    assert needs(capsys, "down") == "nothing"
    assert needs(capsys) == "nothing"
    assert needs(capsys, "up", "--help") == "nothing"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["upp"], "did you mean up?"),
        (["tset"], "did you mean test?"),
        (["up", "--forground"], "did you mean --foreground?"),
        (["up", "--display", "vitual"], "did you mean virtual?"),
        (["test", "--only", "windows"], "did you mean window?"),
        (["notice", "--chekc"], "did you mean --check?"),
    ],
)
def test_wrong_words_end_with_2_and_a_guess(
    words: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        command_line.main(words)
    assert ended.value.code == 2
    assert hint in capsys.readouterr().err


def test_words_are_checked_with_the_standard_library_alone() -> None:
    code = "import sys; sys.path.insert(0, '.'); import provisioning.command_line, provisioning.hall.commands"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], cwd=PROJECT, check=False)
    assert done.returncode == 0


def test_the_script_refuses_before_it_installs() -> None:
    done = subprocess.run(["./banshi", "upp"], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean up?" in done.stderr
