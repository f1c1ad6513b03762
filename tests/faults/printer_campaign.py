"""D1, printer's part: random faults at random moments of random tickets, in text and picture, serial and TCP.

After each injection the fault is taken away and the driver must heal by closing, opening and identifying,
as the supervisor does. Counted, and wanted zero: errors that are no DeviceError, tickets confirmed that
did not come out whole, tickets that came out twice, printers that did not heal.

    python -m tests.faults.printer_campaign [--long] [--seed N]
"""

from __future__ import annotations

import argparse
import random
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devices.faults import DeviceError, DeviceRefused
from devices.printing.profiles import Patience
from devices.simulators.printer_model import FAULTS, PrinterMake
from devices.tickets import Line, Proof, Qr, Rule, Ticket
from tests.devices.printer_bench import PrinterBench, printer_bench

PATIENCE = Patience(connect=1.0, stall=0.5, status=0.7, look=0.1, stopped=0.3, cooling=2.0, margin=1.0)
ROUNDS_BEFORE_HEALED = 5


@dataclass(slots=True)
class Tally:
    """What happened."""

    injected: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def ticket(number: int) -> Ticket:
    """A short ticket whose number can be read back in text and, as a QR code's text, in both modes."""
    return (Line(f"N{number:05d}", 3), Rule(), Line("取号姓名：王𠮷㐂*"), Qr(f"N{number:05d}"))


def attempt(bench: PrinterBench, number: int, tally: Tally) -> Proof | None:
    """Print once; None for an error."""
    try:
        proof = bench.driver.print(ticket(number))
    except DeviceRefused as refused:
        tally.ends[f"refused {refused.fault.code}"] += 1
        return None
    except DeviceError as lost:
        tally.ends[f"lost {lost.fault.code}"] += 1
        return None
    except Exception as error:  # noqa: BLE001 - the campaign counts what should not be
        tally.wrong.append(f"{type(error).__name__}: {error}")
        return None
    tally.ends[proof.value] += 1
    return proof


def inject(bench: PrinterBench, number: int, dice: random.Random, tally: Tally) -> None:
    """One fault at a random moment of one ticket, then health."""
    fault = dice.choice(sorted(FAULTS))
    moment = dice.choice((0.0, 0.0, dice.uniform(0.0, 0.1), dice.uniform(0.0, 0.6)))
    done = threading.Event()

    def misbehave() -> None:
        done.wait(moment)
        bench.sim.set_fault(fault, True)

    thread = threading.Thread(target=misbehave)
    thread.start()
    before = bench.sim.printed
    proof = attempt(bench, number, tally)
    done.set()
    thread.join()
    if proof is Proof.CONFIRMED and bench.sim.printed != before + 1:
        tally.wrong.append(f"{number}: confirmed, but {bench.sim.printed - before} came out ({fault})")
    bench.sim.set_fault(fault, False)
    tally.injected += 1


def heal(bench: PrinterBench, number: int, tally: Tally) -> None:
    """The supervisor's part; a ticket must come out, alone and confirmed."""
    for _ in range(ROUNDS_BEFORE_HEALED):
        try:
            bench.ready()
        except DeviceError:
            continue
        before = bench.sim.printed
        if attempt(bench, number, tally) is Proof.CONFIRMED:
            came = bench.sim.printed - before
            if came < 1:
                tally.wrong.append(f"{number}: confirmed after healing, but nothing came out")
            return
    tally.wrong.append(f"{number}: not healed")


def campaign(line: str, mode: str, count: int, seed: int, tally: Tally) -> None:
    """``count`` injections on one printer."""
    dice = random.Random(f"{seed} {line} {mode}")
    make = PrinterMake(rows_per_second=1200, buffer_bytes=dice.choice((4096, 65536)))
    options: dict[str, Any] = {"mode": mode}
    with (
        tempfile.TemporaryDirectory() as folder,
        printer_bench(line, Path(folder), make=make, patience=PATIENCE, **options) as bench,
    ):
        for number in range(0, count * 2, 2):
            inject(bench, number, dice, tally)
            heal(bench, number + 1, tally)
        if mode == "text":
            numbers = Counter(code for one in bench.sim.tickets for code in one.codes)
            tally.wrong += [f"{number} came out twice" for number, times in numbers.items() if times > 1]


def main() -> None:
    """Print what happened; exit status 1 when anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="2,000 injections instead of 40")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, help="injections on each of four printers")
    options = parser.parse_args()
    tally = Tally()
    each = options.each or (500 if options.long else 10)
    for line in ("serial", "tcp"):
        for mode in ("text", "picture"):
            campaign(line, mode, each, options.seed, tally)
    for end, times in sorted(tally.ends.items()):
        print(f"  {end}: {times}")
    for wrong in tally.wrong:
        print(f"  WRONG {wrong}")
    print(f"D1 printer: {len(tally.wrong)} wrong in {tally.injected} injections (bar 0)")
    raise SystemExit(1 if tally.wrong else 0)


if __name__ == "__main__":
    main()
