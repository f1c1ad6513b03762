"""The paged hall as a process that can be frozen, killed and started again."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import httpx

from tests.hall_server.web.entering import sign_in
from tests.stopping import freeze

ISSUE = """
import sys
from pathlib import Path
from tests.hall_server.web.hall import PagedHall
hall = PagedHall(Path(sys.argv[1]))
hall.start()
for _ in range(int(sys.argv[2])):
    hall.issue()
hall.stop()
"""


class Killable:
    """The paged hall as a process on one port."""

    def __init__(self, state: Path) -> None:
        self.state = state
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        subprocess.run([sys.executable, "-c", ISSUE, str(state), "3"], check=True)
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.hall_server.web.program", str(self.state), str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == str(self.port).encode()

    def freeze(self) -> None:
        """It stands still, its port stays open."""
        freeze(self.process)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def calls(self) -> list[str]:
        """Numbers at the windows, as the hall itself says."""
        answer = httpx.get(f"{self.url}/api/hall", trust_env=False, cookies=sign_in(self.url))
        windows = answer.json()["windows"]
        return [window["number"] for window in windows if window["number"]]
