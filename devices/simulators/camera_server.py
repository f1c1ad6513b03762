"""A camera as MJPEG over HTTP on loopback, which can stall, drop, freeze, go dark or send halves.

``/`` streams the preview, ``/still`` the same scene with five megapixels. What it sees can be changed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from devices.simulators import desk_scene

FAULTS = {
    "unplugged": "拔掉摄像头（拒绝连接）",
    "stall": "连接还在，但不再送画面",
    "drop": "每次连接半秒后断开",
    "half_jpeg": "每张画面只送一半",
    "frozen": "画面卡住不动",
    "dark": "镜头被遮住（全黑）",
    "resized": "画面尺寸中途变小",
}
_BOUNDARY = "banshi-frame"
_DROP_SECONDS = 0.5


def pictures(
    scene: str, *, dark: bool = False, small: bool = False, still: bool = False
) -> tuple[bytes, ...]:
    """The series of JPEGs that is sent round and round; drawn once."""
    width = desk_scene.STILL_WIDTH if still else desk_scene.WIDTH
    count = 4 if dark or small or still else 8
    return desk_scene.jpegs(scene, count, width=width // 2 if small else width, dark=dark)


class CameraSimulator:
    """One camera at ``http://127.0.0.1:port/``; port 0 takes a free one at the first start."""

    kind = "camera"

    def __init__(
        self, name: str, port: int = 0, *, frames_per_second: float = 8.0, scene: str = "form"
    ) -> None:
        self.name = name
        self._scene = scene
        self._port = port
        self._period = 1.0 / frames_per_second
        self._lock = threading.Lock()
        self._faults: set[str] = set()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._sent = 0
        self._watchers = 0
        self._watched = threading.Condition(self._lock)

    @property
    def address(self) -> str:
        """URL for the driver's ``source``."""
        return f"http://127.0.0.1:{self._port}/"

    def start(self) -> None:
        """Listen."""
        pictures(self._scene)
        with self._lock:
            if self._server is not None:
                return
            self._server = _Server(("127.0.0.1", self._port), _Handler)
            self._server.camera = self
            self._port = self._server.server_address[1]
            self._thread = threading.Thread(
                target=self._server.serve_forever,
                kwargs={"poll_interval": 0.1},
                name=f"sim {self.name}",
                daemon=True,
            )
            self._thread.start()

    def stop(self) -> None:
        """Close the port and every connection."""
        with self._lock:
            server, self._server = self._server, None
            thread, self._thread = self._thread, None
        if server is not None and thread is not None:
            server.closing.set()
            server.shutdown()
            server.server_close()
            thread.join()

    def faults(self) -> Mapping[str, str]:
        """What it can do wrong."""
        return FAULTS

    def set_fault(self, fault: str, on: bool) -> None:
        """Switch a fault."""
        if fault not in FAULTS:
            raise KeyError(fault)
        self._draw_for(fault)
        with self._lock:
            (self._faults.add if on else self._faults.discard)(fault)
        if fault == "unplugged":
            self.stop() if on else self.start()

    def _draw_for(self, fault: str) -> None:
        """Have the pictures before they are wanted: a stream must not stall while they are drawn."""
        if fault in ("dark", "resized"):
            pictures(self._scene, dark=fault == "dark", small=fault == "resized")

    def show(self, scene: str) -> None:
        """Put something else before the lens. Raises KeyError for a scene that desk_scene does not have."""
        if scene not in desk_scene.SCENES:
            raise KeyError(scene)
        pictures(scene)
        with self._lock:
            self._scene = scene

    def state(self) -> Mapping[str, object]:
        """The faults that are on, the scene, pictures sent, how many streams are being watched now."""
        with self._lock:
            return {
                "faults": sorted(self._faults),
                "scene": self._scene,
                "sent": self._sent,
                "watchers": self._watchers,
            }

    def next_jpeg(self, *, still: bool = False) -> bytes | None:
        """The picture to be sent now; None while it stalls."""
        with self._lock:
            if "stall" in self._faults:
                return None
            scene, dark, small = self._scene, "dark" in self._faults, "resized" in self._faults
            if "frozen" not in self._faults:
                self._sent += 1
            sent, half = self._sent, "half_jpeg" in self._faults
        series = pictures(scene, dark=dark, small=small, still=still)
        picture = series[sent % len(series)]
        return picture[: len(picture) // 2] if half else picture

    def stream(self, handler: BaseHTTPRequestHandler, closing: threading.Event, *, still: bool) -> None:
        """Send pictures until somebody has enough."""
        with self._watching():
            sent_seconds = 0.0
            while not closing.wait(self._period):
                picture = self.next_jpeg(still=still)
                if picture is not None:
                    head = (
                        f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
                    )
                    handler.wfile.write(head.encode() + picture + b"\r\n")
                sent_seconds += self._period
                if "drop" in self._faults and sent_seconds > _DROP_SECONDS:
                    return

    def wait_watched(self, streams: int, *, seconds: float = 10.0) -> bool:
        """Wait until so many streams are being sent; False when it does not come to that. For tests."""
        with self._watched:
            return self._watched.wait_for(lambda: self._watchers == streams, seconds)

    @contextmanager
    def _watching(self) -> Iterator[None]:
        with self._watched:
            self._watchers += 1
            self._watched.notify_all()
        try:
            yield
        finally:
            with self._watched:
                self._watchers -= 1
                self._watched.notify_all()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    camera: CameraSimulator

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self.closing = threading.Event()
        super().__init__(address, handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
        self.end_headers()
        with suppress(OSError):
            self.server.camera.stream(self, self.server.closing, still=self.path.startswith("/still"))

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a request here is no event of the hall."""
