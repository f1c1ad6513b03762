"""Is a face there, where, how turned: BlazeFace (short range) through OpenCV. It knows nobody.

Detection only: no identity, no age, no sex, no features are made or kept. The network takes 128 × 128
pixels and answers 896 anchors with a score, a box and six points (VISION §1.1–1.2).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from devices.vision.page import Pixels

MODEL_SHA256 = "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633"
"""face_detection_short_range.tflite of @mediapipe/face_detection, Apache-2.0."""
_SIDE = 128
_LAYERS = ((16, 2), (8, 6))
_OVERLAP = 0.3
_POINTS = 6


class ModelUnusable(Exception):
    """The model file is missing or is another one; ``str()`` is the sentence for the technician."""


@dataclass(frozen=True, slots=True)
class Face:
    """One face, all in shares of the picture's width and height (0–1; may reach beyond).

    ``points``: the person's right eye, left eye, nose, mouth, right ear, left ear, as (x, y).
    """

    score: float
    left: float
    top: float
    width: float
    height: float
    points: tuple[tuple[float, float], ...]


class FaceFinder:
    """The network, loaded once; used by one thread at a time. About 4 ms of one core per picture."""

    def __init__(self, model: Path, *, least_score: float = 0.5, sha256: str = MODEL_SHA256) -> None:
        self._net = _loaded(model, sha256)
        self._outputs = tuple(self._net.getUnconnectedOutLayersNames())
        self._least = least_score
        self._anchors = _anchors()

    def find(self, image: Pixels) -> tuple[Face, ...]:
        """The faces in a BGR picture, the likeliest first."""
        square, scale, shift = _squared(image)
        blob = cv2.dnn.blobFromImage(square, 1 / 127.5, (_SIDE, _SIDE), (127.5, 127.5, 127.5), swapRB=True)
        self._net.setInput(blob)
        first, second = (np.asarray(each) for each in self._net.forward(self._outputs))
        raw, logits = (first, second) if first.shape[-1] == 16 else (second, first)
        scores = 1 / (1 + np.exp(-np.clip(logits.reshape(-1), -80, 80)))
        likely = np.flatnonzero(scores >= self._least)
        if not len(likely):
            return ()
        boxes = raw.reshape(-1, 16)[likely] / _SIDE
        boxes[:, [0, 1]] += self._anchors[likely]
        for point in range(_POINTS):
            boxes[:, 4 + 2 * point : 6 + 2 * point] += self._anchors[likely]
        corner = boxes[:, :2] - boxes[:, 2:4] / 2
        kept = cv2.dnn.NMSBoxes(
            np.hstack([corner, boxes[:, 2:4]]).tolist(), scores[likely].tolist(), self._least, _OVERLAP
        )
        return tuple(_face(float(scores[likely[each]]), boxes[each], scale, shift) for each in kept)


def _loaded(model: Path, sha256: str) -> Any:
    try:
        data = model.read_bytes()
    except OSError as error:
        raise ModelUnusable(f"{model}：读不到人脸检测模型，运行 python -m provisioning assets") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ModelUnusable(f"{model}：人脸检测模型与登记的摘要不符，重新运行 python -m provisioning assets")
    return cv2.dnn.readNetFromTFLite(np.frombuffer(data, np.uint8))


def _anchors() -> Pixels:
    """Centres of the 896 anchors: two on a 16 × 16 grid, six on an 8 × 8 grid."""
    centres = []
    for cells, repeats in _LAYERS:
        y, x = np.mgrid[0:cells, 0:cells]
        grid = np.stack([(x + 0.5) / cells, (y + 0.5) / cells], axis=-1).reshape(-1, 2)
        centres.append(np.repeat(grid, repeats, axis=0))
    return np.concatenate(centres).astype(np.float32)


def _squared(image: Pixels) -> tuple[Pixels, Pixels, Pixels]:
    """The picture in a square with black bars, and the way back: share × scale − shift."""
    height, width = image.shape[:2]
    ratio = _SIDE / max(height, width)
    small = cv2.resize(
        image, (max(1, round(width * ratio)), max(1, round(height * ratio))), interpolation=cv2.INTER_AREA
    )
    top, left = (_SIDE - small.shape[0]) // 2, (_SIDE - small.shape[1]) // 2
    square = np.zeros((_SIDE, _SIDE, 3), np.uint8)
    square[top : top + small.shape[0], left : left + small.shape[1]] = small
    size = np.array([small.shape[1], small.shape[0]], np.float32)
    return square, _SIDE / size, np.array([left, top], np.float32) / size


def _face(score: float, box: Pixels, scale: Pixels, shift: Pixels) -> Face:
    centre = box[:2] * scale - shift
    size = box[2:4] * scale
    points = box[4:16].reshape(_POINTS, 2) * scale - shift
    return Face(
        score,
        float(centre[0] - size[0] / 2),
        float(centre[1] - size[1] / 2),
        float(size[0]),
        float(size[1]),
        tuple((float(x), float(y)) for x, y in points),
    )
