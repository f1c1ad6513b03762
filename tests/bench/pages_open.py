"""What 200 open clerk's pages cost the server: `python -m tests.bench.pages_open [--long]`.

A hall of 253 windows, each doing 4 of 40 services. The pages are WebSockets of another process; this
one runs only the hall, so that its CPU time is the server's. Twice a second a number is issued and a
window calls: about six times a busy day. Printed beside it: the same without any page.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path

from contract.messages import TicketStatus
from hall_server.hall import commands as c
from hall_server.hall.model import Hall
from hall_server.hall.plan import Board, Plan, Rules, Service, ServiceWindow, Zone
from tests.hall_server.web.hall import PagedHall

WINDOWS, SERVICES, PAGES = 253, 40, 200
CLIENTS = f"""
import asyncio, sys
from websockets.asyncio.client import connect

async def page(window):
    address = f"ws://127.0.0.1:{{sys.argv[1]}}/clerk/{{window}}/live"
    async with connect(address, proxy=None, additional_headers={{"Cookie": sys.argv[2]}}) as line:
        await line.recv()
        ready.release()
        async for _ in line:
            pass

async def main():
    global ready
    ready = asyncio.Semaphore(0)
    pages = [asyncio.create_task(page(f"w{{i:03d}}")) for i in range({PAGES})]
    for _ in pages:
        await ready.acquire()
    print("open", flush=True)
    await asyncio.gather(*pages)

asyncio.run(main())
"""


def plan() -> Plan:
    """The largest hall of PRODUCT.md."""
    services = {
        f"s{i:02d}": Service(f"s{i:02d}", f"业务{i}", "z", f"{chr(65 + i // 10)}{i % 10}")
        for i in range(SERVICES)
    }
    ids = list(services)
    windows = {}
    for i in range(WINDOWS):
        mine = tuple(ids[(i + step * 7) % SERVICES] for step in range(4))
        windows[f"w{i:03d}"] = ServiceWindow(
            f"w{i:03d}", f"{i}号窗口", "综合受理", "z", mine, open_at_start=True
        )
    boards = {"hall": Board("hall", "综合屏", ("z",))}
    return Plan("big", "示例县政务服务中心", Rules(), {"z": Zone("z", "综合")}, services, windows, boards)


def busy(hall: PagedHall, seconds: int) -> float:
    """Share of one core that the hall used while it worked."""
    pause = threading.Event()
    before, begun = time.process_time(), time.monotonic()
    for i in range(seconds * 2):
        hall.issue(f"s{i % SERVICES:02d}")
        window = f"w{i % PAGES:03d}"
        present = hall.service.query(partial(Hall.ticket_at, window=window)).result(10)
        if present is not None and present.status is TicketStatus.CALLED:
            hall.do(c.Arrive, window)
        hall.do(c.CallNext, window)
        pause.wait(max(0.0, begun + (i + 1) * 0.5 - time.monotonic()))
    return (time.process_time() - before) / (time.monotonic() - begun)


def main() -> int:
    """Print the share of a core with and without pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true")
    seconds = 60 if parser.parse_args().long else 8
    with tempfile.TemporaryDirectory() as state:
        hall = PagedHall(Path(state), plan=plan())
        hall.start()
        for i in range(SERVICES * 10):
            hall.issue(f"s{i % SERVICES:02d}")
        alone = busy(hall, seconds)
        command = [sys.executable, "-c", CLIENTS, str(hall.port), f"banshi={hall.session('clerk')}"]
        clients = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert clients.stdout is not None
        assert clients.stdout.readline() == b"open\n"
        loaded = busy(hall, seconds)
        clients.kill()
        clients.wait()
        clients.stdout.close()
        hall.stop()
    print(f"without pages {alone:.1%} of a core, with {PAGES} pages {loaded:.1%}")
    print(f"PAGES_OPEN: {loaded - alone:.1%} of a core for {PAGES} pages (bar W1: <= 25 %)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
