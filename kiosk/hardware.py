"""The kiosk's devices: supervised drivers, whose news become events of the flow.

A card's content never leaves the reader's thread: there it becomes a Person (key, masked name, flags) and
is dropped. All callbacks only post.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic
from typing import cast

from contract.branding import Raster
from contract.messages import DeviceHealth, TicketSlip
from devices.cards import BankCard, IdCard, SocialCard
from devices.counters import CounterBook
from devices.faults import Cause, DeviceError, DeviceRefused, Fault, Owner
from devices.health import Health, Watch
from devices.hotplug import HotPlug
from devices.media import MediaChange, MediaEvent
from devices.ports import (
    Camera,
    CardReader,
    Device,
    Frame,
    IdCardReader,
    Kind,
    Scan,
    Scanner,
    State,
    TicketPrinter,
)
from devices.reporting import reported
from devices.signals import GuideLights
from devices.supervisor import Supervised
from devices.tickets import Proof, Ticket
from kiosk import identity, paper
from kiosk.flows import events as e
from kiosk.lights import SlotLights

log = logging.getLogger(__name__)

FIND_SECONDS = 0.08
PRESENCE_SECONDS = 0.4
PRINT_SECONDS = 30.0
SCAN_SECONDS = 0.3
PREVIEW_SECONDS = 0.05
REST_SECONDS = 5.0
DOCUMENT_CAMERA = "camera"
UNREADABLE = "没有读清，请拿起证件重新放一次"
NOT_NOW = "打印机暂时不能用"
PUBLIC_OWNERS = (Owner.CITIZEN, Owner.STAFF)

NO_IDENTITY = Fault(
    "no_identity", "银行卡不能用来取号", "请使用身份证或社会保障卡", Owner.CITIZEN, Cause.PERSON
)

AnyReader = IdCardReader | CardReader
Post = Callable[[e.Event], None]


@dataclass(frozen=True, slots=True)
class Keyring:
    """What turns a card into a Person; ``key`` is the hall's secret."""

    key: bytes = field(repr=False)
    elder_age: int = 60
    day: str = ""


class Hardware:
    """Drivers by name (``reader``, ``printer``, …) under supervision."""

    def __init__(self, drivers: Mapping[str, Device], post: Post, *, counters: Path | None = None) -> None:
        self._post = post
        self.keyring: Keyring | None = None
        """Set from any thread; without it no card is read."""
        self.no_show_text = ""
        self.logo: Raster | None = None
        """For the head of paper tickets; set from any thread, as the text above."""
        self._devices = {
            name: Supervised(name, driver, self._changed, book=CounterBook(name, counters))
            for name, driver in drivers.items()
        }
        self._hot_plug = HotPlug(self._devices.values())
        self._readers = [
            cast("Supervised[AnyReader]", device)
            for device in self._devices.values()
            if device.health.kind in (Kind.ID_CARD_READER, Kind.CARD_READER)
        ]
        self._reader_in_use = self._readers[0] if self._readers else None
        self._printer = cast("Supervised[TicketPrinter] | None", self._of(Kind.TICKET_PRINTER))
        self._lights = SlotLights(cast("Supervised[GuideLights] | None", self._of(Kind.GUIDE_LIGHT)))
        self._scanner = cast("Supervised[Scanner] | None", self._of(Kind.SCANNER))
        self._camera = cast("Supervised[Camera] | None", self._devices.get(DOCUMENT_CAMERA))
        self._finding: list[Watch[IdCard]] = []
        self._scanning: Watch[Scan] | None = None
        self._previewing: Watch[Frame] | None = None
        self._present: Watch[MediaChange] | None = None
        self._unclean = False

    def start(self) -> None:
        """Open all devices in the background, for ever."""
        for device in self._devices.values():
            device.start()
        self._hot_plug.start()

    def stop(self) -> None:
        """Close all devices."""
        self.look_for_cards(False)
        self.watch_card(False)
        self.look_for_scans(False)
        self._hot_plug.stop()
        for device in self._devices.values():
            device.stop()

    def healths(self, hall_ms: int | None) -> tuple[DeviceHealth, ...]:
        """Health of all devices, for the hall; ``since_ms`` is hall time, 0 when unknown."""
        return tuple(_reported(device, hall_ms) for device in self._devices.values())

    def well(self) -> bool:
        """No device is known to fail; one that is being opened is not judged."""
        healths = [device.health for device in self._devices.values()]
        return all(health.usable or health.state in (State.OPENING, State.IDENTIFYING) for health in healths)

    # ------------------------------------------------------------ reader

    def look_for_cards(self, wanted: bool) -> None:
        """Poll all readers for a card, or stop: what was being read is dropped then."""
        if wanted == bool(self._finding):
            return
        self._lights.lay(wanted)
        for watch in self._finding:
            watch.stop()
        self._finding = [
            reader.watch(
                partial(self._find_and_read, reader),
                self._read,
                refused=self._refused,
                every_seconds=FIND_SECONDS,
            )
            for reader in (self._readers if wanted else ())
        ]

    def watch_card(self, wanted: bool) -> None:
        """Watch whether the card that was read still lies there, or stop."""
        reader = self._reader_in_use
        if reader is None or wanted == (self._present is not None):
            return
        self._lights.take(wanted)
        if self._present is not None:
            self._present.stop()
            self._present = None
            return
        self._present = reader.watch_media(self._card_moved, every_seconds=PRESENCE_SECONDS, present=True)

    def _card_moved(self, event: MediaEvent) -> None:
        if event.change is MediaChange.TAKEN:
            self._post(e.CardGone())

    def _find_and_read(self, device: Supervised[AnyReader], reader: AnyReader) -> IdCard | None:
        if not reader.find():
            return None
        self._reader_in_use = device
        self._post(e.CardFound())
        card = reader.read()
        if isinstance(card, BankCard):
            raise DeviceRefused(NO_IDENTITY)
        return identity.of_social_card(card) if isinstance(card, SocialCard) else card

    def _read(self, card: IdCard) -> None:
        keyring = self.keyring
        if keyring is None or not identity.is_plausible(card, keyring.day):
            self._post(e.CardRefused(UNREADABLE))
            return
        person = identity.person_of(card, keyring.key, elder_age=keyring.elder_age, day=keyring.day)
        self._post(e.CardRead(person, identity.is_expired(card, keyring.day)))

    def _refused(self, fault: Fault) -> None:
        self._post(e.CardRefused(f"{fault.sentence}，{fault.action}"))

    # ------------------------------------------------------------ scanner

    def look_for_scans(self, wanted: bool) -> None:
        """Take codes from the scanner, or stop: what was scanned before a page wanted it is thrown away."""
        if self._scanner is None or wanted == (self._scanning is not None):
            return
        if self._scanning is not None:
            self._scanning.stop()
            self._scanning = None
            return
        self._scanner.submit(lambda scanner: scanner.drop(), SCAN_SECONDS)
        self._scanning = self._scanner.watch(
            lambda scanner: scanner.poll(timeout_seconds=SCAN_SECONDS),
            lambda scan: self._post(e.Scanned(scan.text)),
            refused=lambda fault: self._post(e.ScanRefused(f"{fault.sentence}，{fault.action}")),
            every_seconds=0.0,
        )

    # ------------------------------------------------------------ cameras

    def preview(self, show: Callable[[Frame], None] | None) -> None:
        """Give each fresh picture of the document camera to ``show``, on the camera's thread; None ends that.

        With the end the sensor is switched off: nobody is filmed between two pages.
        """
        if self._camera is None:
            return
        if self._previewing is not None:
            self._previewing.stop()
            self._previewing = None
        if show is None:
            self._camera.submit(lambda camera: camera.rest(), REST_SECONDS)
        else:
            self._previewing = self._camera.watch(
                lambda camera: camera.frame(), show, every_seconds=PREVIEW_SECONDS
            )

    # ------------------------------------------------------------ printer

    def print(self, attempt: int, slip: TicketSlip, *, reprint: bool) -> None:
        """Print a ticket; Printed or PrintRefused with this attempt follows, exactly once."""
        if self._printer is None:
            self._post(e.PrintRefused(attempt, NOT_NOW))
            return
        lines = paper.ticket(slip, reprint=reprint, no_show_text=self.no_show_text, logo=self.logo)
        job = _Job(lines, self._unclean)
        self._lights.paper(True)
        future = self._printer.submit(job, PRINT_SECONDS)
        future.add_done_callback(lambda done: self._printed(attempt, job, done))

    def _printed(self, attempt: int, job: _Job, done: Future[Proof]) -> None:
        error = done.exception()
        if error is None:
            proof = done.result()
            self._unclean = proof is not Proof.CONFIRMED
            self._post(e.Printed(attempt, proof))
        elif isinstance(error, DeviceError) and (isinstance(error, DeviceRefused) or not job.began):
            self._lights.paper(False)
            self._post(e.PrintRefused(attempt, public(error.fault) or NOT_NOW))
        else:
            self._unclean = True
            self._post(e.Printed(attempt, Proof.UNKNOWN))

    # ------------------------------------------------------------ all

    def _of(self, kind: Kind) -> Supervised[Device] | None:
        return next((each for each in self._devices.values() if each.health.kind is kind), None)

    def _changed(self, health: Health) -> None:
        if health.kind is Kind.GUIDE_LIGHT:
            self._lights.changed(health)
        fault = health.fault
        self._post(
            e.DeviceChanged(
                kind=health.kind.value,
                name=health.name,
                ready=health.usable,
                state=health.state.value,
                sentence=fault.sentence if fault else "",
                action=fault.action if fault else "",
                identity=health.identity,
                public=public(fault) if fault else "",
            )
        )


class _Job:
    """One print on the printer's thread; ``began`` tells whether paper may have moved."""

    def __init__(self, parts: Ticket, unclean: bool) -> None:
        self._parts, self._unclean = parts, unclean
        self.began = False

    def __call__(self, printer: TicketPrinter) -> Proof:
        if self._unclean:
            printer.clear()
        self.began = True
        return printer.print(self._parts)


def public(fault: Fault) -> str:
    """What a citizen may be told of a fault: what he or the hall's staff can act on."""
    return fault.sentence if fault.owner in PUBLIC_OWNERS else ""


def _reported(device: Supervised[Device], hall_ms: int | None) -> DeviceHealth:
    health = device.health
    since = hall_ms - int((monotonic() - health.since) * 1000) if hall_ms is not None else 0
    return reported(health, since_ms=max(since, 0), counters=device.counters)
