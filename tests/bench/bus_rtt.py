"""Request and answer through the real broker, against a bare paho echo pair in the same run.

``python -m tests.bench.bus_rtt [--long]``. Both sides QoS 1, TCP_NODELAY, one process, one question at a
time; rounds are interleaved so that a busy machine is busy for both.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from socket import IPPROTO_TCP, TCP_NODELAY
from typing import Any

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from contract import messages as m
from contract import topics as t
from contract.mqtt import MqttBus
from contract.schema import encode
from tests.mosquitto import Mosquitto

SLIP = m.TicketSlip(
    ticket="01JD8Z3Q5W", number="A012", hall="示例县政务服务中心", zone="综合", service="证照办理", ahead=12
)
ISSUE = m.Issue(id="01JD8Z3Q5W0000000000000001", service="s-general", items=("SAMPLE-1",))
ROUNDS = 10


def main() -> None:
    """Print p50 and p99 of both in milliseconds, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="10,000 questions instead of 1,000")
    questions = 10_000 if parser.parse_args().long else 1_000
    with tempfile.TemporaryDirectory() as folder:
        broker = Mosquitto(Path(folder), ["hall-server", "kiosk-1", "kiosk-2"])
        broker.start()
        try:
            bare, ours = _measure(broker, questions // ROUNDS)
        finally:
            broker.kill()
    print(f"{platform.machine()}, Python {platform.python_version()}, {2 * questions} questions")
    for name, times in (("bare paho", bare), ("MqttBus", ours)):
        print(f"{name}: p50 {_percentile(times, 50):.3f} ms, p99 {_percentile(times, 99):.3f} ms")
    ratio = _percentile(ours, 50) / _percentile(bare, 50)
    worst = _percentile(ours, 99)
    print(f"BUS-RTT: {worst:.2f} ms p99, {ratio:.2f} times bare paho at p50 (bar p99 ≤ 20 ms, ≤ 4 times)")


def _measure(broker: Mosquitto, batch: int) -> tuple[list[float], list[float]]:
    echo, asker, answered = _bare_pair(broker)
    server = MqttBus("demo", "hall-server", broker.address("hall-server"), watch_seconds=None)
    kiosk = MqttBus("demo", "kiosk-1", broker.address("kiosk-1"), watch_seconds=None)
    server.serve(t.ISSUE, _serve)
    for bus in (server, kiosk):
        _open(bus)
    payload = encode(ISSUE)

    def ask_bare() -> None:
        answered.clear()
        asker.publish("hall/1/demo/st/kiosk-2/up/req/issue2", payload, 1)
        assert answered.wait(5)

    def ask_ours() -> None:
        assert kiosk.request(t.ISSUE, ISSUE).result().slip is not None

    bare: list[float] = []
    ours: list[float] = []
    for _ in range(ROUNDS):
        bare += _times(ask_bare, batch)
        ours += _times(ask_ours, batch)
    kiosk.close()
    server.close()
    for client in (echo, asker):
        client.disconnect()
        client.loop_stop()
    return bare[batch // 10 :], ours[batch // 10 :]


def _serve(_station: str, request: m.Issue) -> Future[m.IssueAnswer]:
    future: Future[m.IssueAnswer] = Future()
    future.set_result(m.IssueAnswer(slip=SLIP, id=request.id))
    return future


def _bare_pair(broker: Mosquitto) -> tuple[Client, Client, threading.Event]:
    """Two paho clients: one sends back whatever comes, the other notes that it came."""
    answered = threading.Event()
    reply = encode(m.IssueAnswer(slip=SLIP, id=ISSUE.id))
    echo, asker = _bare(broker, "hall-server", "bench-echo"), _bare(broker, "kiosk-2", "bench-asker")

    def send_back(*_told: object) -> None:
        echo.publish("hall/1/demo/st/kiosk-2/down/rsp2", reply, 1)

    echo.on_message = send_back
    asker.on_message = lambda *_: answered.set()
    for client, topic in ((echo, "st/kiosk-2/up/req/issue2"), (asker, "st/kiosk-2/down/rsp2")):
        subscribed = threading.Event()
        client.on_subscribe = lambda *_, done=subscribed: done.set()
        client.subscribe(f"hall/1/demo/{topic}", 1)
        assert subscribed.wait(5)
    return echo, asker, answered


def _bare(broker: Mosquitto, user: str, name: str) -> Client:
    client = Client(CallbackAPIVersion.VERSION2, name, protocol=MQTTv5)
    client.username_pw_set(user, broker.address(user).password)
    client.on_socket_open = _send_at_once
    connected = threading.Event()
    client.on_connect = lambda *_: connected.set()
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    assert connected.wait(5)
    return client


def _send_at_once(_client: Client, _data: object, sock: Any) -> None:
    sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)


def _open(bus: MqttBus) -> None:
    linked = threading.Event()
    bus.on_link(lambda up: linked.set() if up else None)
    bus.open()
    assert linked.wait(10)


def _times(ask: Callable[[], None], count: int) -> list[float]:
    times = []
    for _ in range(count):
        began = time.perf_counter()
        ask()
        times.append((time.perf_counter() - began) * 1000)
    return times


def _percentile(times: list[float], percent: int) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


if __name__ == "__main__":
    main()
