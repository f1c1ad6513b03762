"""One private pcscd and reader for all tests of a process: libpcsclite keeps to its first socket for ever."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import pytest

from devices.simulators.card_reader import CardReaderSimulator
from devices.simulators.pcsc_daemon import missing


@cache
def shared_reader() -> CardReaderSimulator:
    """The simulator, running, without card and fault; ends with the process."""
    folder = Path(tempfile.mkdtemp(prefix="banshi-pcsc-"))
    simulator = CardReaderSimulator("card-1", folder)
    simulator.start()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(simulator.stop)
    return simulator


def fresh_reader() -> CardReaderSimulator:
    """The shared one, running again, emptied and healed. Skips where pcscd cannot run."""
    if missing():
        pytest.skip(missing())
    simulator = shared_reader()
    simulator.start()
    simulator.remove()
    for fault in simulator.state()["faults"]:  # type: ignore[attr-defined]
        simulator.set_fault(fault, False)
    return simulator
