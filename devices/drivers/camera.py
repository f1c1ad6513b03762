"""Camera through OpenCV: a thread takes pictures, and only fresh, sane ones are ever given out."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path
from time import monotonic
from typing import Any

import cv2
import msgspec
import numpy as np

from devices.capabilities import CameraCapabilities
from devices.links import presence
from devices.ports import DeviceAbsent, DeviceLost, Fault, Frame, Kind, Owner, Status

_log = logging.getLogger(__name__)

_CLOSE_SECONDS = 3.0
_FIRST_FRAME_SECONDS = 5.0
_DARK = 8.0
"""Mean brightness below this: the lens is covered or the lamp is off."""
_BANDS = 16
_BLACK, _WHITE, _FLAT = 5.0, 248.0, 0.05


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``source`` is an URL (MJPEG or RTSP), or a device such as /dev/video0.

    ``stale_seconds`` without a picture that differs from the one before, and the camera counts as frozen.
    """

    source: str
    width: int = 1280
    height: int = 960
    frames_per_second: int = 10
    preview_width: int = 960
    open_timeout_seconds: float = 2.0
    read_timeout_seconds: float = 1.5
    stale_seconds: float = 2.0


def build(options: Options) -> OpenCvCamera:
    """The driver, not yet opened."""
    return OpenCvCamera(options)


class OpenCvCamera:
    """One camera; the capture object lives and dies on the thread that reads it."""

    kind = Kind.CAMERA

    def __init__(self, options: Options) -> None:
        self._options = options
        self._fresh = threading.Condition()
        self._taker: _Taker | None = None
        self._given = 0

    @property
    def capabilities(self) -> CameraCapabilities:
        """The size that is asked for; what comes may be smaller."""
        wanted = self._options
        return CameraCapabilities(
            width=wanted.width, height=wanted.height, preview_width=wanted.preview_width
        )

    def open(self) -> None:
        self.close()
        self._taker = _Taker(self._options, self._fresh)
        self._given = 0
        self._taker.start()
        self._taker.wait_open(self._options.open_timeout_seconds + 1.0)

    def close(self) -> None:
        taker, self._taker = self._taker, None
        if taker is not None:
            taker.stop()

    def identify(self) -> str:
        """The kernel's name of a local camera; a network camera has none."""
        self._next(_FIRST_FRAME_SECONDS)
        node = Path(os.path.realpath(self._options.source)).name
        name = Path("/sys/class/video4linux", node, "name")
        return name.read_text().strip() if name.is_file() else ""

    def heartbeat(self) -> Status:
        taker = self._running()
        with self._fresh:
            age = monotonic() - taker.taken_at
            image, dropped = taker.image, taker.dropped
        if age > self._options.stale_seconds:
            raise DeviceLost(taker.reason or _silent(self._options.source))
        dark = image is not None and float(image[::16, ::16].mean()) < _DARK
        return Status(not dark, (_dark(),) if dark else (), {"dropped": str(dropped)})

    def presence(self) -> str:
        return presence(self._options.source)

    def frame(self, *, timeout_seconds: float = 2.0) -> Frame:
        image, number = self._next(timeout_seconds)
        height, width = image.shape[:2]
        if width > self._options.preview_width:
            height, width = height * self._options.preview_width // width, self._options.preview_width
            image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        return Frame(width, height, cv2.cvtColor(image, cv2.COLOR_BGR2RGB).tobytes(), number)

    def still(self, *, timeout_seconds: float = 3.0) -> bytes:
        image, _ = self._next(timeout_seconds)
        done, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 92])
        if not done:
            raise DeviceLost(_garbage())
        return encoded.tobytes()

    def _next(self, timeout_seconds: float) -> tuple[np.ndarray[Any, Any], int]:
        """The next picture that was not given out yet."""
        taker = self._running()
        with self._fresh:
            self._fresh.wait_for(lambda: taker.number > self._given or taker.ended, timeout_seconds)
            if taker.number > self._given and taker.image is not None:
                self._given = taker.number
                return taker.image, taker.number
        raise DeviceLost(taker.reason or _silent(self._options.source))

    def _running(self) -> _Taker:
        if self._taker is None:
            raise DeviceLost(_ended(self._options.source))
        return self._taker


class _Taker:
    """The thread that opens the capture, reads it, judges each picture and keeps the newest good one."""

    def __init__(self, options: Options, fresh: threading.Condition) -> None:
        self._options = options
        self._fresh = fresh
        self._stopping = False
        self._opened: bool | None = None
        self._thread = threading.Thread(target=self._run, name=f"camera {options.source}", daemon=True)
        self._seen: np.ndarray[Any, Any] | None = None
        self.image: np.ndarray[Any, Any] | None = None
        self.number = 0
        self.taken_at = 0.0
        self.dropped = 0
        self.ended = False
        self.reason: Fault | None = None

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; it releases the camera itself, since no other may while it reads."""
        self._stopping = True
        self._thread.join(_CLOSE_SECONDS)
        if self._thread.is_alive():
            _log.warning("a camera does not let go; left to end by itself")

    def wait_open(self, timeout_seconds: float) -> None:
        """Raises DeviceAbsent when the camera cannot be opened in time."""
        with self._fresh:
            self._fresh.wait_for(lambda: self._opened is not None, timeout_seconds)
        if not self._opened:
            raise DeviceAbsent(_absent(self._options.source))
        self.taken_at = monotonic()

    def _run(self) -> None:
        capture = None
        try:
            capture = _capture(self._options)
            self._note_open(capture.isOpened())
            while not self._stopping and self._opened:
                read, image = capture.read()
                if not read or image is None:
                    self.reason = _ended(self._options.source)
                    break
                self._judge(image)
        except cv2.error:
            _log.exception("OpenCV failed on a camera")
        finally:
            if capture is not None:
                capture.release()
            with self._fresh:
                self.ended = True
                self._opened = bool(self._opened)
                self._fresh.notify_all()

    def _note_open(self, opened: bool) -> None:
        with self._fresh:
            self._opened = opened
            self._fresh.notify_all()

    def _judge(self, image: np.ndarray[Any, Any]) -> None:
        """Keep a picture that is new and whole; count and drop any other."""
        before, self._seen = self._seen, image[::8, ::8]
        if before is None or before.shape != self._seen.shape:
            before = np.zeros_like(self._seen)
        if np.array_equal(before, self._seen):
            self.reason = _frozen()
        elif _is_garbage(self._seen, before):
            self.reason = _garbage()
        else:
            self._keep(image)
            return
        self.dropped += 1

    def _keep(self, image: np.ndarray[Any, Any]) -> None:
        with self._fresh:
            self.image = image
            self.number += 1
            self.taken_at = monotonic()
            self.reason = None
            self._fresh.notify_all()


def _capture(options: Options) -> cv2.VideoCapture:
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    if "://" in options.source:
        limits = [
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
            int(options.open_timeout_seconds * 1000),
            cv2.CAP_PROP_READ_TIMEOUT_MSEC,
            int(options.read_timeout_seconds * 1000),
            cv2.CAP_PROP_N_THREADS,
            1,
        ]
        return cv2.VideoCapture(options.source, cv2.CAP_FFMPEG, limits)
    wanted = [
        cv2.CAP_PROP_FRAME_WIDTH,
        options.width,
        cv2.CAP_PROP_FRAME_HEIGHT,
        options.height,
        cv2.CAP_PROP_FPS,
        options.frames_per_second,
    ]
    return cv2.VideoCapture(options.source, cv2.CAP_V4L2, wanted)


def _is_garbage(seen: np.ndarray[Any, Any], before: np.ndarray[Any, Any]) -> bool:
    """Half a JPEG: the decoder fills the rest with one colour or leaves the picture before standing.

    A lens gives noise in every band of every picture, except where it is blind with light or dark.
    """
    for band, old in zip(np.array_split(seen, _BANDS), np.array_split(before, _BANDS), strict=True):
        if not _BLACK < float(band.mean()) < _WHITE:
            continue
        if np.array_equal(band, old) or float(band.std(axis=(0, 1)).max()) < _FLAT:
            return True
    return False


def _absent(source: str) -> Fault:
    action = "检查摄像头的数据线和电源，核对配置里的 source"
    return Fault("camera_absent", f"打不开摄像头（{source}）", action, Owner.TECHNICIAN)


def _ended(source: str) -> Fault:
    return Fault(
        "camera_ended", f"摄像头断开了（{source}）", "检查摄像头的数据线；会自动恢复", Owner.TECHNICIAN
    )


def _silent(source: str) -> Fault:
    return Fault(
        "camera_silent", f"摄像头不再送来画面（{source}）", "检查摄像头；会自动重连", Owner.TECHNICIAN
    )


def _frozen() -> Fault:
    return Fault("camera_frozen", "摄像头画面卡住不动", "检查摄像头；会自动重连", Owner.TECHNICIAN)


def _garbage() -> Fault:
    return Fault("camera_garbage", "摄像头画面残缺", "检查摄像头的数据线", Owner.TECHNICIAN)


def _dark() -> Fault:
    return Fault("camera_dark", "摄像头画面全黑", "请取下镜头上的遮挡物或打开补光灯", Owner.STAFF)
