"""The measured board of kivy_frame: its hall, its script of phases, its figures. Imports Kivy."""

from __future__ import annotations

import random
import statistics
import threading
import time
from pathlib import Path

from kivy.clock import Clock
from kivy.core.window import Window

from contract import topics
from contract.memory import MemoryBroker
from contract.messages import BoardNow, BoardRow, Call, CallKind, Presence, ServerState, ZoneWaiting
from queue_display import board
from queue_display.app import DisplayApp, Rules
from queue_display.run import Subscription
from queue_display.screens.hall_board import HallBoard

FRAMES = 60
WARM = 10
SERVICES = ("企业与许可综合受理", "社保医保", "办税服务", "户籍与身份证", "不动产与公积金")
HOUR_MS = 3_600_000


def hall_ms() -> int:
    """Hall time of this bench."""
    return int(time.time() * 1000)


class BoardUnderTest:
    """A board and the hall that feeds it; ``script`` runs on a thread of its own and stops the app."""

    def __init__(self, timing: Path, *, calls: int, quiet_seconds: float) -> None:
        self.figures: dict[str, float] = {}
        self._timing, self._calls, self._quiet = timing, calls, quiet_seconds
        self._broker = MemoryBroker()
        self._hall, self._screen = self._broker.bus("hall-server"), self._broker.bus("board-1")
        rules = Rules(board.BoardState("hall"), board.fold, board.view, board.next_change)
        self._ready = threading.Event()
        self.app = DisplayApp(rules=rules, screen=HallBoard, hall_ms=hall_ms, ready=self._first_frame)
        self.app.timings(timing)
        for route, ids in ((topics.SERVER, {}), (topics.BOARD_NOW, {}), (topics.BOARD_CALL, {})):
            Subscription(route, ids).join(self._screen, self.app.hear)
        self._flips = 0
        self._seq = 0
        self._rows: list[BoardRow] = []
        Window.bind(on_flip=self._flipped)

    def script(self) -> None:
        """Phase after phase; then the window closes."""
        self._hall.open()
        self._screen.open()
        self._ready.wait()
        self._beat()
        for number in range(12):
            self._call(number)
        self._redraw_everything()
        self._call_and_wait()
        self._keep_quiet()
        self.figures["memory"] = _resident_mb()
        Clock.schedule_once(lambda _: self.app.stop(), 0)

    def close(self) -> None:
        """Let go of the buses."""
        self._screen.close()
        self._hall.close()

    # ------------------------------------------------------------ phases

    def _redraw_everything(self) -> None:
        """CPU of all threads for frames in which the whole window is drawn."""
        done = threading.Event()
        counted = [-WARM, 0.0]

        def next_frame(*_: object) -> None:
            counted[0] += 1
            if counted[0] == 0:
                counted[1] = time.process_time()
            if counted[0] == FRAMES:
                self.figures["frame"] = (time.process_time() - counted[1]) * 1000 / FRAMES
                Window.unbind(on_flip=next_frame)
                done.set()
            else:
                Window.canvas.ask_update()

        Window.bind(on_flip=next_frame)
        Clock.schedule_once(lambda _: Window.canvas.ask_update(), 0)
        done.wait()

    def _call_and_wait(self) -> None:
        """From handing a call to the bus to the flip of the frame that shows it."""
        pause = random.Random(2)
        sent: dict[str, int] = {}
        for number in range(100, 100 + self._calls):
            time.sleep(pause.uniform(0.2, 0.6))
            sent[f"c-{number}"] = time.monotonic_ns()
            self._call(number)
        time.sleep(1)
        lines = (line.split("\t") for line in self._timing.read_text().splitlines())
        flipped = {mark: int(moment) for moment, mark in lines}
        took = sorted((flipped[mark] - at) / 1e6 for mark, at in sent.items())
        self.figures["p50"] = statistics.median(took)
        self.figures["p95"] = took[int(len(took) * 0.95)]

    def _keep_quiet(self) -> None:
        """Only beats: frames drawn and CPU used."""
        time.sleep(11)  # until the last call has stood large and blinked
        flips, cpu, start = self._flips, time.process_time(), time.monotonic()
        while time.monotonic() - start < self._quiet:
            self._beat()
            time.sleep(min(2.0, self._quiet))
        seconds = time.monotonic() - start
        self.figures["quiet_frames"] = (self._flips - flips) / seconds
        self.figures["quiet_cpu"] = (time.process_time() - cpu) * 100 / seconds

    # ------------------------------------------------------------ the hall

    def _beat(self) -> None:
        state = ServerState(s=Presence.READY, boot="b", at_ms=hall_ms(), hall_name="示例县政务服务中心")
        self._hall.publish(topics.SERVER, state)

    def _call(self, number: int) -> None:
        now = hall_ms()
        shown, service = f"A{number:03d}", SERVICES[number % len(SERVICES)]
        self._hall.publish(
            topics.BOARD_CALL,
            Call(
                call=f"c-{number}",
                kind=CallKind.CALL,
                board="hall",
                ticket=f"t-{number}",
                number=shown,
                window="w03",
                window_label=f"{number % 12 + 1}号窗口",
                zone="zonghe",
                service=service,
                at_ms=now,
                expires_ms=now + HOUR_MS,
            ),
            board="hall",
        )
        row = BoardRow(
            call=f"c-{number}", number=shown, window="3号窗口", service=service, zone="综合", called_ms=now
        )
        self._rows = [row, *self._rows][:10]
        self._seq += 1
        picture = BoardNow(
            board="hall",
            title="大厅",
            seq=self._seq,
            rows=tuple(self._rows),
            notices=("请携带身份证原件。",),
            waiting=tuple(ZoneWaiting(zone=z, waiting=number % 40) for z in ("综合", "税务", "公安", "司法")),
        )
        self._hall.publish(topics.BOARD_NOW, picture, board="hall")

    def _first_frame(self) -> None:
        self.figures["first_frame"] = time.monotonic()
        self._ready.set()

    def _flipped(self, *_: object) -> None:
        self._flips += 1


def _resident_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0
