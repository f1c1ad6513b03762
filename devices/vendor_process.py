"""A vendor's library in a process of its own, with a time limit: a crash or a hang takes no screen down.

The child is any program that speaks the frames below over two pipes, whose numbers are its last two
arguments; its own standard output belongs to the library, which may print what it likes. A call that does
not end in time, a child that dies and an answer that is none are each one DeviceLost; the child is killed
and the next call starts a fresh one. devices/vendor_host.py is the child's side.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import struct
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, cast

import msgspec

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
        self._child: subprocess.Popen[bytes] | None = None
        self._to = self._from = -1
        self._number = 0
        self.starts = 0

    @property
    def running(self) -> bool:
        """Is there a child that can be asked?"""
        return self._child is not None and self._child.poll() is None

    def call(self, function: str, arguments: Mapping[str, Value], *, seconds: float | None = None) -> Value:
        """What the library's function answers. Raises DeviceRefused (the library said no), DeviceLost
        (hung, crashed, garbage), DeviceMisconfigured (the program cannot be started)."""
        if not self.running:
            self._start()
        self._number += 1
        try:
            answer = self._ask(Call(self._number, function, dict(arguments)), seconds or self._limit)
        except DeviceLost:
            self.stop()
            raise
        if answer.error:
            raise DeviceRefused(_said_no(self._name, answer.error))
        return cast("Value", answer.value)

    def stop(self) -> None:
        """Kill the child and whatever it started; may be called twice."""
        child, self._child = self._child, None
        if child is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        for descriptor in (self._to, self._from):
            os.close(descriptor)

    def _start(self) -> None:
        self.stop()
        child_reads, self._to = os.pipe()
        self._from, child_writes = os.pipe()
        os.set_blocking(self._to, False)
        try:
            self._child = subprocess.Popen(
                [*self._program, str(child_reads), str(child_writes)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(child_reads, child_writes),
                start_new_session=True,
            )
        except OSError as error:
            os.close(self._to)
            os.close(self._from)
            raise DeviceMisconfigured(_no_program(self._name)) from error
        finally:
            os.close(child_reads)
            os.close(child_writes)
        self.starts += 1

    def _ask(self, call: Call, seconds: float) -> Answer:
        deadline = monotonic() + seconds
        data = _CALL.encode(call)
        self._write(_LENGTH.pack(len(data)) + data, deadline)
        (size,) = _LENGTH.unpack(self._read(_LENGTH.size, deadline))
        if size > _LONGEST:
            raise DeviceLost(_garbage(self._name))
        try:
            answer = _ANSWER.decode(self._read(size, deadline))
        except msgspec.DecodeError as error:
            raise DeviceLost(_garbage(self._name)) from error
        if answer.number != call.number:
            raise DeviceLost(_garbage(self._name))
        return answer

    def _write(self, data: bytes, deadline: float) -> None:
        rest = memoryview(data)
        while rest:
            self._wait(self._to, select.POLLOUT, deadline)
            try:
                rest = rest[os.write(self._to, rest) :]
            except BlockingIOError:
                continue
            except BrokenPipeError as error:
                raise DeviceLost(_crashed(self._name)) from error

    def _read(self, size: int, deadline: float) -> bytes:
        data = bytearray()
        while len(data) < size:
            self._wait(self._from, select.POLLIN, deadline)
            piece = os.read(self._from, size - len(data))
            if not piece:
                raise DeviceLost(_crashed(self._name))
            data += piece
        return bytes(data)

    def _wait(self, descriptor: int, events: int, deadline: float) -> None:
        poller = select.poll()
        poller.register(descriptor, events)
        if not poller.poll(max(0.0, deadline - monotonic()) * 1000.0):
            raise DeviceLost(_hung(self._name))


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
