"""A vendor's library in a process of its own, with a time limit: a crash or a hang takes no screen down.

The child is any program that speaks the frames below over two pipes, whose numbers are its last two
arguments; its own standard output belongs to the library, which may print what it likes. A call that does
not end in time, a child that dies and an answer that is none are each one DeviceLost; the child is killed
and the next call starts a fresh one. devices/vendor_host.py is the child's side.
"""

from __future__ import annotations

import ctypes
import signal
import struct
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any, cast

import msgspec

from devices.child import Child
from devices.faults import Cause, DeviceLost, DeviceMisconfigured, DeviceRefused, Fault, Owner

Value = bytes | str | int | float | bool | None
_LENGTH = struct.Struct(">I")
_LONGEST = 16 * 1024 * 1024
_PR_SET_PDEATHSIG = 1


class Call(msgspec.Struct, frozen=True):
    """One question: the function's name and its arguments."""

    number: int
    function: str
    arguments: dict[str, Any]


class Answer(msgspec.Struct, frozen=True):
    """Its answer; ``error`` is '' when all is well, else the library's own word."""

    number: int
    value: Any = None
    error: str = ""


_CALL = msgspec.msgpack.Encoder()
_ANSWER = msgspec.msgpack.Decoder(Answer)


class VendorProcess:
    """One library behind one child; used by one thread at a time. Nothing runs before the first call."""

    def __init__(self, name: str, program: Sequence[str], *, limit_seconds: float = 5.0) -> None:
        self._name = name
        self._program = tuple(program)
        self._limit = limit_seconds
        self._child: Child | None = None
        self._number = 0
        self.starts = 0

    @property
    def running(self) -> bool:
        """Is there a child that can be asked?"""
        return self._child is not None and self._child.running

    def call(self, function: str, arguments: Mapping[str, Value], *, seconds: float | None = None) -> Value:
        """What the library's function answers. Raises DeviceRefused (the library said no), DeviceLost
        (hung, crashed, garbage), DeviceMisconfigured (the program cannot be started)."""
        child = self._child if self._child is not None and self._child.running else self._start()
        self._number += 1
        try:
            answer = self._ask(child, Call(self._number, function, dict(arguments)), seconds or self._limit)
        except DeviceLost:
            self.stop()
            raise
        except TimeoutError as error:
            self.stop()
            raise DeviceLost(_hung(self._name)) from error
        except OSError as error:
            self.stop()
            raise DeviceLost(_crashed(self._name)) from error
        if answer.error:
            raise DeviceRefused(_said_no(self._name, answer.error))
        return cast("Value", answer.value)

    def stop(self) -> None:
        """Kill the child and whatever it started; may be called twice."""
        child, self._child = self._child, None
        if child is not None:
            child.end()

    def _start(self) -> Child:
        self.stop()
        try:
            self._child = Child(self._program, apart=True)
        except OSError as error:
            raise DeviceMisconfigured(_no_program(self._name)) from error
        self.starts += 1
        return self._child

    def _ask(self, child: Child, call: Call, seconds: float) -> Answer:
        deadline = monotonic() + seconds
        data = _CALL.encode(call)
        child.write(_LENGTH.pack(len(data)) + data, deadline)
        (size,) = _LENGTH.unpack(_whole(child, _LENGTH.size, deadline))
        if size > _LONGEST:
            raise DeviceLost(_garbage(self._name))
        try:
            answer = _ANSWER.decode(_whole(child, size, deadline))
        except msgspec.DecodeError as error:
            raise DeviceLost(_garbage(self._name)) from error
        if answer.number != call.number:
            raise DeviceLost(_garbage(self._name))
        return answer


def _whole(child: Child, size: int, deadline: float) -> bytes:
    data = bytearray()
    while len(data) < size:
        data += child.read(size - len(data), deadline)
    return bytes(data)


def die_with_parent() -> None:
    """For a child: be killed when the parent ends, however it ends."""
    library: Any = ctypes.CDLL(None)
    library.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _hung(name: str) -> Fault:
    action = "已结束该程序，会自动重新启动；反复出现请联系厂家"
    return Fault("vendor_hung", f"厂家程序 {name} 没有反应", action, Owner.TECHNICIAN, Cause.PROGRAM)


def _crashed(name: str) -> Fault:
    action = "会自动重新启动；反复出现请联系厂家"
    return Fault("vendor_crashed", f"厂家程序 {name} 意外退出", action, Owner.TECHNICIAN, Cause.PROGRAM)


def _garbage(name: str) -> Fault:
    action = "已结束该程序，会自动重新启动；反复出现请联系厂家"
    return Fault("vendor_garbage", f"厂家程序 {name} 回答了乱码", action, Owner.TECHNICIAN, Cause.PROGRAM)


def _no_program(name: str) -> Fault:
    action = "核对配置里的程序路径和执行权限"
    return Fault("vendor_missing", f"厂家程序 {name} 不能启动", action, Owner.TECHNICIAN, Cause.SETUP)


def _said_no(name: str, word: str) -> Fault:
    action = "重试一次；仍不行请联系运维人员"
    return Fault("vendor_refused", f"厂家程序 {name} 报告错误（{word[:40]}）", action, Owner.TECHNICIAN)
