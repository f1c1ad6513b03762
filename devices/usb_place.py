"""Where a USB device is: ids and, where two are alike, the socket on the box or the serial number."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from devices.faults import DeviceMisconfigured
from devices.link_faults import bad_address

USB_SCHEMES = ("usb", "usbsim")
_IDS = re.compile(r"([0-9A-Fa-f]{4}):([0-9A-Fa-f]{4})(?:/([\w.\-]+))?")


@dataclass(frozen=True, slots=True)
class UsbPlace:
    """``where`` is a socket (``1-1.4``: bus 1, hub port 1, its port 4), a serial number, or '' for any.

    ``simulated`` is the socket of a simulator, '' for hardware.
    """

    vendor: int = 0
    product: int = 0
    where: str = ""
    simulated: str = ""


def parse_usb(port: str) -> UsbPlace:
    """``usb://0400:c35a``, ``usb://0400:c35a/1-1.4`` or ``usbsim://PATH``. Raises DeviceMisconfigured."""
    scheme, _, address = port.partition("://")
    if scheme == "usbsim" and address:
        return UsbPlace(simulated=address)
    match = _IDS.fullmatch(address)
    if scheme != "usb" or match is None:
        raise DeviceMisconfigured(bad_address(port))
    vendor, product, where = match.groups()
    return UsbPlace(int(vendor, 16), int(product, 16), where or "")


def usb_presence(port: str, *, sysfs: Path = Path("/sys/bus/usb/devices")) -> str:
    """Changes with each plugging in; '' while nothing is there. Asks the kernel's tree, not the device."""
    place = parse_usb(port)
    if place.simulated:
        with suppress(OSError):
            node = Path(place.simulated).stat()
            return f"{node.st_ino}:{node.st_ctime_ns}"
        return ""
    for folder in sorted(sysfs.glob("*")):
        if (
            _word(folder, "idVendor") != f"{place.vendor:04x}"
            or _word(folder, "idProduct") != f"{place.product:04x}"
        ):
            continue
        if place.where in ("", folder.name, _word(folder, "serial")):
            return f"{folder.name}:{_word(folder, 'devnum')}"
    return ""


def serial_at(port: str, *, sysfs: Path = Path("/sys/class/tty"), dev: Path = Path("/dev")) -> str:
    """The node of the serial adapter in a USB socket (``port://1-1.4``), '' when none is there."""
    wanted = port.partition("://")[2]
    for tty in sorted(sysfs.glob("tty*")):
        place = (tty / "device").resolve()
        if wanted in (part.partition(":")[0] for part in place.parts) and wanted:
            return str(dev / tty.name)
    return ""


def _word(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text().strip()
    except OSError:
        return ""
