"""docs/pictures from the programs themselves: screens by their picture commands, paper by the printer
driver and its simulator, pages by headless Chromium on a hall that runs in this process."""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

from msgspec.structs import replace
from PIL import Image

from assets import PROJECT, fetched_root
from contract import messages as m
from contract import topics
from contract.bus import Ids
from contract.call_reports import CallReporter
from contract.memory import MemoryBroker, MemoryBus
from contract.station import Station
from devices.drivers import escpos
from devices.simulators.ticket_printer import TicketPrinterSimulator
from hall_server.config import load
from hall_server.hall import commands as c
from hall_server.program import HallServer
from kiosk import paper
from provisioning.browser import browser

PICTURES = PROJECT / "docs" / "pictures"
SAMPLE_HALL = PROJECT / "assets" / "halls" / "demo" / "hall.toml"
LARGEST_BYTES = 300_000
SCREENS: dict[str, tuple[str, ...]] = {
    "kiosk": ("home", "zone", "guide", "number-printed"),
    "queue_display": ("board", "sign-calling"),
}
_NAMES = {"number-printed": "kiosk-number", "sign-calling": "sign", "board": "board"}
_WAITING = (
    "shebao",
    "shebao",
    "huzheng",
    "banshui",
    "shebao",
    "zonghe-shouli",
    "shebao",
    "budongchan",
    "shebao",
)
_CALLING = ("w09", "w07", "w03")
_WINDOW = "w03"


def draw() -> int:
    """Write all pictures; exit status 1 when one cannot be made."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="banshi-pictures-") as folder:
        for program, screens in SCREENS.items():
            _draw_screens(program, screens, Path(folder))
        with _hall(Path(folder) / "hall") as (server, kiosk, pages):
            slips = [_take_number(kiosk, number, service) for number, service in enumerate(_WAITING)]
            _save("ticket", _printed(slips[-1], Path(folder)), scale=1.0)
            _work(server)
            _save("clerk", clerk_picture(server, pages.rstrip("/"), size=(1280, 860)), scale=1.0)
    return 0


def _draw_screens(program: str, screens: tuple[str, ...], folder: Path) -> None:
    """Let a program draw its screens offscreen and keep the named ones, half as large."""
    for screen in screens:
        subprocess.run(
            [sys.executable, "-m", program, "pictures", "--out", str(folder), "--only", screen],
            cwd=PROJECT,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        picture = Image.open(folder / f"{screen}.light.normal.png")
        _save(_NAMES.get(screen, f"{program}-{screen}"), picture, scale=0.5)


@contextmanager
def _hall(state: Path) -> Iterator[tuple[HallServer, MemoryBus, str]]:
    """The sample hall in this process, on free ports, without voice; a kiosk's bus to it, its pages."""
    sample = load(SAMPLE_HALL)
    file = replace(
        sample.file,
        web=replace(sample.file.web, port=0),
        voice=replace(sample.file.voice, render=False),
        callboxes=None,
        ledbars=None,
    )
    broker = MemoryBroker(sample.plan.id)
    server = HallServer(replace(sample, file=file), state, bus=broker.bus("hall-server"))
    server.start()
    kiosk = broker.bus("kiosk-1")
    kiosk.open()
    try:
        with (
            _confirming(broker, "sign-3", m.StationKind.SIGN, _WINDOW),
            _confirming(broker, "board-1", m.StationKind.BOARD, "hall"),
            _confirming(broker, "announcer-1", m.StationKind.ANNOUNCER, "hall"),
        ):
            yield server, kiosk, _address(kiosk)
    finally:
        kiosk.close()
        server.stop()


@contextmanager
def _confirming(broker: MemoryBroker, name: str, kind: m.StationKind, serves: str) -> Iterator[None]:
    """A station beside the hall that confirms each of its calls at once, for the page to show."""
    spoken = kind is m.StationKind.ANNOUNCER
    info = m.StationInfo(kind=kind, software="pictures", serves=serves, confirms=True)
    station = Station(broker.bus(name), info)
    reporter = CallReporter(station.bus, station.clock)

    def confirm(call: m.Call, _ids: Ids) -> None:
        if kind is not m.StationKind.SIGN or call.window == serves:
            reporter.note(call.call, m.CallFate.SPOKEN if spoken else m.CallFate.SHOWN)

    station.bus.on(topics.BOARD_CALL, confirm)
    reporter.open()
    station.open()
    station.present(m.Presence.READY)
    try:
        yield
    finally:
        reporter.close()
        station.close()


def _address(kiosk: MemoryBus) -> str:
    """Where the hall says that its pages are."""
    said: SimpleQueue[str] = SimpleQueue()
    kiosk.on(topics.SERVER, lambda state, _ids: said.put(state.http))
    return said.get(timeout=10)


def _take_number(kiosk: MemoryBus, number: int, service: str) -> m.TicketSlip:
    person = m.Person(key=f"{number:064x}", masked_name=f"{'张李王赵陈周吴郑孙'[number]}*")
    answer = kiosk.request(topics.ISSUE, m.Issue(id=f"{number:026d}", service=service, person=person)).result(
        10
    )
    if answer.slip is None:
        raise RuntimeError(f"the sample hall issued no number for {service}: {answer.refusal}")
    return answer.slip


def _work(server: HallServer) -> None:
    """Let some windows call, so that the page shows a hall at work."""
    for window in _CALLING:
        server.service.submit(c.CallNext(request=f"picture-{window}", by="pictures", window=window)).result(
            10
        )


def _printed(slip: m.TicketSlip, folder: Path) -> Image.Image:
    """The slip as the real driver prints it on the simulated printer."""
    printer = TicketPrinterSimulator("printer", link=folder / "printer")
    printer.start()
    try:
        driver = escpos.build(escpos.Options(port=str(folder / "printer"), baud=115200))
        driver.open()
        driver.print(paper.ticket(slip))
        driver.close()
        return Image.open(io.BytesIO(printer.latest_picture()))
    finally:
        printer.stop()


def clerk_picture(server: HallServer, pages: str, *, size: tuple[int, int]) -> Image.Image:
    """What headless Chromium shows of a clerk's page, with our own fonts; in by the sample's link."""
    with browser(fonts=fetched_root() / "fonts") as chromium:
        page = chromium.new_page(viewport={"width": size[0], "height": size[1]})
        page.goto(f"{pages}/enter/{server.accounts.entry}")
        page.get_by_role("button", name="示例窗口人员").first.click()
        page.goto(f"{pages}/clerk/{_WINDOW}")
        page.wait_for_load_state("load")
        page.wait_for_function("document.fonts.status === 'loaded'")
        page.get_by_text("已播报").first.wait_for()
        return Image.open(io.BytesIO(page.screenshot()))


def _save(name: str, picture: Image.Image, *, scale: float) -> None:
    """Write a PNG that is small enough for a page. Raises RuntimeError when it cannot be."""
    size = (round(picture.width * scale), round(picture.height * scale))
    small = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    path = PICTURES / f"{name}.png"
    small.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    if path.stat().st_size > LARGEST_BYTES:
        raise RuntimeError(f"{path} has {path.stat().st_size} bytes; at most {LARGEST_BYTES} are wanted")
    print(
        f"{path.relative_to(PROJECT)}  {small.width}×{small.height}  {path.stat().st_size // 1024} kB",
        flush=True,
    )
