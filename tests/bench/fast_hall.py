"""The shipped hall server on a fast clock: `python -m tests.bench.fast_hall SPEED START DAY --config …`.

Everything is the server's own but the two clocks that its HallClock is given.
"""

from __future__ import annotations

import sys
from functools import partial

import hall_server.__main__ as server
from contract.clock import HallClock
from hall_server import program
from tests.bench.fast_clock import told

if __name__ == "__main__":
    clock = told(sys.argv[1:4])
    fast = partial(HallClock, monotonic=clock.monotonic_ms, wall=clock.wall_ms)
    vars(program)["HallClock"] = fast
    sys.argv = ["hall_server", *sys.argv[4:]]
    sys.exit(server.main())
