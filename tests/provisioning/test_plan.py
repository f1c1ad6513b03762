"""The plan of the one-command hall: pure, from wishes and what the box has."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from provisioning.hall.facts import HallFacts, Paths, PlanError, Station, Wishes
from provisioning.hall.inventory import Inventory
from provisioning.hall.plan import Wanted, make
from provisioning.hall.prepare import SAMPLE_HALL, hall_facts, x_authority
from provisioning.hall.program import Program
from provisioning.hall.tables import Table, toml_text

BARE = Inventory(display="", display_size=(0, 0), free_display=77, sound=False, run=Path("/v/run"))
DESK = Inventory(display=":0", display_size=(3840, 2160), free_display=77, sound=True, run=Path("/v/run"))
PATHS = Paths(project=Path("/p"), python=Path("/p/py"), var=Path("/v"), run=Path("/v/run"))
HALL = HallFacts(
    id="demo",
    name="示例",
    file=Path("/p/hall.toml"),
    board="hall",
    broker_port=18830,
    web_port=18080,
    stations=(
        Station("kiosk-1", "kiosk", "1号自助机", "入口"),
        Station("board-1", "board", "综合屏", ""),
        Station("sign-3", "sign", "3号窗口屏", "", "w03"),
        Station("announcer-1", "announcer", "大厅广播", ""),
    ),
)


def wanted(inventory: Inventory = BARE, *, hall: HallFacts = HALL, wishes: Wishes | None = None) -> Wanted:
    return make(
        wishes=wishes or Wishes(),
        inventory=inventory,
        hall=hall,
        paths=PATHS,
        environment={"PATH": "/bin", "DISPLAY": inventory.display, "SECRET": "x"},
        screen_password="pw",
    )


def program(plan: Wanted, name: str) -> Program:
    return next(each for each in plan.plan.programs if each.name == name)


def names(plan: Wanted) -> list[str]:
    return [each.name for each in plan.plan.programs]


def test_a_bare_box_gets_a_virtual_screen_and_loudspeaker() -> None:
    plan = wanted()
    assert names(plan) == [
        *("screen", "screen-vnc", "screen-web", "sound", "devices", "server"),
        *("kiosk-1", "board-1", "sign-3", "announcer-1"),
    ]
    assert program(plan, "kiosk-1").env["DISPLAY"] == ":77"
    assert program(plan, "announcer-1").env["PULSE_SERVER"] == "unix:/v/run/sound"
    assert set(plan.ports) == {18830, 18080, 18081, 18900, 18910}
    assert any("#password=pw" in address for _, address in plan.plan.look)


def test_a_large_desktop_is_used_as_it_is() -> None:
    plan = wanted(DESK)
    assert names(plan) == ["devices", "server", "kiosk-1", "board-1", "sign-3", "announcer-1"]
    assert program(plan, "kiosk-1").env["DISPLAY"] == ":0"
    assert 18081 not in plan.ports


def test_a_small_desktop_is_not_filled_with_windows_that_do_not_fit() -> None:
    small = Inventory(
        display=":0", display_size=(1920, 1080), free_display=77, sound=True, run=Path("/v/run")
    )
    assert "screen" in names(wanted(small))
    assert "screen" not in names(wanted(small, wishes=Wishes(display="own")))


def test_each_program_starts_after_those_it_needs() -> None:
    plan = wanted()
    known: set[str] = set()
    for each in plan.plan.programs:
        assert set(each.after) <= known
        known.add(each.name)
    assert program(plan, "kiosk-1").after == ("server", "screen")
    assert program(plan, "announcer-1").after == ("server", "sound")


def test_nothing_listens_but_on_loopback() -> None:
    plan = wanted()
    assert "tcp" in program(plan, "screen").argv[program(plan, "screen").argv.index("-nolisten") + 1]
    vnc = program(plan, "screen-vnc").argv
    assert vnc[vnc.index("-rfbport") + 1] == "0"
    assert program(plan, "screen-web").argv[-1] == "127.0.0.1:18081"


def test_programs_get_little_of_our_environment() -> None:
    for each in wanted().plan.programs:
        assert each.env["PATH"] == "/bin"
        assert "SECRET" not in each.env


def test_station_files_say_where_and_who() -> None:
    plan = wanted()
    kiosk = tomllib.loads(plan.files[Path("/v/hall/stations/kiosk-1.toml")])
    assert kiosk["station"]["server"] == "127.0.0.1:18830"
    assert kiosk["station"]["name"] == "1号自助机"
    assert kiosk["display"]["width"] == 1080
    sign = tomllib.loads(plan.files[Path("/v/hall/stations/sign-3.toml")])
    assert sign["sign"] == {"window": "w03"}


def test_windows_do_not_cover_one_another() -> None:
    plan = wanted()
    places = [
        tomllib.loads(plan.files[Path(f"/v/hall/stations/{name}.toml")])["display"]
        for name in ("kiosk-1", "board-1", "sign-3")
    ]
    for index, one in enumerate(places):
        assert one["left"] + one["width"] <= 3000
        assert one["top"] + one["height"] <= 1920
        for other in places[index + 1 :]:
            assert (
                one["left"] + one["width"] <= other["left"]
                or other["left"] + other["width"] <= one["left"]
                or one["top"] + one["height"] <= other["top"]
                or other["top"] + other["height"] <= one["top"]
            )


def test_discovery_is_a_word_in_the_stations_files() -> None:
    plan = wanted(wishes=Wishes(discover=True))
    kiosk = tomllib.loads(plan.files[Path("/v/hall/stations/kiosk-1.toml")])
    assert kiosk["station"]["server"] == "discover"


def test_wishes_that_the_box_cannot_fulfil_are_said() -> None:
    with pytest.raises(PlanError, match="no display here"):
        wanted(wishes=Wishes(display="own"))
    with pytest.raises(PlanError, match="no sound system"):
        wanted(wishes=Wishes(sound="own"))


def test_toml_keeps_every_character() -> None:
    table: Table = {"a": {"text": 'x"\\\n\t号', "yes": True, "number": 3, "part": 0.5, "deep": {"b": "c"}}}
    assert tomllib.loads(toml_text(table)) == table


def test_the_sample_hall_can_be_planned() -> None:
    plan = wanted(hall=hall_facts(SAMPLE_HALL))
    assert {"kiosk-1", "board-1", "announcer-1"} <= set(names(plan))


def test_the_screens_key_is_an_xauthority_file() -> None:
    data = x_authority("77", b"0123456789abcdef")
    assert data[:2] == b"\x01\x00"
    assert data.endswith(b"\x00\x0277\x00\x12MIT-MAGIC-COOKIE-1\x00\x100123456789abcdef")
