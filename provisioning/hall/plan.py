"""PURE: what a box and its hall need, as programs to run and files to write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from provisioning.hall.facts import HallFacts, Paths, PlanError, Wishes
from provisioning.hall.inventory import Inventory
from provisioning.hall.program import (
    DisplayAnswers,
    PageAnswers,
    PathsExist,
    Plan,
    PortAnswers,
    Program,
    Ready,
    Runs,
    WindowShown,
)
from provisioning.hall.tables import (
    CAMERA_PORT,
    CONTROL_PORT,
    PLACES,
    PORT_LINKS,
    SCREEN_HEIGHT,
    SCREEN_PORT,
    SCREEN_WIDTH,
    bench_table,
    station_table,
    toml_text,
)

_KEPT = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "XDG_RUNTIME_DIR", "PULSE_SERVER", "BANSHI_ASSETS")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The programs, the files that must exist before them, the folders, and the ports they will need."""

    plan: Plan
    files: Mapping[Path, str]
    folders: tuple[Path, ...]
    ports: Mapping[int, str]


def make(
    *,
    wishes: Wishes,
    inventory: Inventory,
    hall: HallFacts,
    paths: Paths,
    environment: Mapping[str, str],
    screen_password: str = "",
) -> Wanted:
    """Everything that is wanted; ``screen_password`` opens the virtual screen. Raises PlanError."""
    virtual_screen = _wants_virtual_screen(wishes, inventory)
    virtual_sound = wishes.sound == "none" or (wishes.sound == "auto" and not inventory.sound)
    if wishes.sound == "own" and not inventory.sound:
        raise PlanError("this box has no sound system of its own; leave --sound out, or say --sound none")
    env = _environment(
        environment, paths, inventory, virtual_screen=virtual_screen, virtual_sound=virtual_sound
    )
    programs = [
        *(_screen_programs(inventory, paths, env) if virtual_screen else ()),
        *(_sound_programs(paths, env) if virtual_sound else ()),
        *_hall_programs(hall, paths, env, screen="screen" if virtual_screen else "", sound=virtual_sound),
    ]
    backend = "pulse" if virtual_sound else "auto"
    files = {
        paths.station_file(station.id): toml_text(
            station_table(station, hall, paths, discover=wishes.discover, sound_backend=backend)
        )
        for station in hall.stations
    }
    files[paths.hall / "bench.toml"] = toml_text(bench_table(paths))
    ports = {
        hall.broker_port: "the hall's broker",
        hall.web_port: "clerk's page",
        CONTROL_PORT: "control page of the simulated devices",
        CAMERA_PORT: "simulated camera",
    }
    if virtual_screen:
        ports[SCREEN_PORT] = "view of the screens"
    return Wanted(
        plan=Plan(
            programs=tuple(programs),
            folder=str(paths.hall),
            logs=str(paths.var / "log"),
            project=str(paths.var.parent),
            look=tuple(_where_to_look(hall, screen_password if virtual_screen else None)),
            notes=tuple(_notes(virtual_screen=virtual_screen, virtual_sound=virtual_sound)),
        ),
        files=files,
        folders=(paths.hall, paths.state, paths.devices, paths.var / "log", paths.run, paths.calls),
        ports=ports,
    )


def _wants_virtual_screen(wishes: Wishes, inventory: Inventory) -> bool:
    width, height = inventory.display_size
    fits = inventory.display != "" and width >= SCREEN_WIDTH and height >= SCREEN_HEIGHT
    if wishes.display == "own":
        if not inventory.display:
            raise PlanError(
                "there is no display here (DISPLAY); leave --display out, or say --display virtual"
            )
        return False
    return wishes.display == "virtual" or not fits


def _environment(
    given: Mapping[str, str],
    paths: Paths,
    inventory: Inventory,
    *,
    virtual_screen: bool,
    virtual_sound: bool,
) -> dict[str, str]:
    """What every program gets: little of ours, and where its screen and sound are."""
    env = {name: given[name] for name in _KEPT if name in given}
    env |= {
        "PYTHONPATH": str(paths.project),
        "PYTHONUNBUFFERED": "1",
        "PYTHONFAULTHANDLER": "1",
        "PYTHONPYCACHEPREFIX": str(paths.var / "cache" / "pycache"),
    }
    if virtual_screen:
        env["DISPLAY"] = f":{inventory.free_display}"
        env["XAUTHORITY"] = str(paths.run / "xauthority")
    else:
        env |= {name: given[name] for name in ("DISPLAY", "XAUTHORITY") if name in given}
    if virtual_sound:
        env["XDG_RUNTIME_DIR"] = str(paths.run)
        env["PULSE_SERVER"] = f"unix:{paths.run / 'sound'}"
    return env


def _screen_programs(inventory: Inventory, paths: Paths, env: dict[str, str]) -> list[Program]:
    """A virtual screen, and the way to see it from a browser; nothing of it listens but on loopback."""
    number = inventory.free_display
    vnc = str(paths.run / "vnc")
    size = f"{SCREEN_WIDTH}x{SCREEN_HEIGHT}x24"
    return [
        Program(
            name="screen",
            title="virtual screen",
            argv=(
                *("Xvfb", f":{number}", "-screen", "0", size, "-nolisten", "tcp"),
                *("-auth", env["XAUTHORITY"], "-noreset"),
            ),
            env=env,
            ready=(DisplayAnswers(),),
        ),
        Program(
            name="screen-vnc",
            title="screen over VNC",
            argv=(
                *("x11vnc", "-display", f":{number}", "-auth", env["XAUTHORITY"], "-unixsock", vnc),
                *("-rfbport", "0", "-rfbportv6", "-1", "-noipv6", "-no6", "-forever", "-shared"),
                *("-passwdfile", str(paths.run / "vnc-password"), "-noxrecord", "-wait", "50", "-quiet"),
            ),
            env=env,
            after=("screen",),
            ready=(PathsExist((vnc,)),),
            essential=False,
        ),
        Program(
            name="screen-web",
            title="screens in the browser",
            argv=(
                *("websockify", "--web", "/usr/share/novnc", f"--unix-target={vnc}"),
                f"127.0.0.1:{SCREEN_PORT}",
            ),
            env=env,
            after=("screen-vnc",),
            ready=(PortAnswers(SCREEN_PORT),),
            essential=False,
            look=f"http://127.0.0.1:{SCREEN_PORT}/",
        ),
    ]


def _sound_programs(paths: Paths, env: dict[str, str]) -> list[Program]:
    """A loudspeaker that nobody hears, at the right pace; for a box without a sound card."""
    socket = str(paths.run / "sound")
    return [
        Program(
            name="sound",
            title="virtual loudspeaker",
            argv=(
                *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"),
                *("--disallow-exit=yes", "--log-target=stderr", "--log-level=warning"),
                *("-L", f"module-native-protocol-unix socket={socket} auth-anonymous=1"),
                *("-L", "module-null-sink sink_name=hall"),
            ),
            env={**env, "HOME": str(paths.run)},
            ready=(PathsExist((socket,)),),
            essential=False,
        )
    ]


def _hall_programs(
    hall: HallFacts, paths: Paths, env: dict[str, str], *, screen: str, sound: bool
) -> list[Program]:
    """Simulated devices, the server, and each station."""
    python = str(paths.python)
    on_screen = (screen,) if screen else ()
    programs = [
        Program(
            name="devices",
            title="simulated devices",
            argv=(python, "-m", "devices", "simulate", "--config", str(paths.hall / "bench.toml")),
            env=env,
            ready=(
                PortAnswers(CONTROL_PORT),
                PathsExist(tuple(str(paths.devices / link) for link in PORT_LINKS)),
            ),
            look=f"http://127.0.0.1:{CONTROL_PORT}/",
        ),
        Program(
            name="server",
            title="hall server and broker",
            argv=(
                *(python, "-m", "hall_server"),
                *("--config", str(hall.file), "--state", str(paths.state)),
            ),
            env=env,
            after=("devices",),
            ready=(PortAnswers(hall.broker_port), PageAnswers(hall.web_port, "/health")),
            ready_seconds=60.0,
            stop_seconds=15.0,
            look=f"http://127.0.0.1:{hall.web_port}/",
        ),
    ]
    for station in hall.stations:
        shown = station.kind in PLACES
        ready: tuple[Ready, ...] = (WindowShown(),) if shown else (Runs(1.0),)
        programs.append(
            Program(
                name=station.id,
                title=f"{station.name or station.id} ({station.kind})",
                argv=(python, *_module(station.kind), "--config", str(paths.station_file(station.id))),
                env=env,
                after=("server", *(on_screen if shown else ("sound",) if sound else ())),
                ready=ready,
                ready_seconds=120.0,
            )
        )
    return programs


def _module(kind: str) -> tuple[str, ...]:
    match kind:
        case "kiosk":
            return ("-m", "kiosk")
        case "board" | "sign":
            return ("-m", "queue_display", kind)
        case "announcer":
            return ("-m", "queue_display", "announce")
    raise PlanError(f"stations of kind {kind!r} are not started by this command")


def _where_to_look(hall: HallFacts, screen_password: str | None) -> list[tuple[str, str]]:
    look = []
    if screen_password is not None:
        address = (
            f"http://127.0.0.1:{SCREEN_PORT}/vnc.html?autoconnect=true&resize=scale&reconnect=true"
            f"#password={screen_password}"
        )
        look.append(("kiosk, board and sign (screens)", address))
    look += [
        ("clerk's page", f"http://127.0.0.1:{hall.web_port}/"),
        ("lay cards, paper, faults (simulated devices)", f"http://127.0.0.1:{CONTROL_PORT}/"),
    ]
    return look


def _notes(*, virtual_screen: bool, virtual_sound: bool) -> list[str]:
    notes = []
    if virtual_screen:
        notes.append("The screens stand on a virtual display; look at them with a browser.")
    if virtual_sound:
        notes.append("No loudspeaker here: the last calls lie in var/calls as WAV files.")
    return notes
