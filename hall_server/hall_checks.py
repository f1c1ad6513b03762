"""What a hall's file may say wrong although each key is right: names that lead nowhere or stand twice."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from assets.speech.broadcast import passages
from assets.speech.phonemes import Unpronounceable, phonemes
from assets.speech.readings import reading, script
from assets.ui import brand
from contract.errands import AT_THE_KIOSK
from contract.schema import Problem
from devices.faults import DeviceMisconfigured
from devices.registry import build
from hall_server.hall_file import DevicePart, HallFile, ItemFile, ServicePart
from hall_server.lan import lan_problems
from hall_server.logos import why_not


def problems_of(file: HallFile, items: tuple[ItemFile, ...]) -> Iterable[Problem]:
    """Every mistake between the tables of a file and its list of items."""
    yield from _twice(file, items)
    yield from _services(file, items)
    yield from _windows(file)
    yield from _rota_and_calling(file)
    yield from _wires(file)
    yield from _lights(file)
    yield from _branding(file)
    yield from _booking(file)
    yield from _pronunciations(file)
    yield from _broadcasts(file)
    yield from lan_problems(file)
    placed = service_of_items(file, items)
    yield from (
        Problem(f"{file.catalogue} {item.code}", item.name, "no service in the hall's file takes this item")
        for item in items
        if item.code not in placed
    )


def _twice(file: HallFile, items: tuple[ItemFile, ...]) -> Iterable[Problem]:
    for table, ids in {
        "zones": [z.id for z in file.zones],
        "services": [s.id for s in file.services],
        "windows": [w.id for w in file.windows],
        "boards": [b.id for b in file.boards],
        "kiosks": [k.id for k in file.kiosks],
        "pronunciations": [p.written for p in file.pronunciations],
        "broadcasts": [b.title for b in file.broadcasts],
        "stations": [s.id for s in file.stations],
        f"{file.catalogue} code": [i.code for i in items],
    }.items():
        for twice in sorted({i for i in ids if ids.count(i) > 1}):
            yield Problem(table, twice, "stands twice; each may stand once")


def _services(file: HallFile, items: tuple[ItemFile, ...]) -> Iterable[Problem]:
    zones, codes = [z.id for z in file.zones], [i.code for i in items]
    departments = sorted({i.department for i in items})
    for service in file.services:
        at = f"services[{service.id}]"
        yield from _unknown(f"{at}.zone", [service.zone], zones)
        yield from _unknown(f"{at}.items", service.items, codes)
        yield from _unknown(f"{at}.departments", service.departments, departments)
        yield from _series(at, service, file)
        if not any(service.id in (*window.services, *window.helps_with) for window in file.windows):
            yield Problem(at, "", "no window does this service, so its numbers would never be called")
        yield from _hours(at, service, minute_of(file.hall.day_closes_at))
        if service.ring_fenced > service.slot_quota:
            wanted = f"is more than slot_quota ({service.slot_quota})"
            yield Problem(f"{at}.ring_fenced", str(service.ring_fenced), wanted)


def _hours(at: str, service: ServicePart, day_closes: int) -> Iterable[Problem]:
    """Numbers until, served until: in this order within the business day."""
    if service.closes is None or service.issue_until is None:
        return
    last, closes = (
        (minute_of(text) - day_closes - 1) % (24 * 60) for text in (service.issue_until, service.closes)
    )
    if closes < last:
        wanted = f"lies before issue_until ({service.issue_until}): numbers would be given that nobody calls"
        yield Problem(f"{at}.closes", service.closes, wanted)


def _series(at: str, service: ServicePart, file: HallFile) -> Iterable[Problem]:
    """Services of one group may share a series of numbers; it then begins and looks alike for all of them."""
    for other in file.services:
        if other.id == service.id or other.prefix != service.prefix:
            continue
        if not service.group or service.group != other.group:
            wanted = f"is {other.id}'s too; only services of one group may share a letter"
            yield Problem(f"{at}.prefix", service.prefix, wanted)
        elif (service.first, service.width) != (other.first, other.width):
            looks = f"{service.first}, width {service.width}"
            yield Problem(f"{at}.first", looks, f"must be as {other.id}'s")


def _windows(file: HallFile) -> Iterable[Problem]:
    zones, services = [z.id for z in file.zones], [s.id for s in file.services]
    for window in file.windows:
        at = f"windows[{window.id}]"
        yield from _unknown(f"{at}.zone", [window.zone], zones)
        yield from _unknown(f"{at}.services", window.services, services)
        yield from _unknown(f"{at}.helps_with", window.helps_with, services)
    for board in file.boards:
        yield from _unknown(f"boards[{board.id}].zones", board.zones, zones)
    for kiosk in file.kiosks:
        yield from _unknown(f"kiosks[{kiosk.id}].zones", kiosk.zones, zones)
        if kiosk.errands and not AT_THE_KIOSK.intersection(kiosk.errands):
            wanted = "leaves nothing to do at the kiosk itself"
            yield Problem(f"kiosks[{kiosk.id}].errands", "", wanted)
    positions = file.lights.options.get("positions", {}) if file.lights else {}
    yield from _unknown("lights.options.positions", positions, [window.id for window in file.windows])


def _rota_and_calling(file: HallFile) -> Iterable[Problem]:
    groups = sorted({s.group or s.id for s in file.services})
    for calling in file.calling:
        yield from _unknown("calling.group", [calling.group], groups)
    for index, shift in enumerate(file.rota):
        at = f"rota[{index}]"
        yield from _unknown(f"{at}.windows", shift.windows, [w.id for w in file.windows])
        yield from _unknown(f"{at}.services", shift.services, [s.id for s in file.services])


def _wires(file: HallFile) -> Iterable[Problem]:
    """Addresses of call boxes and LED bars: each once on its line, and within what its driver can reach."""
    for key, part in (("callbox", file.callboxes), ("ledbar", file.ledbars)):
        first: dict[int, str] = {}
        for window in file.windows:
            address: int = getattr(window, key)
            if not address:
                continue
            at = f"windows[{window.id}].{key}"
            if address in first:
                yield Problem(at, str(address), f"is the address of {first[address]} already")
            elif part is not None and (why := _unreachable(part, address)):
                yield Problem(at, str(address), why)
            first.setdefault(address, window.label)


def _unreachable(part: DevicePart, address: int) -> str:
    """What the driver of a line wants of an address that it refuses; '' when it takes it."""
    try:
        build(part.driver, {"port": part.port, "addresses": [address], **part.options}, path="line")
    except DeviceMisconfigured as error:
        said = error.fault.sentence
        return said.partition(": ")[2] if said.startswith("line.addresses") else ""
    return ""


def _lights(file: HallFile) -> Iterable[Problem]:
    """Yellow warns before red."""
    rules = file.rules
    for what, yellow, red in (
        ("wait", rules.wait_yellow_minutes, rules.wait_red_minutes),
        ("service", rules.service_yellow_minutes, rules.service_red_minutes),
    ):
        if yellow > red:
            wanted = f"must not be more than {what}_red_minutes ({red})"
            yield Problem(f"rules.{what}_yellow_minutes", str(yellow), wanted)


def _branding(file: HallFile) -> Iterable[Problem]:
    """A colour that some eyes cannot read, a logo that is none."""
    part = file.branding
    found = brand.missed(part.colour)
    if found is not None:
        instead = f"{found.instead} would do" if found.instead else ""
        wanted = f"{found.what} is {found.have:.2f}, must be at least {found.wanted:g}"
        yield Problem("branding.colour", part.colour, wanted, instead)
    if part.logo and (why := why_not(part.logo)):
        yield Problem("branding.logo", "", f"cannot be the logo: {why}")


def _booking(file: HallFile) -> Iterable[Problem]:
    """Appointments that nobody could take: no service keeps a share, no hours hold a slot of one."""
    part = file.booking
    if not part.open:
        return
    spans = [span_of(hours) for hours in part.hours]
    last = 0
    for hours, (begins, ends) in zip(part.hours, spans, strict=True):
        if begins >= ends or begins < last:
            yield Problem("booking.hours", hours, "must be in order, from-to, without overlapping")
        last = max(last, ends)
    services = [service for service in file.services if service.slot_quota and service.ring_fenced]
    if not services:
        yield Problem("booking.open", "true", "no service keeps numbers for appointments (ring_fenced)")
    for service in services:
        starts = range(0, 24 * 60, service.slot_minutes)
        if not any(a <= at and at + service.slot_minutes <= b for at in starts for a, b in spans):
            wanted = f"no slot of {service.id} ({service.slot_minutes} minutes) lies within these hours"
            yield Problem("booking.hours", "、".join(part.hours), wanted)


def _pronunciations(file: HallFile) -> Iterable[Problem]:
    """Readings that the voice cannot speak: a call with one would only be chimed."""
    for row in file.pronunciations:
        try:
            phonemes(script(row.spoken))
        except Unpronounceable:
            wanted = "cannot be spoken; wanted pinyin with tones, such as chong2 qing4, or Chinese characters"
            yield Problem(f"pronunciations[{row.written}].spoken", row.spoken, wanted)


def _broadcasts(file: HallFile) -> Iterable[Problem]:
    """Texts that the voice cannot speak as they stand, and quiet hours without end."""
    table = tuple((row.written, row.spoken) for row in file.pronunciations)
    for row in file.broadcasts:
        try:
            said = [phonemes(reading(part, table) or part) for part in passages(row.text)]
        except Unpronounceable:
            said = []
        if not said:
            wanted = "cannot be spoken; wanted words, numbers and letters"
            yield Problem(f"broadcasts[{row.title}].text", row.text, wanted)
    for hours in file.voice.quiet:
        begins, ends = span_of(hours)
        if begins == ends:
            yield Problem("voice.quiet", hours, "must end at another time than it begins")


def _unknown(path: str, names: Iterable[str], known: list[str]) -> Iterable[Problem]:
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {close[0]!r}?" if close else ""
            yield Problem(path, name, f"is not one of {', '.join(known[:12])}", hint)


def service_of_items(file: HallFile, items: tuple[ItemFile, ...]) -> dict[str, str]:
    """Item code -> service: named items first, then whole departments."""
    found: dict[str, str] = {}
    for service in file.services:
        found.update(dict.fromkeys(service.items, service.id))
    for item in items:
        for service in file.services:
            if item.department in service.departments:
                found.setdefault(item.code, service.id)
    return found


def span_of(hours: str) -> tuple[int, int]:
    """09:00-12:00 as minutes of the day."""
    begins, _, ends = hours.partition("-")
    return minute_of(begins), minute_of(ends)


def minute_of(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
