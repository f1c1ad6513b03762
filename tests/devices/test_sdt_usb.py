"""The ID card reader on USB: pyusb unchanged over a backend whose device is the simulator."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
import usb.core

from devices.cards import IdCard
from devices.drivers.sdt import SdtReader
from devices.faults import DeviceAbsent, DeviceLost, DeviceMisconfigured
from devices.health import Health
from devices.links import UsbLink, find_usb, link_for, simulate_usb
from devices.ports import IdCardReader, State
from devices.registry import build
from devices.simulators.bench import load_bench
from devices.simulators.sdt_reader import OTHER_SAM_ID, SAM_ID, SdtReaderSimulator, UsbStyle
from devices.simulators.usb_backend import simulated_usb
from devices.supervisor import Supervised
from devices.usb_place import UsbPlace, parse_usb, serial_at, usb_presence
from tests.devices.support import Heard, state_is


@pytest.fixture(params=get_args(UsbStyle))
def simulator(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SdtReaderSimulator]:
    simulator = SdtReaderSimulator("reader-1", tmp_path / "reader-1", module_seconds=0.0, usb=request.param)
    simulator.start()
    yield simulator
    simulator.stop()


@pytest.fixture
def reader(simulator: SdtReaderSimulator) -> Iterator[SdtReader]:
    driver = build("sdt", {"port": simulator.address, "prints": True})
    assert isinstance(driver, SdtReader)
    driver.open()
    yield driver
    driver.close()


def test_pyusb_sees_the_device_with_its_strings_and_endpoints(simulator: SdtReaderSimulator) -> None:
    device = find_usb(parse_usb(simulator.address))
    assert isinstance(device, usb.core.Device)
    assert device.serial_number == "SIM-0001"
    ends = [end.bEndpointAddress for end in device.get_active_configuration()[(0, 0)]]
    assert ends in ([0x02, 0x06, 0x81, 0x85], [0x02, 0x81])
    usb.util.dispose_resources(device)


def test_a_card_is_read_with_prints_and_its_newest_address(
    simulator: SdtReaderSimulator, reader: SdtReader
) -> None:
    assert reader.identify() == SAM_ID
    assert not reader.find()
    simulator.lay("zhang")
    assert reader.find()
    card = reader.read()
    assert (card.name, len(card.photo), len(card.prints)) == ("张秀兰", 1024, 1024)
    assert reader.newest_address() == "示例省示例县新城区学府路9号"
    assert reader.still_there()
    simulator.remove()
    assert not reader.still_there()
    assert reader.newest_address() == ""


@pytest.mark.parametrize("fault", ["noise", "half_frame", "bit_flip", "card_moves"])
def test_disturbances_end_in_a_good_read(
    fault: str, simulator: SdtReaderSimulator, reader: SdtReader
) -> None:
    simulator.lay("wang")
    simulator.set_fault(fault, True)
    assert reader.find()
    assert reader.read().name == "王𠮷"


def test_a_module_without_prints_is_read_without(simulator: SdtReaderSimulator, reader: SdtReader) -> None:
    simulator.set_fault("no_prints", True)
    simulator.lay("zhang")
    assert reader.find()
    assert reader.read().prints == b""


def test_a_mute_reader_is_silent(simulator: SdtReaderSimulator, reader: SdtReader) -> None:
    simulator.set_fault("mute", True)
    with pytest.raises(DeviceLost) as lost:
        reader.find()
    assert lost.value.fault.code == "silent"


def test_pulled_out_and_replaced_under_a_page_that_waits(simulator: SdtReaderSimulator) -> None:
    heard: Heard[Health] = Heard()
    cards: Heard[IdCard] = Heard()
    device = Supervised("reader", build("sdt", {"port": simulator.address}), heard, first_pause_seconds=0.02)
    device.start()

    def ask(driver: IdCardReader) -> IdCard | None:
        return driver.read() if driver.find() else None

    try:
        heard.wait(state_is("ready"))
        device.watch(ask, cards, every_seconds=0.01)  # type: ignore[arg-type]
        simulator.lay("li")
        assert cards.wait().name == "李㐂顺"
        simulator.set_fault("unplugged", True)
        heard.wait(state_is("absent"))
        simulator.set_fault("replaced", True)
        back = heard.wait(lambda health: health.state is State.READY and bool(health.replaced))
        assert (back.identity, back.replaced) == (OTHER_SAM_ID, SAM_ID)
        simulator.lay("zhang")
        cards.wait(lambda card: card.name == "张秀兰")
    finally:
        device.stop()


def test_nothing_on_the_bus_is_absent(tmp_path: Path) -> None:
    simulate_usb(simulated_usb)
    link = link_for(f"usbsim://{tmp_path / 'nobody'}")
    assert link.presence() == ""
    with pytest.raises(DeviceAbsent):
        link.open()


def test_a_program_that_simulates_nothing_knows_no_simulated_port() -> None:
    """Asked of a fresh interpreter: drivers load no simulator by themselves."""
    program = (
        "import sys\n"
        "from devices.faults import DeviceMisconfigured\n"
        "from devices.registry import build\n"
        "try:\n    build('sdt', {'port': 'usbsim:///nowhere'}).open()\n"
        "except DeviceMisconfigured as error:\n    print(error.fault.code)\n"
        "print([name for name in sys.modules if name.startswith('devices.simulators')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["no_simulation", "[]"], done.stderr


def test_a_bench_has_usb_devices_and_the_command_line_reaches_them(tmp_path: Path) -> None:
    bench, station = tmp_path / "bench.toml", tmp_path / "station.toml"
    links = tmp_path / "dev"
    bench.write_text(
        f'[bench]\nlinks = "{links}"\ncontrol_port = 0\n[simulators.reader]\nsimulator = "sdt_reader"\n'
        'usb = "split"\n[simulators.printer]\nsimulator = "ticket_printer"\nusb = true\n'
    )
    station.write_text(
        f'[devices.reader]\ndriver = "sdt"\nport = "usbsim://{links}/reader"\n'
        f'[devices.printer]\ndriver = "escpos"\nport = "usbsim://{links}/printer"\n'
    )
    simulators = load_bench(bench)
    simulators.start()
    try:
        command = [sys.executable, "-m", "devices", "list", "--config", str(station)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        simulators.stop()
    assert done.returncode == 0, done.stdout + done.stderr


def test_without_libusb_the_technician_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(**_: object) -> None:
        raise usb.core.NoBackendError("No backend available")

    monkeypatch.setattr(usb.core, "find", none)
    with pytest.raises(DeviceMisconfigured) as wrong:
        UsbLink("usb://0400:c35a").open()
    assert wrong.value.fault.code == "no_libusb"


@pytest.mark.parametrize(
    ("port", "place"),
    [
        ("usb://0400:C35A", UsbPlace(0x0400, 0xC35A)),
        ("usb://0483:5652/1-1.4", UsbPlace(0x0483, 0x5652, "1-1.4")),
        ("usb://0483:5652/SN-77", UsbPlace(0x0483, 0x5652, "SN-77")),
        ("usbsim:///tmp/x", UsbPlace(simulated="/tmp/x")),
    ],
)
def test_places_are_read(port: str, place: UsbPlace) -> None:
    assert parse_usb(port) == place


@pytest.mark.parametrize("port", ["usb://", "usb://0400", "usb://0400:c35a/", "usbsim://", "usb://g400:c35a"])
def test_wrong_places_are_refused_when_configured(port: str) -> None:
    with pytest.raises(DeviceMisconfigured):
        build("sdt", {"port": port})


def test_presence_on_the_kernels_tree_follows_socket_serial_and_each_plugging_in(tmp_path: Path) -> None:
    for socket, number, serial in (("1-1.3", "7", "A"), ("1-1.4", "8", "B")):
        folder = tmp_path / socket
        folder.mkdir()
        words = {"idVendor": "0400", "idProduct": "c35a", "devnum": number, "serial": serial}
        for name, word in words.items():
            (folder / name).write_text(f"{word}\n")
    assert usb_presence("usb://0400:c35a/1-1.4", sysfs=tmp_path) == "1-1.4:8"
    assert usb_presence("usb://0400:c35a/A", sysfs=tmp_path) == "1-1.3:7"
    assert usb_presence("usb://0400:c35a/C", sysfs=tmp_path) == ""
    (tmp_path / "1-1.4" / "devnum").write_text("9\n")
    assert usb_presence("usb://0400:c35a/1-1.4", sysfs=tmp_path) == "1-1.4:9"


def test_two_like_serial_adapters_are_told_apart_by_their_sockets(tmp_path: Path) -> None:
    for number, socket in enumerate(("1-1.4", "1-1.3")):
        device = tmp_path / "devices" / "usb1" / "1-1" / socket / f"{socket}:1.0" / f"ttyUSB{number}"
        device.mkdir(parents=True)
        tty = tmp_path / "tty" / f"ttyUSB{number}"
        tty.mkdir(parents=True)
        (tty / "device").symlink_to(device)
    found = [serial_at(f"port://{socket}", sysfs=tmp_path / "tty") for socket in ("1-1.3", "1-1.4", "1-2")]
    assert found == ["/dev/ttyUSB1", "/dev/ttyUSB0", ""]
    with pytest.raises(DeviceAbsent):
        link_for("port://9-9.9").open()
