"""`python -m hall_server.reports --fold --state DIR`: what the desk runs beside the hall."""

from __future__ import annotations

import sys

from hall_server.reports.command import run

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
