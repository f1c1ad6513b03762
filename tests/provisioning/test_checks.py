"""The one command that checks all: its groups, its count, its honesty."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from provisioning.checks import Count, Result, Step, count, groups, run_lanes

PROJECT = Path(__file__).resolve().parents[2]


def test_pytests_closing_line_is_counted() -> None:
    output = "....\n==== slowest ====\n1.0s call\n3 passed, 1 failed, 2 skipped, 1 error in 3.21s\n"
    assert count(output) == Count(3, 2, 2)
    assert count("no tests ran in 0.01s") == Count()
    assert count("12 passed, 30 deselected in 61.20s (0:01:01)") == Count(passed=12)


def test_a_group_without_tests_is_no_failure_but_a_check_is() -> None:
    assert Result(Step("tests: x", (), tests=True), 5, "", 0.0).good
    assert not Result(Step("lint", ()), 5, "", 0.0).good
    assert not Result(Step("tests: x", (), tests=True), 1, "", 0.0).good


def test_a_failure_in_any_lane_is_seen(capsys: pytest.CaptureFixture[str]) -> None:
    good = Step("good", (sys.executable, "-c", ""))
    bad = Step("bad", (sys.executable, "-c", "print('why'); raise SystemExit(3)"))
    gone = Step("gone", ("/no/such/tool",))
    results = run_lanes([[good, bad], [gone]])
    assert sorted((r.step.name, r.good) for r in results) == [("bad", False), ("gone", False), ("good", True)]
    said = capsys.readouterr().out
    assert "why" in said
    assert "No such file" in said


def test_every_test_belongs_to_exactly_one_group() -> None:
    marks = {name: step.argv[step.argv.index("-m", 2) + 1] for name, step in groups().items()}
    for group in ("window", "processes", "browser", "sound"):
        hits = [
            name
            for name, expression in marks.items()
            if eval(expression, {}, {m: m == group for m in (*marks, "slow")})
        ]
        assert hits == [group]


def test_unmarked_tests_run_once_by_where_they_stand() -> None:
    fast, devices = (groups()[name].argv for name in ("fast", "devices"))
    assert fast[: fast.index("-m", 2) + 2] == devices[: devices.index("-m", 2) + 2]
    apart = [word for word in devices if word.startswith("tests/")]
    assert apart
    assert all((PROJECT / path).is_dir() for path in apart)
    assert [word.removeprefix("--ignore=") for word in fast if word.startswith("--ignore=")] == apart


def test_scripts_are_clean_shell() -> None:
    done = subprocess.run(
        ["shellcheck", "banshi", ".ci/run"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
