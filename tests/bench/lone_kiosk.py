"""A kiosk's own numbers as a process: the shipped LoneDesk, station clock, MqttBus and drawer; no screen.

`python -m tests.bench.lone_kiosk PORT SECRET FILE SPEED START DAY` reads a wish a line and answers each with
a line once the number is on its disk: kill -9 it at any moment and start it again on the same file.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import msgspec

from contract import messages as m
from contract import topics
from contract.clock import StationClock
from contract.mqtt import BrokerAddress, MqttBus
from contract.station import Station
from kiosk.alone import LoneDesk
from kiosk.blocks import Asked
from tests.bench.fast_clock import told

SERVICES = ("shebao", "budongchan", "banshui")


class Wish(msgspec.Struct, frozen=True):
    """A line in: take a number, or say how things stand (``service`` '')."""

    id: str
    service: str = ""
    person: str = ""


class Word(msgspec.Struct, frozen=True):
    """A line out: a number that is real now, or why there is none; how many are ready and not home."""

    id: str
    number: str = ""
    ticket: str = ""
    issued_ms: int = 0
    existing: bool = False
    refusal: str = ""
    ready: int = 0
    away: int = 0


def main(port: str, secret: str, file: str, *clock_words: str) -> int:
    """Until the line ends."""
    fast = told(list(clock_words))
    address = BrokerAddress("127.0.0.1", int(port), "kiosk-1", secret)
    bus = MqttBus("demo", "kiosk-1", address)
    clock = StationClock(monotonic=fast.monotonic_ms, wall=fast.wall_ms)
    info = m.StationInfo(kind=m.StationKind.KIOSK, software="bench")
    station = Station(bus, info, clock=clock)
    desk = LoneDesk(bus, clock, Path(file), changed=lambda _ready, _away: None)
    bus.on(topics.SERVER, lambda state, _ids: desk.hear_server(state))
    station.on_server(desk.server)
    desk.open()
    desk.offer(SERVICES)
    station.open()
    station.ready()
    lock = threading.Lock()
    for line in sys.stdin:
        wish = msgspec.json.decode(line, type=Wish)
        with lock:
            sys.stdout.buffer.write(msgspec.json.encode(answer(desk, wish)) + b"\n")
            sys.stdout.buffer.flush()
    desk.close()
    station.close()
    return 0


def answer(desk: LoneDesk, wish: Wish) -> Word:
    """What the citizen would be told."""
    if not wish.service:
        return Word(wish.id, ready=min(desk.ready().get(s, 0) for s in SERVICES), away=desk.away())
    person = m.Person(key=wish.person, masked_name="张*") if wish.person else None
    given = desk.issue(Asked(id=wish.id, service=wish.service, person=person))
    if given.lone is None:
        return Word(wish.id, refusal=given.refusal)
    slip = given.lone.slip
    if not given.existing:
        desk.paper(m.ReportPaper(id=f"{wish.id}-p", ticket=slip.ticket, paper=m.Paper.CONFIRMED))
    return Word(wish.id, slip.number, slip.ticket, given.lone.issued_ms, given.existing)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
