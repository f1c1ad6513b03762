"""M1: a clerk's press to the last of 60 screens that reads the call, in a hall of 253 windows on a busy day.

`python -m tests.bench.call_fanout [--calls 100] [--long]`; --long = 1,000 calls. One load process with one
monotonic clock presses (HTTP, as the clerk's page does) and reads with 60 bare MQTT clients in one
select loop; behind each call all 60 confirm it, as boards do. The floor, in the same run: the same bytes
published straight to the broker, to the last of the same 60. Behind it a second process plays 40 kiosks:
numbers, papers, presses, health beats.
"""

from __future__ import annotations

import argparse
import multiprocessing
import select
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from contract import messages as m
from contract import topics
from contract.schema import decode, encode
from hall_server.broker import secret
from tests.hall.server_process import ServerProcess, open_all, write_hall

SCREENS, KIOSKS, WINDOWS = 60, 40, 253
TOPIC = topics.BOARD_CALL.topic("demo", board="hall")
_BORN = m.StationState(s=m.Presence.READY, boot="b", kind=m.StationKind.BOARD)
_BOARD = m.StationInfo(kind=m.StationKind.BOARD, software="bench", serves="hall", confirms=True)


def busy_day(config: Path, state: Path, ready: object, stop: object) -> None:
    """Other people's work: 4 numbers and 4 presses a second, 12 health beats a second."""
    server = ServerProcess(config, state)
    kiosks = [server.bus(f"kiosk-{i}") for i in range(1, KIOSKS + 1)]
    open_all(kiosks, 30)
    http = server.http(seconds=20)
    ready.set()  # type: ignore[attr-defined]
    beat = 0
    while not stop.wait(0.083):  # type: ignore[attr-defined]
        beat += 1
        bus = kiosks[beat % KIOSKS]
        bus.publish(topics.STATION_HEALTH, m.StationHealth(boot="b", at_ms=0), station=bus.station)
        if beat % 3 == 0:
            bus.request(topics.ISSUE, m.Issue(id=f"busy-{beat}", service="banshui"), timeout_seconds=20)
            window = "w07" if beat % 2 else "w08"
            action = ("next", "arrive", "finish")[beat // 3 % 3]
            http.post(f"/api/windows/{window}/{action}", json={"request": f"busy-{window}-{beat:06d}"})
    for bus in kiosks:
        bus.close()


def wire(client: Client) -> socket.socket:
    """The client's socket, with TCP_NODELAY as every client of ours has it."""
    sock = client.socket()
    assert isinstance(sock, socket.socket)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


class Screens:
    """Sixty bare clients in one loop; ``last(n)`` reads until each has read ``n`` more calls."""

    def __init__(self, server: ServerProcess) -> None:
        self.counts = dict.fromkeys(range(SCREENS), 0)
        self.payload = b""
        self.clients = [self._client(server, i) for i in range(SCREENS)]
        self.by_socket = {wire(client): client for client in self.clients}
        self.pump(lambda: all(client.is_connected() for client in self.clients), 10)
        for client in self.clients:
            client.subscribe(TOPIC, qos=1)
        for i, client in enumerate(self.clients):
            self._say(client, i, topics.STATION_STATE, _BORN)
            self._say(client, i, topics.STATION_INFO, _BOARD)
        self.pump(lambda: False, 1.0)

    def _client(self, server: ServerProcess, i: int) -> Client:
        user = f"board-{i + 1}"
        client = Client(CallbackAPIVersion.VERSION2, client_id=user, protocol=MQTTv5)
        client.username_pw_set(user, secret(server.state / "broker" / "secrets" / user))

        def note(_client: Client, _data: object, message: object, i: int = i) -> None:
            payload = message.payload  # type: ignore[attr-defined]
            if b'"kind":"call"' in payload or b"floor" in payload:
                self.counts[i] += 1
                self.payload = payload

        client.on_message = note
        client.connect("127.0.0.1", server.broker_port, keepalive=60)
        return client

    def pump(self, enough: object, seconds: float) -> bool:
        """Serve the sockets until ``enough()`` or the time is over."""
        deadline = time.monotonic() + seconds
        while not enough():  # type: ignore[operator]
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            writers = [s for s, client in self.by_socket.items() if client.want_write()]
            readable, writable, _ = select.select(list(self.by_socket), writers, [], min(left, 0.5))
            for ready in readable:
                self.by_socket[ready].loop_read(10)
            for ready in writable:
                self.by_socket[ready].loop_write()
            if not readable:
                for client in self.clients:
                    client.loop_misc()
        return True

    def confirm(self) -> None:
        """All say that the last call is on the glass; the answers of the broker are read with what comes."""
        reports = m.CallReports(
            reports=(m.CallReport(call=decode(m.Call, self.payload).call, fate=m.CallFate.SHOWN),)
        )
        for i, client in enumerate(self.clients):
            self._say(client, i, topics.STATION_CALLS, reports)

    def _say(self, client: Client, i: int, route: topics.Route[Any], message: m.Message) -> None:
        topic = route.topic("demo", station=f"board-{i + 1}")
        client.publish(topic, encode(message), qos=route.qos, retain=route.retained)

    def reached(self, target: int) -> bool:
        """Everybody has read this many."""
        return min(self.counts.values()) >= target

    def level(self) -> int:
        """How many calls everybody has read."""
        return min(self.counts.values())


def percentile(values: list[float], part: float) -> float:
    """In milliseconds."""
    return sorted(values)[min(len(values) - 1, int(len(values) * part))] * 1000


def presses(server: ServerProcess, screens: Screens, calls: range) -> list[float]:
    """Seconds from the press to the last screen."""
    kiosk = server.bus("kiosk-1b")
    open_all([kiosk])
    http = server.http(seconds=20)
    raw = socket.create_connection(("127.0.0.1", server.web_port))
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    took = []
    for i in calls:
        window = f"w{13 + i % 240}"
        kiosk.request(topics.ISSUE, m.Issue(id=f"own-{i}", service="shebao"), timeout_seconds=20).result()
        screens.pump(lambda: False, 0.02)
        body = f'{{"request":"own-next-{i:06d}"}}'.encode()
        head = (
            f"POST /api/windows/{window}/next HTTP/1.1\r\nHost: 127.0.0.1:{server.web_port}\r\n"
            f"Authorization: {http.headers['Authorization']}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode()
        target = screens.level() + 1
        started = time.monotonic()
        raw.sendall(head + body)
        arrived = screens.pump(lambda target=target: screens.reached(target), 5)
        took.append(time.monotonic() - started)
        assert arrived, f"call {i} did not reach everybody"
        screens.confirm()
        raw.recv(65536)
        for action in ("arrive", "finish"):
            http.post(f"/api/windows/{window}/{action}", json={"request": f"own-{action}-{i:06d}"})
    raw.close()
    kiosk.close()
    return took


def floor(server: ServerProcess, screens: Screens, rounds: int) -> list[float]:
    """Seconds from a bare publish of the same bytes to the last screen."""
    size = len(screens.payload) or 400
    user = "hall-server"
    publisher = Client(CallbackAPIVersion.VERSION2, client_id="bench-floor", protocol=MQTTv5)
    publisher.username_pw_set(user, secret(server.state / "broker" / "secrets" / user))
    publisher.connect("127.0.0.1", server.broker_port)
    wire(publisher)
    publisher.loop_start()
    payload = decodable(size)
    took = []
    for _ in range(rounds):
        screens.pump(lambda: False, 0.02)
        target = screens.level() + 1
        started = time.monotonic()
        publisher.publish(TOPIC, payload, qos=1)
        assert screens.pump(lambda target=target: screens.reached(target), 5)
        took.append(time.monotonic() - started)
    publisher.disconnect()
    publisher.loop_stop()
    return took


def decodable(size: int) -> bytes:
    """A retraction that real screens would ignore, of the size of a call."""
    call = m.Call(
        call="floor",
        kind=m.CallKind.RETRACT,
        board="hall",
        ticket="floor",
        number="floor",
        window="w01",
        window_label="x" * max(1, size - 200),
        zone="",
        service="",
        at_ms=0,
        expires_ms=0,
    )
    payload = encode(call)
    assert decode(m.Call, payload) == call
    return payload


def main() -> int:
    """Print the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--long", action="store_true")
    options = parser.parse_args()
    calls = 1000 if options.long else options.calls
    spawn = multiprocessing.get_context("spawn")
    ready, stop = spawn.Event(), spawn.Event()
    with tempfile.TemporaryDirectory() as folder:
        config = write_hall(Path(folder), kiosks=KIOSKS, boards=SCREENS, windows=WINDOWS)
        extra = '\n[[stations]]\nid = "kiosk-1b"\nkind = "kiosk"\n'
        config.write_text(config.read_text(encoding="utf-8") + extra, encoding="utf-8")
        server = ServerProcess(config, Path(folder) / "state")
        server.start()
        other = spawn.Process(target=busy_day, args=(config, server.state, ready, stop))
        other.start()
        assert ready.wait(60)
        screens = Screens(server)
        half = presses(server, screens, range(calls // 2))
        bare = floor(server, screens, calls)
        took = half + presses(server, screens, range(calls // 2, calls))
        stop.set()
        other.join()
        server.stop()
    p50, p99 = percentile(took, 0.5), percentile(took, 0.99)
    floor50, floor99 = percentile(bare, 0.5), percentile(bare, 0.99)
    print(f"press → last of {SCREENS}: p50 {p50:.1f} ms, p99 {p99:.1f} ms over {calls} calls")
    print(f"bare publish → last of {SCREENS}: p50 {floor50:.1f} ms, p99 {floor99:.1f} ms")
    print(
        f"M1: p99 {p99:.1f} ms, {p50 / floor50:.1f} x the broker's own at p50, {p99 / floor99:.1f} x at p99 "
        "(bar 30 ms, 4 x)"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
