"""Q3 through MQTT: durable commands of 16 clients against an echo on the same topics in the same run.

`python -m tests.bench.command_rate [--long]`. Both responders are processes of their own behind a broker
with the hall's own configuration; the clients, the client library, the topics and the sizes of question
and answer are the same. The hall answers after the commit is on disk; the echo answers at once. Rounds
alternate, so that a busy machine is busy for both.
"""

from __future__ import annotations

import argparse
import itertools
import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import Future
from pathlib import Path

from contract import messages as m
from contract import topics
from contract.aclfile import SERVER_USER
from contract.mqtt import BrokerAddress, MqttBus
from hall_server.broker import Broker, secret
from tests.hall.server_process import ServerProcess, free_port, open_all, write_hall

CLIENTS = 16
KIOSKS = [f"kiosk-{i}" for i in range(1, CLIENTS + 1)]
SERVICES = ("shebao", "banshui", "huzheng", "zonghe-shouli")


def echo(port: int, password: str) -> None:
    """The responder: every question gets the same slip, the size of a true one. Ends with its input."""
    slip = m.TicketSlip(
        ticket="2026-11-22-A-0001",
        number="A001",
        hall="示例县政务服务中心",
        zone="综合服务区",
        service="综合受理",
        ahead=12,
        wait_low=20,
        wait_high=35,
        windows=("1号窗口", "2号窗口", "3号窗口"),
        issued_ms=1_795_233_600_000,
        business_day="2026-11-22",
        qr="https://hall.example/t/2026-11-22-A-0001.0123456789abcdef",
        notes=("过号后请到导办台重新排队",),
    )
    bus = MqttBus("demo", SERVER_USER, BrokerAddress("127.0.0.1", port, SERVER_USER, password))

    def answer(_station: str, request: m.Issue) -> Future[m.IssueAnswer]:
        done: Future[m.IssueAnswer] = Future()
        done.set_result(m.IssueAnswer(id=request.id, slip=slip))
        return done

    bus.serve(topics.ISSUE, answer)
    open_all([bus])
    print("ready", flush=True)
    sys.stdin.read()
    bus.close()


class Round:
    """Sixteen clients that ask one thing after another; each answer's time is kept."""

    def __init__(self, buses: list[MqttBus]) -> None:
        self._buses = buses
        self._ids = itertools.count()
        self.seconds = 0.0
        self.times: list[float] = []

    def run(self, questions: int) -> None:
        """``questions`` in all, shared out evenly."""
        each = questions // len(self._buses)
        threads = [threading.Thread(target=self._client, args=(bus, each)) for bus in self._buses]
        begun = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.seconds += time.perf_counter() - begun

    def _client(self, bus: MqttBus, questions: int) -> None:
        times = []
        for i in range(questions):
            issue = m.Issue(id=f"{bus.station}-{next(self._ids)}", service=SERVICES[i % len(SERVICES)])
            asked = time.perf_counter()
            answer = bus.request(topics.ISSUE, issue).result()
            times.append(time.perf_counter() - asked)
            assert answer.slip is not None, answer
        self.times += times

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.times) / self.seconds

    def percentile(self, share: int) -> float:
        """Milliseconds."""
        return sorted(self.times)[len(self.times) * share // 100 - 1] * 1000


def measure(questions: int, rounds: int) -> tuple[Round, Round]:
    """(hall, echo) after ``rounds`` alternating rounds of ``questions`` each."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        hall = ServerProcess(write_hall(root / "hall", kiosks=CLIENTS), root / "state")
        hall.start()
        broker = Broker(directory=root / "echo", port=free_port(), users=KIOSKS)
        broker.start()
        responder = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.command_rate", "--echo", str(broker.port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"ECHO_SECRET": secret(broker.secret_file(SERVER_USER))},
        )
        assert responder.stdout is not None
        assert responder.stdout.readline() == b"ready\n"
        theirs = [_echo_client(broker, name) for name in KIOSKS]
        ours = [hall.bus(name) for name in KIOSKS]
        open_all([*ours, *theirs])
        true, bare = Round(ours), Round(theirs)
        for _ in range(rounds):
            for side in (bare, true):
                side.run(questions)
        for bus in (*ours, *theirs):
            bus.close()
        responder.communicate()
        broker.stop()
        hall.stop()
    return true, bare


def _echo_client(broker: Broker, name: str) -> MqttBus:
    return MqttBus(
        "demo", name, BrokerAddress("127.0.0.1", broker.port, name, secret(broker.secret_file(name)))
    )


def main() -> int:
    """Print both and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="30,000 commands instead of 3,200")
    parser.add_argument("--echo", type=int, metavar="PORT", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.echo:
        echo(options.echo, os.environ["ECHO_SECRET"])
        return 0
    rounds, questions = (10, 3200) if options.long else (2, 1600)
    true, bare = measure(questions, rounds)
    for name, side in (("echo", bare), ("hall", true)):
        print(
            f"{name}: {side.rate:,.0f}/s, p50 {side.percentile(50):.1f} ms, p99 {side.percentile(99):.1f} ms"
        )
    ratio, worst = true.rate / bare.rate, true.percentile(99)
    print(f"Q3: {ratio:.2f} × the echo, p99 {worst:.1f} ms, through MQTT (bar ≥ 0.4 ×, ≤ 50 ms)")
    return 0 if ratio >= 0.4 and worst <= 50 else 1


if __name__ == "__main__":
    sys.exit(main())
