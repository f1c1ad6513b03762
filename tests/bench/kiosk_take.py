"""K3: service chosen, card laid on → the ticket's last byte at the printer, beyond the wires' own time.

    python -m tests.bench.kiosk_take [--long]

The real kiosk on Xvfb, hall server, broker, drivers; reader and printer are simulated on PTYs at 115,200
baud. Wire time = bytes that the reader must send for find, select and base read, and the bytes that the
printer received, each at ten bits a byte. The find-poll interval is within the figure.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from pathlib import Path
from statistics import quantiles
from time import monotonic

from devices.simulators.people import PEOPLE
from tests.kiosk.on_display import KioskProcess, Place, place, tap_until

BAUD = 115200
READ_BYTES = 1295 + 11 + 15 + 3 * 10
"""Base read, select and find answers, and the three requests."""
ZONES = ((280, 700), (800, 700), (280, 1250), (800, 1250))
PER_PERSON = 3
"""More open numbers the sample hall gives nobody."""
FIRST_SERVICE = (500, 620)
DONE = (150, 1830)
LIMIT_SECONDS = 30.0


def main() -> None:
    """Take numbers with different cards for different services; print each and the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="24 takes instead of 6")
    count = 24 if parser.parse_args().long else 6
    logging.basicConfig(level=logging.WARNING)
    people = [person.word for person in PEOPLE if person.word != "strange"]
    takes = [(zone, person) for person in people for zone in ZONES[:PER_PERSON]][:count]
    with tempfile.TemporaryDirectory() as folder, place(Path(folder)) as hall:
        kiosk = hall.kiosk()
        kiosk.marks.wait("home")
        beyond = [_take(hall, kiosk, zone, person) for zone, person in takes]
    p95 = quantiles(beyond, n=20, method="inclusive")[18]
    p50 = quantiles(beyond, n=20, method="inclusive")[9]
    print(f"K3: p50 {p50:.0f}, p95 {p95:.0f}, worst {max(beyond):.0f} ms beyond the wire, {count} takes")
    print(f"K3: {p95:.0f} ms (bar p95 ≤ 300 ms beyond wire time)")


def _take(hall: Place, kiosk: KioskProcess, zone: tuple[int, int], person: str) -> float:
    """One number with this card; milliseconds beyond the wires."""
    tap_until(hall.display, kiosk.marks, "zone", *zone)
    tap_until(hall.display, kiosk.marks, "service", *FIRST_SERVICE)
    printed, received = hall.printer.printed, hall.printer.received_bytes
    laid = monotonic()
    hall.reader.lay(person)
    assert hall.printer.wait_for(lambda: hall.printer.printed > printed, seconds=LIMIT_SECONDS)
    took = hall.printer.last_byte_at - laid
    size = hall.printer.received_bytes - received
    wire = (READ_BYTES + size) * 10 / BAUD
    hall.reader.remove()
    tap_until(hall.display, kiosk.marks, "home", *DONE)
    print(f"  {person}: {took * 1000:.0f} ms, of which wire {wire * 1000:.0f} ms ({size} bytes of ticket)")
    return (took - wire) * 1000


if __name__ == "__main__":
    main()
