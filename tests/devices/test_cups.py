"""The A4 printer through a real cupsd: a job is told done only when it is, else withdrawn or unknown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devices.drivers.cups import CupsPrinter, Options
from devices.faults import DeviceAbsent, DeviceLost, DeviceRefused
from devices.simulators.page_printer import QUEUE, PagePrinterSimulator, missing
from devices.tickets import Proof

PAGE = "一页证明\n".encode()


@pytest.fixture(scope="module")
def running() -> Iterator[PagePrinterSimulator]:
    if missing():
        pytest.skip(missing())
    simulator = PagePrinterSimulator("report-1")
    simulator.start()
    yield simulator
    simulator.stop()


@pytest.fixture
def simulator(running: PagePrinterSimulator) -> Iterator[PagePrinterSimulator]:
    yield running
    for fault in running.faults():
        if fault in running.state()["faults"]:  # type: ignore[operator]
            running.set_fault(fault, False)


@pytest.fixture
def printer(simulator: PagePrinterSimulator) -> Iterator[CupsPrinter]:
    driver = CupsPrinter(Options(queue=QUEUE, server=simulator.address, proof=True))
    driver.open()
    yield driver
    driver.close()


def test_a_page_comes_out_and_only_then_it_is_done(
    simulator: PagePrinterSimulator, printer: CupsPrinter
) -> None:
    before = len(simulator.papers)
    assert printer.print_pages(PAGE, title="certificate", timeout_seconds=20.0) is Proof.CONFIRMED
    assert simulator.papers[before:] == (PAGE,)
    assert printer.counts()["done"] == 1


def test_where_the_machine_is_not_asked_done_means_only_sent(simulator: PagePrinterSimulator) -> None:
    driver = CupsPrinter(Options(queue=QUEUE, server=simulator.address))
    driver.open()
    assert driver.heartbeat().ok is None, "an idle queue says nothing of the printer"
    assert driver.print_pages(PAGE, title="certificate", timeout_seconds=20.0) is Proof.UNKNOWN
    driver.close()


@pytest.mark.parametrize(
    ("fault", "code"), [("paper_out", "paper_out"), ("jam", "paper_jam"), ("offline", "offline")]
)
def test_a_job_that_waits_is_withdrawn_with_the_reason_and_does_not_come_later(
    fault: str, code: str, simulator: PagePrinterSimulator, printer: CupsPrinter
) -> None:
    simulator.set_fault(fault, True)
    before = len(simulator.papers)
    with pytest.raises(DeviceRefused) as refused:
        printer.print_pages(PAGE, title="certificate", timeout_seconds=1.5)
    assert refused.value.fault.code == code
    assert printer.counts()["withdrawn"] == 1
    simulator.set_fault(fault, False)
    assert printer.print_pages(b"next", title="next", timeout_seconds=20.0) is Proof.CONFIRMED
    assert simulator.papers[before:] == (b"next",)


def test_a_paused_queue_takes_nothing(simulator: PagePrinterSimulator, printer: CupsPrinter) -> None:
    simulator.set_fault("paused", True)
    assert printer.heartbeat().ok is False
    with pytest.raises(DeviceRefused) as refused:
        printer.print_pages(PAGE, title="certificate", timeout_seconds=5.0)
    assert refused.value.fault.code == "queue_paused"
    assert printer.counts()["jobs"] == 0


def test_an_aborted_job_is_not_done(simulator: PagePrinterSimulator, printer: CupsPrinter) -> None:
    simulator.set_fault("aborts", True)
    with pytest.raises(DeviceRefused) as refused:
        printer.print_pages(PAGE, title="certificate", timeout_seconds=20.0)
    assert refused.value.fault.code == "job_failed"


def test_a_slow_job_is_withdrawn_at_its_time(simulator: PagePrinterSimulator, printer: CupsPrinter) -> None:
    simulator.set_fault("slow", True)
    with pytest.raises(DeviceRefused) as refused:
        printer.print_pages(PAGE, title="certificate", timeout_seconds=1.0)
    assert refused.value.fault.code == "job_too_long"


def test_no_queue_and_no_service(simulator: PagePrinterSimulator, printer: CupsPrinter) -> None:
    other = CupsPrinter(Options(queue="b5", server=simulator.address))
    with pytest.raises(DeviceAbsent):
        other.open()
    simulator.set_fault("unplugged", True)
    with pytest.raises(DeviceLost) as lost:
        printer.heartbeat()
    assert lost.value.fault.code == "cups_down"
