"""A hall's file with a mistake says where it stands, what was found and what was wanted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from contract.schema import ConfigError
from hall_server.config import HallConfig, described, document_of, from_document, load
from hall_server.hall_file import BroadcastTextPart, HallFile, KioskPart, PronunciationPart

DEMO = Path(__file__).parents[2] / "assets" / "halls" / "demo" / "hall.toml"


@pytest.fixture(scope="module")
def demo() -> HallConfig:
    return load(DEMO)


def problems(demo: HallConfig, file: HallFile) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        described(file, demo.items, source="hall.toml")
    return [f"{p.path}: {p.value}: {p.wanted} {p.hint}" for p in refused.value.problems]


def first_service(file: HallFile, **changes: object) -> HallFile:
    return replace(file, services=(replace(file.services[0], **changes), *file.services[1:]))


def first_window(file: HallFile, **changes: object) -> HallFile:
    return replace(file, windows=(replace(file.windows[0], **changes), *file.windows[1:]))


MISTAKES: dict[str, tuple[Callable[[HallFile], HallFile], str]] = {
    "a zone that is not there": (lambda f: first_service(f, zone="zongh"), "did you mean 'zonghe'?"),
    "an item that is not there": (lambda f: first_service(f, items=("NO-SUCH",)), "items: NO-SUCH"),
    "a window of no zone": (lambda f: first_window(f, zone="moon"), "windows[w01].zone: moon"),
    "a service twice": (lambda f: replace(f, services=(*f.services, f.services[0])), "stands twice"),
    "a letter of two services": (
        lambda f: first_service(f, prefix=f.services[1].prefix),
        "only services of one group may share a letter",
    ),
    "more kept for appointments than there is": (
        lambda f: first_service(f, slot_quota=2, ring_fenced=3),
        "is more than slot_quota (2)",
    ),
    "a reading that is no syllable": (
        lambda f: replace(f, pronunciations=(PronunciationPart(written="重庆", spoken="chongg2"),)),
        "pronunciations[重庆].spoken: chongg2: cannot be spoken",
    ),
    "a kiosk of a zone that is not there": (
        lambda f: replace(f, kiosks=(KioskPart(id="kiosk-1", zones=("moon",)),)),
        "kiosks[kiosk-1].zones: moon",
    ),
    "a word read in two ways": (
        lambda f: replace(f, pronunciations=(PronunciationPart(written="重", spoken="从"),) * 2),
        "pronunciations: 重: stands twice",
    ),
    "a broadcast that says nothing": (
        lambda f: replace(f, broadcasts=(BroadcastTextPart(title="空", text="……"),)),
        "broadcasts[空].text: ……: cannot be spoken",
    ),
    "a broadcast of a name that another has": (
        lambda f: replace(f, broadcasts=(BroadcastTextPart(title="下班", text="即将下班"),) * 2),
        "broadcasts: 下班: stands twice",
    ),
    "quiet hours without end": (
        lambda f: replace(f, voice=replace(f.voice, quiet=("12:00-12:00",))),
        "voice.quiet: 12:00-12:00: must end",
    ),
    "served until before the last number": (
        lambda f: first_service(f, issue_until="17:00", closes="16:30"),
        "lies before issue_until (17:00)",
    ),
    "appointments that no service takes": (
        lambda f: replace(f, services=tuple(replace(s, ring_fenced=0) for s in f.services)),
        "no service keeps numbers for appointments",
    ),
    "hours of appointments that overlap": (
        lambda f: replace(f, booking=replace(f.booking, hours=("09:00-12:00", "11:00-13:00"))),
        "in order, from-to, without overlapping",
    ),
    "hours too short for a slot": (
        lambda f: replace(f, booking=replace(f.booking, hours=("09:10-09:25",))),
        "lies within these hours",
    ),
    "a service that no window does": (
        lambda f: replace(
            f, windows=tuple(replace(w, services=("shebao",), helps_with=()) for w in f.windows)
        ),
        "no window does this service",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_its_place(demo: HallConfig, mistake: str) -> None:
    change, wanted = MISTAKES[mistake]
    assert any(wanted in problem for problem in problems(demo, change(demo.file)))


def test_services_of_one_group_may_share_a_series(demo: HallConfig) -> None:
    one, two, *rest = demo.file.services
    looks = {"prefix": "Q", "group": "shebao", "first": 1, "width": 3}
    together = (replace(one, **looks), replace(two, **looks), *rest)
    plan = described(replace(demo.file, services=together), demo.items, source="").plan
    assert [plan.services[s].prefix for s in (one.id, two.id)] == ["Q", "Q"]
    apart = (together[0], replace(together[1], width=4), *rest)
    found = problems(demo, replace(demo.file, services=apart))
    assert any(f"must be as {one.id}'s" in problem for problem in found)


@pytest.mark.parametrize(
    ("day_closes", "last", "closes"), [("23:59", "17:00", "17:30"), ("02:00", "23:30", "01:30")]
)
def test_hours_are_in_the_order_of_the_business_day(
    demo: HallConfig, day_closes: str, last: str, closes: str
) -> None:
    file = first_service(demo.file, issue_until=last, closes=closes)
    hall = replace(file.hall, day_closes_at=day_closes)
    service = next(iter(described(replace(file, hall=hall), demo.items, source="").plan.services.values()))
    assert 0 <= service.closes_minute != service.issue_until_minute


def test_a_published_document_comes_back_as_it_was_on_the_same_box(demo: HallConfig) -> None:
    renamed = replace(demo.file, hall=replace(demo.file.hall, name="改名大厅"))
    here = replace(demo.file, web=replace(demo.file.web, port=1234))
    box = described(here, demo.items, source="")
    back = from_document(document_of(renamed), box)
    assert (back.plan.name, back.file.web.port) == ("改名大厅", 1234)
    assert from_document(document_of(box.file), box) == box


def test_the_digest_is_of_what_is_described_and_of_nothing_else(demo: HallConfig) -> None:
    assert load(DEMO).digest == demo.digest
    other = described(first_window(demo.file, label="001"), demo.items, source="")
    assert other.digest != demo.digest
