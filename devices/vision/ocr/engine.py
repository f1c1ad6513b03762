"""The recogniser, in the worker's process only: rapidocr without its angle classifier.

The classifier turns single lines of a clean page upside down and loses them (VISION §3): which way up a page
lies is settled once for the whole page here. Template places of an ID card are recognised without detection.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

import cv2
import numpy as np
from rapidocr import RapidOCR

from devices.vision.ocr import fields
from devices.vision.ocr.reading import Document, Field, Line, Reading
from devices.vision.page import Pixels

_PLACES: dict[str, tuple[tuple[float, float, float, float], ...]] = {
    "name": ((0.172, 0.055, 0.62, 0.175),),
    "sex": ((0.172, 0.195, 0.28, 0.3),),
    "nation": ((0.395, 0.195, 0.64, 0.3),),
    "born": ((0.172, 0.325, 0.6, 0.435),),
    "address": ((0.172, 0.468, 0.65, 0.568), (0.172, 0.55, 0.65, 0.645), (0.172, 0.625, 0.65, 0.72)),
    "number": ((0.315, 0.825, 0.93, 0.935),),
}
"""Left, top, right, bottom as shares of a rectified card (GA 448); three rows of the address."""
_CARD_SIDE, _LONGEST_SIDE = 1012, 1600
_EMPTY_SPREAD = 14.0
_SAMPLE_LINES = 4


class Engine:
    """Loaded once; used by one thread."""

    def __init__(self, threads: int = 2) -> None:
        self._rapid = RapidOCR(
            params={
                "Global.log_level": "critical",
                "Global.use_cls": False,
                "EngineConfig.onnxruntime.intra_op_num_threads": threads,
                "Det.limit_type": "max",
                "Det.limit_side_len": 960,
            }
        )

    def read(self, page: Pixels, document: Document) -> Reading:
        """Read a straightened page (BGR)."""
        begun = perf_counter()
        found = self._card(page) if document is Document.ID_CARD else None
        if found is None:
            found = self._whole(page, document)
        turned, lines, named = found
        return Reading(document, named, lines, turned, perf_counter() - begun)

    def _card(self, page: Pixels) -> tuple[int, tuple[Line, ...], dict[str, Field]] | None:
        """The template's places, this way up and the other; None when neither gives a number that checks."""
        for turned in (90, 270) if page.shape[0] > page.shape[1] else (0, 180):
            card = _sized(_turned(page, turned), _CARD_SIDE)
            number = self._place(card, "number")
            checked = fields.id_card({"number": number}).get("number") if number is not None else None
            if checked is None or not checked.sure:
                continue
            parts = {name: line for name in _PLACES if (line := self._place(card, name)) is not None}
            return turned, tuple(parts.values()), fields.id_card(parts)
        return None

    def _place(self, card: Pixels, name: str) -> Line | None:
        """What is printed in a field's places, joined; None when they are empty."""
        height, width = card.shape[:2]
        texts, scores = [], []
        for left, top, right, bottom in _PLACES[name]:
            crop = card[
                round(top * height) : round(bottom * height), round(left * width) : round(right * width)
            ]
            if float(np.percentile(crop, 90)) - float(np.percentile(crop, 1)) < _EMPTY_SPREAD * 3:
                break
            text, score = self._recognised(crop)
            if not text:
                break
            texts.append(text)
            scores.append(score)
        return Line("".join(texts), min(scores)) if texts else None

    def _whole(self, page: Pixels, document: Document) -> tuple[int, tuple[Line, ...], dict[str, Field]]:
        """Detection and recognition of the whole page, the right way up."""
        sized = _sized(page, _LONGEST_SIDE)
        turned = self._way_up(sized)
        lines = fields.rows(self._lines(_turned(sized, turned)))
        if document is Document.LICENCE:
            return turned, lines, fields.licence(lines)
        if document is Document.ID_CARD:
            return turned, lines, fields.id_card(fields.id_card_parts(lines))
        return turned, lines, {}

    def _way_up(self, page: Pixels) -> int:
        """Degrees clockwise by which the page must be turned: boxes say the axis, a few lines the end."""
        boxes = self._boxes(page)
        if not len(boxes):
            return 0
        sides = np.ptp(boxes, axis=1)
        aside = float((sides[:, 1] > sides[:, 0] * 1.5).mean()) > 0.5
        quarter = 90 if aside else 0
        upright = _turned(page, quarter)
        if aside:
            boxes = self._boxes(upright)
        scores = [self._sampled(_turned(upright, half), boxes, half) for half in (0, 180)]
        return (quarter + (180 if scores[1] > scores[0] + 0.05 else 0)) % 360

    def _sampled(self, page: Pixels, boxes: Pixels, half: int) -> float:
        """How well the longest lines can be read this way up: mean score, lines without words count 0."""
        longest = sorted(boxes, key=lambda box: -float(np.ptp(box[:, 0])))[:_SAMPLE_LINES]
        total = 0.0
        for box in longest:
            left, top = np.maximum(box.min(axis=0), 0).astype(int)
            right, bottom = box.max(axis=0).astype(int)
            if half:
                left, right = page.shape[1] - right, page.shape[1] - left
                top, bottom = page.shape[0] - bottom, page.shape[0] - top
            crop = page[max(0, top) : bottom, max(0, left) : right]
            total += self._recognised(crop)[1] if crop.size else 0.0
        return total / max(1, len(longest))

    # All switches are given in each call: rapidocr keeps what the call before has set.

    def _recognised(self, crop: Pixels) -> tuple[str, float]:
        """The text of one line, and the score of its weakest character: one wrong character spoils a name."""
        found: Any = self._rapid(
            np.ascontiguousarray(crop), use_det=False, use_cls=False, use_rec=True, return_word_box=True
        )
        if not found.txts:
            return "", 0.0
        scores = found.word_results[0].confs if found.word_results else ()
        return str(found.txts[0]).strip(), float(min(scores, default=found.scores[0]))

    def _boxes(self, page: Pixels) -> Pixels:
        found: Any = self._rapid(page, use_det=True, use_cls=False, use_rec=False, return_word_box=False)
        return np.zeros((0, 4, 2)) if found.boxes is None else np.asarray(found.boxes)

    def _lines(self, page: Pixels) -> list[Line]:
        found: Any = self._rapid(page, use_det=True, use_cls=False, use_rec=True, return_word_box=False)
        if found.boxes is None or not found.txts:
            return []
        height, width = page.shape[:2]
        lines = []
        for box, text, score in zip(found.boxes, found.txts, found.scores, strict=True):
            left, top = box.min(axis=0) / (width, height)
            right, bottom = box.max(axis=0) / (width, height)
            place = (float(left), float(top), float(right - left), float(bottom - top))
            lines.append(Line(str(text), float(score), *place))
        return lines


def _sized(page: Pixels, side: int) -> Pixels:
    scale = side / max(page.shape[:2])
    if scale >= 1.0 and side != _CARD_SIDE:
        return page
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(page, None, fx=scale, fy=scale, interpolation=how)


_ROTATIONS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


def _turned(page: Pixels, degrees: int) -> Pixels:
    return cv2.rotate(page, _ROTATIONS[degrees]) if degrees else page
