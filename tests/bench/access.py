"""S4: routes × roles, 10,000 guesses an hour, payloads in fields: `python -m tests.bench.access [--long]`.

Runs the tests that prove each part on the real application and prints what they found; --long asks the
OpenAPI document for more as well.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from hall_server.accounts.matrix import MATRIX
from tests.hall_server.accounts.guessing import GUESSES, WAYS, guess
from tests.hall_server.accounts.opened import opened
from tests.hall_server.web.corpus import PAYLOADS
from tests.hall_server.web.test_matrix import CALLERS

PROOFS = ("test_matrix.py", "test_payloads.py")


def main() -> int:
    """Print the three figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true")
    long = parser.parse_args().long
    most = entered = 0
    for way in WAYS:
        with tempfile.TemporaryDirectory() as state, opened(Path(state)) as desk:
            for number in range(100, 104):
                desk.put(f"{number:04d}")
            found = guess(desk, way)
            print(f"{GUESSES} guesses, {way}: {found.evaluated} looked at")
            most, entered = max(most, found.evaluated), entered + found.entered
    proofs = [f"tests/hall_server/web/{name}" for name in PROOFS]
    held = subprocess.run([sys.executable, "-m", "pytest", *proofs], check=False).returncode == 0
    if long:
        subprocess.run([sys.executable, "-m", "tests.bench.openapi", "--long"], check=False)
    word = "held" if held else "BROKEN"
    print(f"{len(MATRIX)} routes × {len(CALLERS)} callers, {len(PAYLOADS)} payloads: {word}")
    print(f"ACCESS: {most} of {GUESSES} guesses an hour looked at, {entered} came in (bar S4: <= 20)")
    return 0 if held and most <= 20 and not entered else 1


if __name__ == "__main__":
    sys.exit(main())
