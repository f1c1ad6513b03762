"""The two streams of the technician's command line: answers and complaints."""

from __future__ import annotations

import sys


def say(sentence: object) -> None:
    """An answer, on standard output, at once."""
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def complain(sentence: object) -> None:
    """What went wrong or what to do, on standard error."""
    sys.stderr.write(f"{sentence}\n")
