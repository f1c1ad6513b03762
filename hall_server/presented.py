"""What a description means to those who show it: pages and tickets, stations, the voice."""

from __future__ import annotations

from contract import messages as m
from contract.branding import Branding
from contract.person import kiosk_key
from hall_server.config import HallConfig
from hall_server.hall.pictures import Look
from hall_server.hall_file import KioskPart
from hall_server.logos import ticket_dots
from hall_server.spoken_hall import SpokenHall


def look_of(config: HallConfig, *, boot: str, key: bytes) -> Look:
    """How the hall presents itself. ``boot``: of this run; ``key``: the hall's, for what tickets sign."""
    return Look(
        boot=boot,
        public_url=config.file.hall.public_url,
        key=key,
        wording=config.file.voice.wording,
        one=config.file.voice.one,
    )


EVERYWHERE = KioskPart(id="any")
"""A kiosk that the description says nothing of."""


def station_configs(config: HallConfig, key: bytes) -> dict[str, m.StationConfig]:
    """What each station needs of the hall; only kiosks get the key that hides persons."""
    person_key = kiosk_key(key).decode()
    kiosks = {kiosk.id: kiosk for kiosk in config.file.kiosks}
    return {
        station.id: m.StationConfig(
            version=config.digest[:12],
            hall_name=config.plan.name,
            station_name=station.name,
            person_key=person_key if station.kind is m.StationKind.KIOSK else "",
            elder_age=config.file.hall.elder_age,
            zones=kiosks.get(station.id, EVERYWHERE).zones,
            errands=tuple(kiosks.get(station.id, EVERYWHERE).errands),
        )
        for station in config.file.stations
    }


def branding_of(config: HallConfig) -> Branding:
    """The hall's own look as its stations read it."""
    part = config.file.branding
    ticket = ticket_dots(part.logo) if part.logo and part.logo_on_tickets else None
    return Branding(colour=part.colour, logo=part.logo, ticket=ticket)


def bars_of(config: HallConfig) -> dict[str, str]:
    """Windows with an LED bar, and what the bar is called."""
    wired = config.file.ledbars is not None
    return {w.id: f"{w.label}条屏" for w in config.file.windows if w.ledbar and wired}


def spoken(config: HallConfig) -> SpokenHall:
    """What the voice must be able to say in a hall."""
    voice, services = config.file.voice, config.plan.services.values()
    return SpokenHall(
        prefixes=tuple(service.prefix for service in services),
        windows=tuple(window.label for window in config.plan.windows.values()),
        first=min(service.first for service in services),
        digits=max(service.width for service in services),
        wording=voice.wording,
        one=voice.one,
        voice=voice.voice,
        broadcasts=tuple(b.text for b in sorted(config.file.broadcasts, key=lambda b: not b.urgent)),
        readings=tuple((row.written, row.spoken) for row in config.file.pronunciations),
    )
