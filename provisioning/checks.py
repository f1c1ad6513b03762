"""All checks and all tests of the project, three at a time, honestly counted: ./banshi test and check."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
CACHE = PROJECT / "var" / "cache"
PACKAGES = ("contract", "devices", "hall_server", "kiosk", "queue_display", "provisioning", "assets", "tests")
GROUPS = ("window", "processes", "browser", "sound")
DEVICE_TESTS = ("tests/devices", "tests/faults", "tests/fuzz")
NO_TESTS = 5
STEP_SECONDS = 1200
SHOWN_LINES = 300


@dataclass(frozen=True, slots=True)
class Step:
    """One command of the checks; ``tests`` when pytest runs it."""

    name: str
    argv: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)
    tests: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """How a step ended."""

    step: Step
    returncode: int
    output: str
    seconds: float

    @property
    def good(self) -> bool:
        """A group without tests is no failure."""
        return self.returncode == 0 or (self.step.tests and self.returncode == NO_TESTS)


@dataclass(frozen=True, slots=True)
class Count:
    """Tests as pytest counted them."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)


def check_steps() -> list[Step]:
    """Everything that is looked at without running the project."""
    python = sys.executable
    tools = Path(python).parent
    return [
        Step("format", (str(tools / "ruff"), "format", "--check", ".")),
        Step("lint", (str(tools / "ruff"), "check", ".")),
        Step("shell", ("shellcheck", "banshi", ".ci/run")),
        Step("layers", (str(tools / "lint-imports"), "--cache-dir", str(CACHE / "imports"))),
        Step("asyncapi", (python, "-m", "contract.asyncapi", "--check")),
        Step("licences", (python, "-m", "provisioning", "notice", "--check")),
        Step("types", (str(tools / "mypy"), "--cache-dir", str(CACHE / "mypy"), *PACKAGES)),
    ]


def groups() -> dict[str, Step]:
    """pytest once for each group: windows, programs and browsers do not share a process.

    What bears no mark is parted by where it stands: device tests wait for wires and supervisors, so the
    others run beside them.
    """
    nothing_else = " and ".join(f"not {group}" for group in (*GROUPS, "slow"))
    others = [f"--ignore={path}" for path in DEVICE_TESTS]
    steps = {
        "fast": _pytest("fast", nothing_else, *others),
        "devices": _pytest("devices", nothing_else, *DEVICE_TESTS),
    }
    for number, group in enumerate(GROUPS):
        earlier = "".join(f" and not {other}" for other in GROUPS[:number])
        steps[group] = _pytest(group, f"{group} and not slow{earlier}")
    return steps


def _pytest(group: str, marks: str, *where: str) -> Step:
    env = {"SDL_VIDEODRIVER": "offscreen"} if group == "window" else {}
    argv = (
        sys.executable,
        "-m",
        "pytest",
        "-o",
        "python_files=test_*.py",
        "-m",
        marks,
        "--tb=short",
        "--durations=5",
        "-rs",
        *where,
    )
    return Step(f"tests: {group}", argv, env, tests=True)


def run(*, tests: bool, only: str | None = None) -> int:
    """Run it all; exit status 1 when anything failed."""
    started = time.monotonic()
    if only:
        results = run_lanes([[groups()[only]]])
    elif tests:
        of = groups()
        results = run_lanes([[of["fast"]], [of["devices"]], [of["window"], *check_steps(), of["browser"]]])
        results += run_lanes([[of["processes"], of["sound"]]])
    else:
        results = run_lanes([check_steps()])
    return _close(results, time.monotonic() - started)


def run_lanes(lanes: Iterable[Sequence[Step]]) -> list[Result]:
    """Run steps: lanes go side by side, the steps of a lane one after the other."""
    results: list[Result] = []
    printing = threading.Lock()

    def go(steps: Sequence[Step]) -> None:
        for step in steps:
            result = _carry_out(step)
            with printing:
                results.append(result)
                _say(result)

    threads = [threading.Thread(target=go, args=(steps,)) for steps in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def _carry_out(step: Step) -> Result:
    started = time.monotonic()
    try:
        done = subprocess.run(
            step.argv,
            cwd=PROJECT,
            env={**os.environ, **_cache_environment(), **step.env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=STEP_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Result(step, 1, str(error), time.monotonic() - started)
    return Result(step, done.returncode, done.stdout.decode("utf-8", "replace"), time.monotonic() - started)


def _cache_environment() -> dict[str, str]:
    """Everything that tools keep stays under var/."""
    return {
        "PYTHONPYCACHEPREFIX": str(CACHE / "pycache"),
        "RUFF_CACHE_DIR": str(CACHE / "ruff"),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(CACHE / "hypothesis"),
        "KIVY_HOME": str(CACHE / "kivy"),
    }


def _say(result: Result) -> None:
    word = "ok" if result.good else "FAILED"
    print(f"{word:<7} {result.step.name}  ({result.seconds:.1f} s)", flush=True)
    if not result.good:
        print(_kept(result), flush=True)
    elif result.step.tests:
        for line in result.output.splitlines()[-12:]:
            if re.search(r"(passed|failed|skipped|deselected|no tests ran|^SKIPPED)", line):
                print(f"        {line}", flush=True)


def _kept(result: Result) -> str:
    """The end of a long output; the whole is kept in var/log."""
    lines = result.output.rstrip().splitlines()
    if len(lines) <= SHOWN_LINES:
        return "\n".join(lines)
    log = PROJECT / "var" / "log" / f"{result.step.name.replace(': ', '-')}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(result.output, "utf-8")
    return "\n".join([f"… the whole is in {log.relative_to(PROJECT)} …", *lines[-SHOWN_LINES:]])


def count(output: str) -> Count:
    """What pytest's closing line says."""
    closing = next((line for line in reversed(output.splitlines()) if re.search(r" in [\d.:]+", line)), "")
    found = {
        word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|skipped|error)", closing)
    }
    return Count(
        found.get("passed", 0), found.get("failed", 0) + found.get("error", 0), found.get("skipped", 0)
    )


def _close(results: Sequence[Result], seconds: float) -> int:
    failed = [result.step.name for result in results if not result.good]
    tests = sum((count(result.output) for result in results if result.step.tests), Count())
    print()
    if failed:
        print(f"Failed: {', '.join(failed)}.")
    else:
        print(f"All {len(results)} steps are good, {seconds:.0f} s.")
    if any(result.step.tests for result in results):
        print(f"{tests.passed} passed, {tests.failed} failed, {tests.skipped} skipped")
    return 1 if failed else 0
