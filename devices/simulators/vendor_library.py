"""A made-up vendor's library that decodes made-up photos, and hangs, crashes and lies as real ones do.

``python -m devices.simulators.vendor_library MOOD`` is the program that a station's ``photo_decoder``
names; moods: good, hang, crash, garbage, refuse, chatty (prints over its standard output), short.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
import threading

from devices.vendor_host import SaysNo, serve

_WIDTH, _HEIGHT = 102, 126
_ROW = (_WIDTH * 3 + 3) // 4 * 4


def picture(wlt: bytes) -> bytes:
    """A grey BMP whose level is the first byte of the block: 102 x 126 points, 38,862 bytes."""
    size = 54 + _ROW * _HEIGHT
    head = b"BM" + struct.pack("<IHHI", size, 0, 0, 54)
    info = struct.pack("<IiiHHIIiiII", 40, _WIDTH, _HEIGHT, 1, 24, 0, _ROW * _HEIGHT, 2835, 2835, 0, 0)
    return head + info + bytes((wlt[0],)) * (_ROW * _HEIGHT)


def decode(wlt: bytes) -> bytes:
    """As the mood has it."""
    match sys.argv[1]:
        case "hang":
            threading.Event().wait()
        case "crash":
            ctypes.string_at(0)
        case "garbage":
            os.write(int(sys.argv[-1]), b"\x00\x00\x00\x04rubbish")
        case "refuse":
            raise SaysNo("licence does not fit SAM")
        case "chatty":
            sys.stdout.write("debug: decoding\n" * 20_000)
            sys.stdout.flush()
        case "short":
            return b"BM"
    return picture(wlt)


if __name__ == "__main__":
    serve({"decode": decode})
