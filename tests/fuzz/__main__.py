"""Fuzzes the parsers: ``python -m tests.fuzz [--seconds N] [target …]``; coverage-guided where atheris is.

atheris is no part of the project: install it anywhere and give that Python with ``--python``; without it
a plain mutation loop runs. Every target is a process of its own; what it found stays in ``--out``.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import re
import subprocess
import sys
import traceback
from pathlib import Path

FUZZED = (
    "contract",
    "devices.protocols",
    "devices.modbus_line",
    "hall_server.config",
    "hall_server.hall_checks",
)
_DONE = re.compile(r"#(\d+)\s+DONE\s+cov: (\d+)")


def main() -> int:
    """0 nothing found, 1 a parser raised, 2 wrong use."""
    options = _options()
    if options.one and importlib.util.find_spec("atheris") is not None:
        _guided(options.targets[0], options.seconds, options.seed, options.out)
    from tests.fuzz.targets import TARGETS  # only now: atheris has to see the parsers as they are imported

    unknown = [name for name in options.targets if name not in TARGETS]
    if unknown:
        print(f"no such target: {', '.join(unknown)}; known: {', '.join(TARGETS)}", file=sys.stderr)
        return 2
    if options.one:
        return _one(options.targets[0], options.seconds, options.seed, options.out)
    names = options.targets or list(TARGETS)
    found = runs = 0
    for name in names:
        ran, bad, told = _run(name, options.seconds / len(names), options)
        runs, found = runs + ran, found + bad
        print(f"{name:<20} {told}", flush=True)
    print(f"FUZZ: {found} findings in {runs} inputs, {options.seconds:.0f} s (bar 0)")
    return 1 if found else 0


def _run(name: str, seconds: float, options: argparse.Namespace) -> tuple[int, bool, str]:
    """One target in a process of its own: inputs, whether something was found, what to print."""
    out = options.out / name
    out.mkdir(parents=True, exist_ok=True)
    arguments = ["--one", "--seconds", str(seconds), "--seed", str(options.seed), "--out", str(out), name]
    paths = [str(Path(__file__).parents[2]), *(path for path in sys.path if path.endswith("site-packages"))]
    ended = subprocess.run(
        [options.python, "-m", "tests.fuzz", *arguments],
        capture_output=True,
        text=True,
        errors="replace",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        timeout=seconds + 300,
    )
    (out / "log.txt").write_text(ended.stdout + ended.stderr)
    done = _DONE.search(ended.stderr)
    runs = int(done.group(1)) if done else sum(map(int, re.findall(r"^(\d+) inputs", ended.stdout, re.M)))
    cover = f", {done.group(2)} branches covered" if done else ""
    verdict = "nothing found" if ended.returncode == 0 else f"FOUND, see {out}/log.txt"
    return runs, ended.returncode != 0, f"{runs} inputs{cover}: {verdict}"


def _one(name: str, seconds: float, seed: int, out: Path) -> int:
    from tests.fuzz import mutation
    from tests.fuzz.targets import TARGETS

    outcome = mutation.loop(TARGETS[name], seconds, seed)
    print(f"{outcome.runs} inputs in {outcome.seconds:.0f} s")
    if outcome.error is None:
        return 0
    (out / "crash-plain").write_bytes(outcome.bad)
    traceback.print_exception(outcome.error)
    return 1


def _guided(name: str, seconds: float, seed: int, out: Path) -> None:
    """Hand over to libFuzzer, which ends the process itself: 0, or 77 with the input in ``out``."""
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=list(FUZZED)):
        from tests.fuzz.targets import TARGETS
    corpus = out / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for index, data in enumerate(TARGETS[name].seeds):
        (corpus / f"seed-{index}").write_bytes(data)
    limits = ["-max_len=4096", f"-max_total_time={max(1, round(seconds))}", f"-seed={seed}"]
    atheris.Setup([sys.argv[0], *limits, f"-artifact_prefix={out}/", str(corpus)], TARGETS[name].run)
    atheris.Fuzz()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--seconds", type=float, default=60.0, help="for all targets together")
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--out", type=Path, default=Path("var/fuzz"))
    parser.add_argument("--python", default=sys.executable, help="a Python that has atheris")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
