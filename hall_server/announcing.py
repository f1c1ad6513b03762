"""Advertising the hall on the LAN to stations that say "discover"; a hint to them, never trust."""

from __future__ import annotations

import logging
import socket
import threading
from contextlib import ExitStack

from contract.discovery import HallAnnouncement
from contract.mqtt import BrokerAddress

log = logging.getLogger(__name__)


def announce(hall: str, name: str, boot: str, address: BrokerAddress, undo: ExitStack) -> None:
    """Say where the hall's broker is, until ``undo``, beside everything else: the hall works without it."""
    try:
        addresses = [socket.gethostbyname(address.host)]
    except OSError as error:
        log.error("the hall is not announced: broker address %s: %s", address.host, error)
        return
    announcement = HallAnnouncement(hall, name, boot, addresses, address.port)

    def open_late() -> None:
        try:
            announcement.open()
            log.info("announced as %s", hall)
        except Exception as error:  # noqa: BLE001 - the hall works without it; stations can be told the address
            log.error("the hall is not announced: %s", error)

    worker = threading.Thread(target=open_late, name="announce", daemon=True)
    worker.start()
    undo.callback(announcement.close)
    undo.callback(worker.join)
