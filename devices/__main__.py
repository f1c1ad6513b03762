"""The technician's command line: what is connected, what is wrong, does it work; and the simulated bench."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from devices import technician


def main(arguments: Sequence[str] | None = None) -> int:
    """0 all well · 1 a device has a fault or said no · 2 wrong use or wrong configuration."""
    parser = _parser()
    wanted = parser.parse_args(arguments)
    level = logging.INFO if wanted.command in ("simulate", "watch") else logging.ERROR
    logging.basicConfig(
        level=level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    match wanted.command:
        case "list":
            return technician.list_devices(wanted.config, as_json=wanted.json)
        case "probe":
            return technician.probe(wanted.port, as_json=wanted.json)
        case "watch":
            return technician.watch(wanted.config, seconds=wanted.seconds)
        case "read-card":
            return technician.read_card(wanted.config, seconds=wanted.seconds, as_json=wanted.json)
        case "print-test":
            return technician.print_test(wanted.config, as_json=wanted.json)
        case "snapshot":
            return technician.snapshot(wanted.config, wanted.file)
    from devices.simulators import program  # only here: a hall's box need not have the simulators

    if wanted.command == "simulate":
        return program.simulate(wanted.config)
    return program.control(wanted.words, wanted.port)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m devices", description="设备：检查、测试、模拟")
    commands = parser.add_subparsers(dest="command", required=True, metavar="命令")
    for name, text in (
        ("list", "列出配置里的设备和它们现在的状态"),
        ("watch", "持续显示设备状态的变化"),
        ("read-card", "读一张证件（只显示脱敏内容）"),
        ("print-test", "打印一张测试号票"),
        ("snapshot", "用摄像头拍一张照片存成文件"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--config", type=Path, required=True, metavar="STATION.toml")
        if name in ("list", "read-card", "print-test"):
            command.add_argument("--json", action="store_true", help="输出 JSON")
        if name in ("watch", "read-card"):
            command.add_argument("--seconds", type=float, default=0.0 if name == "watch" else 30.0)
        if name == "snapshot":
            command.add_argument("file", type=Path, metavar="照片.jpg")
    probe = commands.add_parser("probe", help="这个端口上是什么设备", description="这个端口上是什么设备")
    probe.add_argument("port", help="串口路径，或 tcp://主机:端口")
    probe.add_argument("--json", action="store_true", help="输出 JSON")
    simulate = commands.add_parser("simulate", help="运行一组模拟设备", description="运行一组模拟设备")
    simulate.add_argument("--config", type=Path, required=True, metavar="BENCH.toml")
    control = commands.add_parser(
        "control", help="操作正在运行的模拟设备", description="操作正在运行的模拟设备"
    )
    control.add_argument("--port", type=int, default=18900)
    control.add_argument("words", nargs="+", metavar="lay|remove|fault|clear|press|state|people …")
    return parser


if __name__ == "__main__":
    sys.exit(main())
