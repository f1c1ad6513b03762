"""A small language for the bench, one command a line: the same words as ``control``, and waiting.

::

    # a citizen comes, the paper runs out
    lay wang
    wait 1.5
    fault printer-1 paper_out
    expect ledbars bars.1.text A001请到1号窗口 within 5
    repeat 3
        press 3 next
        wait 0.5
    end

``expect DEVICE PATH VALUE`` looks into what ``state`` tells of the device, by default for 5 seconds.
"""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import monotonic
from typing import Any

Ask = Callable[[str, dict[str, object] | None], dict[str, Any]]
"""Asks the control interface: path and body (None: only look); gives the bench's state."""

WORDS = (
    "lay 人 [读卡器] | remove [读卡器] | fault 设备 故障 | clear 设备 [故障] | press 地址 键 [线路]"
    " | show 摄像头 画面 | scan 内容"
)
SCRIPT_WORDS = f"{WORDS} | wait 秒 | expect 设备 项 值 [within 秒] | repeat 次数 … end"
_PATIENCE_SECONDS = 5.0
_LOOK_SECONDS = 0.1
_MOST_STEPS = 100_000


class ScriptError(Exception):
    """A line cannot be understood or was not fulfilled; ``str()`` is the sentence with its line."""


@dataclass(frozen=True, slots=True)
class Do:
    """A command to the control interface."""

    line: int
    path: str
    body: dict[str, object]


@dataclass(frozen=True, slots=True)
class Wait:
    """Let time pass."""

    line: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Expect:
    """A device's state must come to say this in time."""

    line: int
    device: str
    path: tuple[str, ...]
    value: str
    seconds: float


Step = Do | Wait | Expect


def request_of(words: list[str]) -> tuple[str, dict[str, object]] | None:
    """Path and body of a command's words; None when there is no such command."""
    match words:
        case ["lay", person, *reader] if len(reader) < 2:
            return "/api/lay", {"person": person, "reader": "".join(reader)}
        case ["remove", *reader] if len(reader) < 2:
            return "/api/remove", {"reader": "".join(reader)}
        case ["fault", device, fault]:
            return "/api/fault", {"device": device, "fault": fault, "on": True}
        case ["clear", device, fault]:
            return "/api/fault", {"device": device, "fault": fault, "on": False}
        case ["clear", device]:
            return "/api/clear", {"device": device}
        case ["press", address, key, *line] if address.isdecimal() and len(line) < 2:
            return "/api/press", {"address": int(address), "key": key, "line": "".join(line)}
        case ["show", camera, scene]:
            return "/api/show", {"camera": camera, "scene": scene}
        case ["scan", text]:
            return "/api/scan", {"text": text}
        case _:
            return None


def parse(text: str) -> list[Step]:
    """The steps of a script, repeats unrolled. Raises ScriptError with the line."""
    lines = [(number, _words(number, line)) for number, line in enumerate(text.splitlines(), start=1)]
    steps, rest = _block([(number, words) for number, words in lines if words], 0)
    if rest:
        raise ScriptError(f"第 {rest[0][0]} 行：多出一个 end")
    return steps


def run(steps: list[Step], ask: Ask, *, stopping: threading.Event | None = None) -> None:
    """Carry the steps out. Raises ScriptError when one is refused or does not come true."""
    stop = stopping or threading.Event()
    for step in steps:
        match step:
            case Wait(seconds=seconds):
                stop.wait(seconds)
            case Do(path=path, body=body):
                ask(path, body)
            case Expect():
                _await(step, ask, stop)
        if stop.is_set():
            return


def _words(number: int, line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError as error:
        raise ScriptError(f"第 {number} 行：引号不成对") from error


Lines = list[tuple[int, list[str]]]


def _block(lines: Lines, depth: int) -> tuple[list[Step], Lines]:
    """Steps up to ``end``, and the lines from there on."""
    steps: list[Step] = []
    while lines:
        (number, words), lines = lines[0], lines[1:]
        if words == ["end"]:
            if depth == 0:
                return steps, [(number, words)]
            return steps, lines
        if words[0] == "repeat" and len(words) == 2 and words[1].isdecimal():
            inner, lines = _block(lines, depth + 1)
            steps += inner * int(words[1]) if len(inner) * int(words[1]) <= _MOST_STEPS else _too_long(number)
        else:
            steps.append(_step(number, words))
    if depth:
        raise ScriptError("文件结束：repeat 没有 end")
    return steps, []


def _step(number: int, words: list[str]) -> Step:
    request = request_of(words)
    if request is not None:
        return Do(number, *request)
    match words:
        case ["wait", seconds] if _is_seconds(seconds):
            return Wait(number, float(seconds))
        case ["expect", device, path, value]:
            return Expect(number, device, tuple(path.split(".")), value, _PATIENCE_SECONDS)
        case ["expect", device, path, value, "within", seconds] if _is_seconds(seconds):
            return Expect(number, device, tuple(path.split(".")), value, float(seconds))
    raise ScriptError(f"第 {number} 行：看不懂：{' '.join(words)}；可用：{SCRIPT_WORDS}")


def _is_seconds(word: str) -> bool:
    try:
        return 0.0 <= float(word) <= 86_400.0
    except ValueError:
        return False


def _too_long(number: int) -> Iterator[Step]:
    raise ScriptError(f"第 {number} 行：重复太多次（最多 {_MOST_STEPS} 步）")


def _await(step: Expect, ask: Ask, stop: threading.Event) -> None:
    deadline = monotonic() + step.seconds
    while True:
        found = _found(ask("/api/state", None), step)
        if found == step.value or stop.is_set():
            return
        if monotonic() >= deadline:
            path = ".".join(step.path)
            raise ScriptError(f"第 {step.line} 行：{step.device} 的 {path} 是 {found}，应为 {step.value}")
        stop.wait(_LOOK_SECONDS)


def _found(state: dict[str, Any], step: Expect) -> str:
    value: Any = state["simulators"].get(step.device, {}).get("state", {})
    for key in step.path:
        value = value.get(key, "") if isinstance(value, dict) else ""
    return str(value)
