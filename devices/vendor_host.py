"""The child's side of devices/vendor_process.py: a library's functions, called one after the other."""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Callable, Mapping

import msgspec

from devices.vendor_process import Answer, Call, Value, die_with_parent

_LENGTH = struct.Struct(">I")


class SaysNo(Exception):
    """Raised by a wrapper's function: the library refused; ``str()`` is its own word."""


def serve(functions: Mapping[str, Callable[..., Value]]) -> None:
    """Answer calls until the parent closes the pipe. The pipes' numbers are the last two arguments."""
    die_with_parent()
    source, sink = (int(word) for word in sys.argv[-2:])
    with os.fdopen(source, "rb") as calls, os.fdopen(sink, "wb") as answers:
        while head := calls.read(_LENGTH.size):
            call = msgspec.msgpack.decode(calls.read(_LENGTH.unpack(head)[0]), type=Call)
            data = msgspec.msgpack.encode(_answer(functions, call))
            answers.write(_LENGTH.pack(len(data)) + data)
            answers.flush()


def _answer(functions: Mapping[str, Callable[..., Value]], call: Call) -> Answer:
    function = functions.get(call.function)
    if function is None:
        return Answer(call.number, error=f"no function {call.function}")
    try:
        return Answer(call.number, function(**call.arguments))
    except SaysNo as error:
        return Answer(call.number, error=str(error) or "no")
