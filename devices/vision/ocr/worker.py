"""The recogniser's process: a header line of JSON and the page's pixels in, one line of JSON out.

Started by devices.vision.ocr.client, never by hand. It keeps nothing, writes no file and logs nothing.
"""

from __future__ import annotations

import os
import sys

import msgspec
import numpy as np

from devices.vision.ocr.reading import Document, Reading


class Page(msgspec.Struct, frozen=True):
    """What comes before ``height × width × 3`` bytes of BGR pixels."""

    id: int
    document: Document
    height: int
    width: int


class Answer(msgspec.Struct, frozen=True):
    """``id`` 0 says that the recogniser is loaded; ``error`` is a word for the program, not for people."""

    id: int
    reading: Reading | None = None
    error: str = ""


def main() -> int:
    """Answer until the input ends. 3 when the extra ``ocr`` is not installed."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # a library that prints must not print between our answers
    try:
        from devices.vision.ocr.engine import Engine
    except ImportError:
        answers.write(msgspec.json.encode(Answer(0, error="absent")) + b"\n")
        return 3
    engine = Engine()
    answers.write(msgspec.json.encode(Answer(0)) + b"\n")
    pages = sys.stdin.buffer
    while line := pages.readline():
        asked = msgspec.json.decode(line, type=Page)
        data = pages.read(asked.height * asked.width * 3)
        page = np.frombuffer(data, np.uint8).reshape(asked.height, asked.width, 3)
        try:
            answer = Answer(asked.id, engine.read(page, asked.document))
        except Exception as error:  # noqa: BLE001 - the worker's top: a page that breaks it must not end it
            answer = Answer(asked.id, error=type(error).__name__)
        answers.write(msgspec.json.encode(answer) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
