"""The paged hall as a program, to be killed: `python -m tests.hall_server.web.program DIR PORT`."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from tests.hall_server.web.hall import PagedHall

if __name__ == "__main__":
    hall = PagedHall(Path(sys.argv[1]))
    hall.port = int(sys.argv[2])
    hall.start()
    print(hall.port, flush=True)
    threading.Event().wait()
