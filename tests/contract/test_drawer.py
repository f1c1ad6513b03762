"""Small records of a station: together or not at all, there after kill -9, for the owner alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from contract.outbox import Drawer

WRITER = """
import sys
from pathlib import Path
from contract.outbox import Drawer

drawer = Drawer(Path(sys.argv[1]))
drawer.open()
for number in range(100_000):
    body = b"%d" % number
    drawer.change({"a": body, "b": body})
    print(number, flush=True)
"""


def test_records_are_kept_changed_together_and_taken_away(tmp_path: Path) -> None:
    drawer = Drawer(tmp_path / "sub" / "drawer.db")
    drawer.open()
    drawer.change({"x/1": b"one", "x/2": b"two", "y": b"three"})
    drawer.change({"x/1": None, "x/2": b"zwei"})
    drawer.close()
    again = Drawer(tmp_path / "sub" / "drawer.db")
    again.open()
    assert again.read() == {"x/2": b"zwei", "y": b"three"}
    assert again.read("x/") == {"x/2": b"zwei"}
    again.close()
    assert (tmp_path / "sub" / "drawer.db").stat().st_mode & 0o077 == 0
    with pytest.raises(RuntimeError, match="not open"):
        again.read()


def test_a_change_that_fails_leaves_all_as_it_was(tmp_path: Path) -> None:
    drawer = Drawer(tmp_path / "drawer.db")
    drawer.open()
    drawer.change({"a": b"1"})
    with pytest.raises(TypeError):
        drawer.change({"a": b"2", "b": object()})  # type: ignore[dict-item]
    assert drawer.read() == {"a": b"1"}
    drawer.close()


def test_kill_9_keeps_what_was_confirmed(tmp_path: Path) -> None:
    file = tmp_path / "drawer.db"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(file)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    with writer.stdout as lines:
        told = [lines.readline() for _ in range(20)]
        os.kill(writer.pid, signal.SIGKILL)
        told += lines.readlines()
    writer.wait()
    drawer = Drawer(file)
    drawer.open()
    kept = drawer.read()
    drawer.close()
    assert kept["a"] == kept["b"]
    assert int(kept["a"]) >= int([line for line in told if line.endswith("\n")][-1])
