"""Camera through OpenCV: a thread takes pictures, only fresh and whole ones are given out; it rests unasked.

The sensor runs only while somebody wants pictures: for the citizen's privacy, and for heat. A preview uses
a small mode, a still the largest that the camera has.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import cv2
import msgspec

from devices.capabilities import CameraCapabilities
from devices.faults import DeviceAbsent, DeviceLost, DeviceMisconfigured, Fault, Owner
from devices.link_faults import forbidden
from devices.links import presence
from devices.ports import Frame, Kind, Status
from devices.vision.frames import Freshness, Verdict, is_dark
from devices.vision.page import Pixels
from devices.vision.quality import sharpness

_log = logging.getLogger(__name__)

_CLOSE_SECONDS = 3.0
_FIRST_FRAME_SECONDS = 5.0
_STILL_LIMIT_READS = 40
"""A still mode that gives no good picture in so many reads gives none."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``source`` is an URL (MJPEG or RTSP), or a device such as /dev/video0.

    ``still_source``: URL of the large picture where a network camera has one apart. ``still_width`` ×
    ``still_height`` is asked of a local camera for a still, which gives its nearest mode; 0: no other mode.
    ``stale_seconds`` without a picture that differs from the one before, and the camera counts as frozen.
    ``rest_seconds`` after the last picture was asked for the sensor is switched off; 0 keeps it on.
    """

    source: str
    width: int = 1280
    height: int = 960
    frames_per_second: int = 10
    preview_width: int = 960
    still_source: str = ""
    still_width: int = 3264
    still_height: int = 2448
    burst: int = 3
    open_timeout_seconds: float = 2.0
    read_timeout_seconds: float = 1.5
    stale_seconds: float = 2.0
    rest_seconds: float = 15.0


def build(options: Options) -> OpenCvCamera:
    """The driver, not yet opened."""
    return OpenCvCamera(options)


class OpenCvCamera:
    """One camera; each capture object lives and dies on the thread that reads it."""

    kind = Kind.CAMERA

    def __init__(self, options: Options) -> None:
        self._options = options
        self._fresh = threading.Condition()
        self._taker: _Taker | None = None
        self._resting = False
        self._given = 0
        self._asked_at = 0.0
        self._counts = Counter(pictures=0, dropped=0, stills=0, rests=0)
        self._judges = _Judges()

    @property
    def capabilities(self) -> CameraCapabilities:
        """The sizes that are asked for; what comes may be smaller."""
        wanted = self._options
        local = "://" not in wanted.source and wanted.still_width > 0
        return CameraCapabilities(
            width=wanted.still_width if local else wanted.width,
            height=wanted.still_height if local else wanted.height,
            preview_width=wanted.preview_width,
        )

    def open(self) -> None:
        self.close()
        self._taker = taker = _Taker(self._options, self._fresh, self._counts, self._judges)
        self._given = 0
        taker.start()
        taker.wait_open(self._options.open_timeout_seconds + 1.0)
        self._asked_at = monotonic()

    def close(self) -> None:
        self._resting = False
        taker, self._taker = self._taker, None
        if taker is not None:
            taker.stop()

    def rest(self) -> None:
        if self._taker is not None:
            self.close()
            self._counts["rests"] += 1
            self._resting = True

    def identify(self) -> str:
        """The kernel's name of a local camera; a network camera has none."""
        self._next(_FIRST_FRAME_SECONDS)
        node = Path(os.path.realpath(self._options.source)).name
        name = Path("/sys/class/video4linux", node, "name")
        return name.read_text().strip() if name.is_file() else ""

    def heartbeat(self) -> Status:
        """While it rests nothing is known but whether its node is there."""
        limit = self._options.rest_seconds
        if limit and self._taker is not None and monotonic() - self._asked_at > limit:
            self.rest()
        if self._resting:
            if "://" not in self._options.source and not self.presence():
                raise DeviceAbsent(_absent(self._options.source))
            return Status(None, details={"resting": "yes"})
        taker = self._running()
        with self._fresh:
            age, image = monotonic() - taker.taken_at, taker.image
        if age > self._options.stale_seconds:
            raise DeviceLost(taker.reason or _silent(self._options.source))
        dark = image is not None and is_dark(image)
        return Status(not dark, (_dark(),) if dark else (), {"dropped": str(self._counts["dropped"])})

    def presence(self) -> str:
        return presence(self._options.source)

    def counts(self) -> Mapping[str, int]:
        return dict(self._counts)

    def resume(self, counts: Mapping[str, int]) -> None:
        self._counts.update(counts)

    def frame(self, *, timeout_seconds: float = 2.0) -> Frame:
        image, number = self._next(timeout_seconds)
        height, width = image.shape[:2]
        if width > self._options.preview_width:
            height, width = height * self._options.preview_width // width, self._options.preview_width
            image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        return Frame(width, height, cv2.cvtColor(image, cv2.COLOR_BGR2RGB).tobytes(), number)

    def still(self, *, timeout_seconds: float = 6.0) -> bytes:
        return max(self._burst(self._options.burst, timeout_seconds), key=_sharpness)[0]

    def burst(self, count: int, *, timeout_seconds: float = 8.0) -> tuple[bytes, ...]:
        return tuple(jpeg for jpeg, _ in self._burst(count, timeout_seconds))

    def _burst(self, count: int, timeout_seconds: float) -> list[tuple[bytes, float]]:
        deadline = monotonic() + timeout_seconds
        if _has_still_mode(self._options):
            images = self._awake().take_stills(count, timeout_seconds)
            if not images:
                raise DeviceLost(self._awake().reason or _silent(self._options.source))
        else:
            images = [self._next(deadline - monotonic())[0] for _ in range(count)]
        self._counts["stills"] += 1
        return [_coded(image) for image in images]

    def _next(self, timeout_seconds: float) -> tuple[Pixels, int]:
        """The next picture that was not given out yet."""
        taker = self._awake()
        with self._fresh:
            self._fresh.wait_for(lambda: taker.number > self._given or taker.ended, timeout_seconds)
            if taker.number > self._given and taker.image is not None:
                self._given = taker.number
                return taker.image, taker.number
        raise DeviceLost(taker.reason or _silent(self._options.source))

    def _awake(self) -> _Taker:
        """The thread that takes pictures, started again when the camera was at rest."""
        if self._resting:
            self.open()
        self._asked_at = monotonic()
        return self._running()

    def _running(self) -> _Taker:
        if self._taker is None:
            raise DeviceLost(_ended(self._options.source))
        return self._taker


@dataclass(slots=True, eq=False)
class _Stills:
    """A wish for pictures in the largest mode, fulfilled by the thread between two previews."""

    count: int
    deadline: float
    images: list[Pixels] = field(default_factory=list)
    done: bool = False


@dataclass(frozen=True, slots=True)
class _Judges:
    """Of the preview and of the stills; they outlive a capture."""

    preview: Freshness = field(default_factory=Freshness)
    still: Freshness = field(default_factory=Freshness)


class _Taker:
    """The thread that opens the capture, reads it, judges each picture and keeps the newest good one."""

    def __init__(
        self, options: Options, fresh: threading.Condition, counts: Counter[str], judges: _Judges
    ) -> None:
        self._options = options
        self._fresh = fresh
        self._counts = counts
        self._stopping = False
        self._opened: bool | None = None
        self._thread = threading.Thread(target=self._run, name=f"camera {options.source}", daemon=True)
        self._judges = judges
        self._wanted: _Stills | None = None
        self.image: Pixels | None = None
        self.number = 0
        self.taken_at = 0.0
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
        """Raises DeviceAbsent when the camera cannot be opened in time, DeviceMisconfigured for a right."""
        with self._fresh:
            self._fresh.wait_for(lambda: self._opened is not None, timeout_seconds)
        if not self._opened:
            source = self._options.source
            if (
                self._options.source.startswith("/")
                and os.path.exists(source)
                and not os.access(source, os.R_OK)
            ):
                raise DeviceMisconfigured(forbidden(source))
            raise DeviceAbsent(_absent(source))
        self.taken_at = monotonic()

    def take_stills(self, count: int, timeout_seconds: float) -> list[Pixels]:
        """So many pictures in the largest mode, fewer or none when time or camera fail."""
        wish = _Stills(count, monotonic() + timeout_seconds)
        with self._fresh:
            self._wanted = wish
            self._fresh.wait_for(lambda: wish.done or self.ended, timeout_seconds)
            self._wanted = None
            return list(wish.images)

    def _run(self) -> None:
        capture: cv2.VideoCapture | None = None
        try:
            capture = self._preview()
            self._note_open(capture.isOpened())
            while not self._stopping and self._opened:
                if self._wanted is not None and not self._wanted.done:
                    capture.release()
                    self._take(self._wanted)
                    capture = self._preview()
                read, image = capture.read()
                if not read or image is None:
                    self.reason = _ended(self._options.source)
                    break
                if self._judged(image, self._judges.preview) is Verdict.FRESH:
                    self._keep(image)
        except cv2.error:
            _log.exception("OpenCV failed on a camera")
        finally:
            if capture is not None:
                capture.release()
            with self._fresh:
                self.ended = True
                self._opened = bool(self._opened)
                self._fresh.notify_all()

    def _preview(self) -> cv2.VideoCapture:
        self._judges.preview.begin()
        return _capture(self._options)

    def _take(self, wish: _Stills) -> None:
        """Fulfil a wish for stills with a capture of its own; the preview waits meanwhile.

        The very first picture is proven by a second one; a source that gives one picture a time has none.
        """
        capture = _capture(self._options, still=True)
        judge, alone = self._judges.still, list[Pixels]()
        judge.begin()
        self.reason = None
        try:
            for _ in range(_STILL_LIMIT_READS):
                if self._stopping or len(wish.images) >= wish.count or monotonic() > wish.deadline:
                    break
                read, image = capture.read()
                if not read or image is None:
                    self.reason = self.reason or _ended(self._options.still_source or self._options.source)
                    wish.images.extend(alone)
                    break
                verdict = self._judged(image, judge)
                alone = [image] if verdict is Verdict.FIRST else []
                if verdict is Verdict.FRESH:
                    wish.images.append(image)
        finally:
            capture.release()
            with self._fresh:
                wish.done = True
                self.taken_at = monotonic()
                self._fresh.notify_all()

    def _note_open(self, opened: bool) -> None:
        with self._fresh:
            self._opened = opened
            self._fresh.notify_all()

    def _judged(self, image: Pixels, judge: Freshness) -> Verdict:
        """What a picture is worth; a stale or broken one is counted and the reason kept."""
        verdict = judge.judge(image)
        if verdict is Verdict.FRESH:
            self._counts["pictures"] += 1
        elif verdict is not Verdict.FIRST:
            self._counts["dropped"] += 1
            self.reason = _frozen() if verdict is Verdict.FROZEN else _garbage()
        return verdict

    def _keep(self, image: Pixels) -> None:
        with self._fresh:
            self.image = image
            self.number += 1
            self.taken_at = monotonic()
            self.reason = None
            self._fresh.notify_all()


def _has_still_mode(options: Options) -> bool:
    return bool(options.still_source) or ("://" not in options.source and options.still_width > 0)


def _capture(options: Options, *, still: bool = False) -> cv2.VideoCapture:
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    source = (options.still_source or options.source) if still else options.source
    if "://" in source:
        limits = [
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
            int(options.open_timeout_seconds * 1000),
            cv2.CAP_PROP_READ_TIMEOUT_MSEC,
            int(options.read_timeout_seconds * 1000),
            cv2.CAP_PROP_N_THREADS,
            1,
        ]
        return cv2.VideoCapture(source, cv2.CAP_FFMPEG, limits)
    width, height = (options.still_width, options.still_height) if still else (options.width, options.height)
    wanted = [
        cv2.CAP_PROP_FOURCC,
        cv2.VideoWriter.fourcc(*"MJPG"),
        cv2.CAP_PROP_FRAME_WIDTH,
        width,
        cv2.CAP_PROP_FRAME_HEIGHT,
        height,
        cv2.CAP_PROP_FPS,
        options.frames_per_second,
    ]
    return cv2.VideoCapture(source, cv2.CAP_V4L2, wanted)


def _coded(image: Pixels) -> tuple[bytes, float]:
    """JPEG of a picture, and its sharpness."""
    done, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 92])
    if not done:
        raise DeviceLost(_garbage())
    return encoded.tobytes(), sharpness(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))


def _sharpness(taken: tuple[bytes, float]) -> float:
    return taken[1]


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
