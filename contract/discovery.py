"""Announce the hall on the local network and find it (``_banshi-hall._tcp``).

An advertisement is a hint, never trust: it says where to knock. A station picks by itself only when
exactly one hall is there, or when its file names the hall. A record that disappears ends nothing.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from zeroconf import InterfaceChoice, IPVersion, ServiceBrowser, ServiceInfo, ServiceListener, Zeroconf

SERVICE_TYPE = "_banshi-hall._tcp.local."
Interfaces = list[str] | InterfaceChoice  # a list of own addresses


class HallNotFound(Exception):
    """No hall, or more than one; ``str()`` says what the technician can do."""


@dataclass(frozen=True, slots=True)
class FoundHall:
    """One advertisement: the hall's id and name, and where its broker is said to listen."""

    hall: str
    name: str
    host: str
    port: int


class HallAnnouncement:
    """The hall server's advertisement; ``box`` makes the host name unique (a station or machine id).

    Registering takes about two seconds (RFC 6762 probing): open it from a worker thread.
    """

    def __init__(
        self,
        hall: str,
        name: str,
        box: str,
        addresses: Sequence[str],
        port: int,
        *,
        interfaces: Interfaces = InterfaceChoice.All,
    ) -> None:
        self._info = ServiceInfo(
            SERVICE_TYPE,
            f"{hall}-{box}.{SERVICE_TYPE}",
            port,
            properties={"hall": hall, "name": name[:60], "v": "1"},
            server=f"banshi-{box}.local.",
            addresses=[socket.inet_aton(address) for address in addresses],
        )
        self._interfaces = interfaces
        self._zeroconf: Zeroconf | None = None

    def open(self) -> None:
        """Advertise until close. Raises OSError when the network cannot do it."""
        self._zeroconf = Zeroconf(interfaces=self._interfaces, ip_version=IPVersion.V4Only)
        self._zeroconf.register_service(self._info, allow_name_change=True)

    def close(self) -> None:
        """Take the advertisement back; may be called twice."""
        if self._zeroconf is not None:
            self._zeroconf.unregister_all_services()
            self._zeroconf.close()
            self._zeroconf = None


def find_halls(
    *,
    seconds: float = 3.0,
    enough: Callable[[FoundHall], bool] = lambda _found: False,
    interfaces: Interfaces = InterfaceChoice.All,
) -> tuple[FoundHall, ...]:
    """Listen for advertisements; ends early with the first one that is ``enough``. Raises OSError."""
    found: dict[str, FoundHall] = {}
    heard = _Heard()
    zeroconf = Zeroconf(interfaces=interfaces, ip_version=IPVersion.V4Only)
    browser = ServiceBrowser(zeroconf, SERVICE_TYPE, listener=heard)
    try:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            name = heard.next(left)
            hall = _resolve(zeroconf, name, left) if name else None
            if hall is not None:
                found[name] = hall
                if enough(hall):
                    break
    finally:
        browser.cancel()
        zeroconf.close()
    return tuple(dict.fromkeys(found.values()))


def find_hall(hall: str, *, seconds: float = 3.0, interfaces: Interfaces = InterfaceChoice.All) -> FoundHall:
    """The one hall to knock at: the one with this id, or with ``hall`` '' the only one there.

    Raises HallNotFound with a sentence when there is none or a choice would be a guess.
    """
    try:
        halls = find_halls(seconds=seconds, interfaces=interfaces)
    except (OSError, RuntimeError) as error:  # RuntimeError: no interface has an IPv4 address
        raise HallNotFound(f'the network cannot be searched: {error}; give server = "host:port"') from error
    return choose(halls, hall)


def choose(halls: Sequence[FoundHall], hall: str) -> FoundHall:
    """Pick without guessing. PURE. Raises HallNotFound."""
    listed = ", ".join(f"{found.hall} ({found.name}) at {found.host}:{found.port}" for found in halls)
    fitting = [found for found in halls if hall in ("", found.hall)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting and hall:
        raise HallNotFound(f'more than one box says it is hall {hall}: {listed}; give server = "host:port"')
    if fitting:
        raise HallNotFound(f'more than one hall is here: {listed}; name yours with hall = "…"')
    if halls:
        raise HallNotFound(f"hall {hall} is not here, only {listed}")
    raise HallNotFound(
        'no hall was found on this network; is its server running? or give server = "host:port"'
    )


class _Heard(ServiceListener):
    """Names of advertisements as they are heard; a removal is not news."""

    def __init__(self) -> None:
        self._names: SimpleQueue[str] = SimpleQueue()

    def next(self, seconds: float) -> str:
        """The next name, or '' when none came in time."""
        try:
            return self._names.get(timeout=seconds)
        except Empty:
            return ""

    def add_service(self, _zc: Zeroconf, _type: str, name: str) -> None:
        """A hall was heard."""
        self._names.put(name)

    def update_service(self, _zc: Zeroconf, _type: str, name: str) -> None:
        """A hall changed its address."""
        self._names.put(name)

    def remove_service(self, _zc: Zeroconf, _type: str, _name: str) -> None:
        """Never a reason to leave a hall that works."""


def _resolve(zeroconf: Zeroconf, name: str, seconds: float) -> FoundHall | None:
    """Address and properties of one advertisement; None when it does not answer or is not well made."""
    info = zeroconf.get_service_info(SERVICE_TYPE, name, timeout=max(100, int(seconds * 1000)))
    if info is None or not info.port:
        return None
    addresses = info.parsed_addresses(IPVersion.V4Only)
    properties = info.decoded_properties
    hall = properties.get("hall") or ""
    if not addresses or not hall:
        return None
    return FoundHall(hall, properties.get("name") or hall, addresses[0], info.port)
