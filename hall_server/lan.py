"""The hall on its LAN: what [web.lan] may say wrong, and by which names and addresses this box is reached."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable
from pathlib import Path

import ifaddr

from contract.schema import Problem
from hall_server.hall_file import HallFile, LanPart

_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")


def lan_problems(file: HallFile) -> Iterable[Problem]:
    """Every mistake in [web.lan], with what to do."""
    lan = file.web.lan
    if lan is None:
        return
    if file.accounts.sample:
        yield Problem(
            "web.lan", "", "a sample hall (accounts.sample) is for this machine alone; remove one of both"
        )
    yield from _addresses(lan)
    ports = [file.web.port, lan.port, lan.plain_port]
    for twice in sorted({port for port in ports if port and ports.count(port) > 1}):
        yield Problem("web.lan", str(twice), "stands for two listeners; each port can have one")
    for name in lan.names:
        if not _HOST.fullmatch(name):
            yield Problem("web.lan.names", name, "is not a host name in small letters, such as hall.local")
    if bool(lan.certificate) != bool(lan.key):
        yield Problem("web.lan.certificate", lan.certificate, "certificate and key go together")
    yield from (
        Problem(f"web.lan.{what}", path, "there is no such file")
        for what, path in (("certificate", lan.certificate), ("key", lan.key))
        if path and not Path(path).is_file()
    )
    if "//127." in file.hall.public_url or "//localhost" in file.hall.public_url:
        wanted = "no phone reaches this; the address of this box on the LAN, such as"
        yield Problem(
            "hall.public_url", file.hall.public_url, f"{wanted} http://192.168.1.10:{lan.plain_port}"
        )


def _addresses(lan: LanPart) -> Iterable[Problem]:
    try:
        address = ipaddress.ip_address(lan.host)
    except ValueError:
        yield Problem("web.lan.host", lan.host, "is not an address; 0.0.0.0 = every network of this box")
        return
    if address.is_loopback:
        yield Problem("web.lan.host", lan.host, "is this machine itself, which [web] serves already")


def addresses(host: str) -> tuple[str, ...]:
    """The addresses under which ``host`` (0.0.0.0 = all) is reached from the LAN."""
    given = ipaddress.ip_address(host)
    if not given.is_unspecified:
        return (str(given),)
    found = (ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips)
    mine = [ipaddress.ip_address(ip) for ip in found if isinstance(ip, str)]
    return tuple(str(ip) for ip in mine if not ip.is_loopback and not ip.is_link_local)


def host_names(more: tuple[str, ...]) -> tuple[str, ...]:
    """What a browser may call this box: configured names, its host name, and that with .local."""
    own = re.sub(r"[^a-z0-9-]", "-", socket.gethostname().lower().partition(".")[0]).strip("-") or "hall"
    return tuple(dict.fromkeys((*more, own, f"{own}.local")))
