"""The LAN side of the pages: TLS with the hall's certificate, and a plain listener for what is public.

Both serve the same application on the same loop as loopback does; the gate gives a plain request from
the LAN only what the matrix marks so. Certificates are looked at once an hour: renewed ones, and those
for an address that the box got meanwhile, are taken into use without a restart.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from hall_server import lan
from hall_server.hall_file import LanPart
from hall_server.web.binding import CannotServe, listen_at
from hall_server.web.certificate import CertificateUnusable, HallCertificate, Names, require_usable
from hall_server.web.connections import Crowd

log = logging.getLogger(__name__)

LOOK_SECONDS = 3600.0


@dataclass(slots=True)
class _Listener:
    socket: socket.socket
    server: uvicorn.Server
    task: asyncio.Task[None] = field(init=False)


class LanSide:
    """``bind`` takes the ports and makes the certificate; ``open`` serves; both once accounts exist."""

    def __init__(self, part: LanPart, folder: Path, *, hall: str) -> None:
        self._part = part
        self._own = HallCertificate(folder, hall=hall)
        self._sockets: dict[str, socket.socket] = {}
        self._listeners: list[_Listener] = []
        self._names = Names((), ())
        self.crowd = Crowd()

    @property
    def authority(self) -> Path | None:
        """The file that is installed in browsers; None with a certificate that they know already."""
        return None if self._part.certificate else self._own.authority

    @property
    def https_port(self) -> int:
        """Where TLS is, 0 before ``bind``."""
        return self._port("https")

    @property
    def address(self) -> str:
        """Where clerks find the pages, '' before ``bind``."""
        return f"https://{self._first()}:{self.https_port}" if "https" in self._sockets else ""

    @property
    def plain_address(self) -> str:
        """Where stations fetch what is large and phones find their ticket, '' when not served."""
        return f"http://{self._first()}:{self._port('http')}" if "http" in self._sockets else ""

    @property
    def hosts(self) -> frozenset[str]:
        """Every host:port by which a browser may ask here."""
        ports = [self._port(scheme) for scheme in self._sockets]
        hosts = [f"[{name}]" if ":" in name else name for name in self._names.all]
        whole = {f"{host}:{port}" for host in hosts for port in ports}
        bare = {"https": 443, "http": 80}
        return frozenset(whole | {h for h in hosts for s in self._sockets if self._port(s) == bare[s]})

    def bind(self) -> None:
        """Raises CannotServe with what is wrong and what to do; a second call does nothing."""
        if self._sockets:
            return
        self._look_at_certificate()
        self._sockets["https"] = listen_at(self._part.host, self._part.port, self.crowd)
        if self._part.plain_port or self._part.port == 0:
            try:
                self._sockets["http"] = listen_at(self._part.host, self._part.plain_port, self.crowd)
            except CannotServe:
                self._sockets.pop("https").close()
                raise
        log.warning("pages on the LAN at %s", self.address)
        if not self._part.certificate:
            log.warning("install %s in the browsers; fingerprint %s", self._own.authority, self.fingerprint())

    def fingerprint(self) -> str:
        """Of the hall's own authority."""
        return self._own.fingerprint()

    def open(self, app: ASGIApp, **settings: object) -> None:
        """On the web loop, after ``bind``; ``settings`` are uvicorn's."""
        for scheme, sock in self._sockets.items():
            tls = {"ssl_certfile": str(self._chain()), "ssl_keyfile": str(self._key())}
            config = uvicorn.Config(app, **(tls if scheme == "https" else {}), **settings, lifespan="off")  # type: ignore[arg-type]
            listener = _Listener(sock, uvicorn.Server(config))
            listener.task = asyncio.create_task(listener.server.serve([sock]))
            self._listeners.append(listener)

    async def watch(self) -> None:
        """Keep the certificate good, for ever."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._listeners:
                self.renew()

    def renew(self) -> bool:
        """Look at the certificate now; take a new one into use at once. False when nothing changed."""
        try:
            changed = self._look_at_certificate()
        except CannotServe as error:
            log.error("%s", error)
            return False
        for listener in self._listeners:
            if changed and listener.server.config.ssl is not None:
                listener.server.config.ssl.load_cert_chain(self._chain(), self._key())
        return changed

    async def close(self) -> None:
        """Say goodbye and stop; on the web loop."""
        for listener in self._listeners:
            listener.server.should_exit = True
        await asyncio.gather(*(listener.task for listener in self._listeners), return_exceptions=True)
        self._listeners.clear()

    def free(self) -> None:
        """Give the ports back."""
        for sock in self._sockets.values():
            sock.close()
        self._sockets.clear()

    def _look_at_certificate(self) -> bool:
        self._names = Names(lan.host_names(self._part.names), lan.addresses(self._part.host))
        if not self._names.addresses:
            raise CannotServe(f"[web.lan] host {self._part.host}: this box has no address on any network")
        if not self._part.certificate:
            return self._own.ensure(self._names)
        try:
            require_usable(self._chain(), self._key())
        except CertificateUnusable as error:
            raise CannotServe(f"[web.lan] certificate: {error}") from error
        return True

    def _chain(self) -> Path:
        return Path(self._part.certificate) if self._part.certificate else self._own.chain

    def _key(self) -> Path:
        return Path(self._part.key) if self._part.certificate else self._own.key

    def _port(self, scheme: str) -> int:
        sock = self._sockets.get(scheme)
        return int(sock.getsockname()[1]) if sock is not None else 0

    def _first(self) -> str:
        """An address for a person to type: a private one before others."""
        found = sorted(self._names.addresses, key=lambda one: not ipaddress.ip_address(one).is_private)
        return f"[{found[0]}]" if found and ":" in found[0] else (found[0] if found else "")
