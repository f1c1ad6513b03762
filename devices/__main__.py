"""The technician's command line: what is connected, what is wrong, does it work; and the simulated bench.

Exit status of every command: 0 all well · 1 a device has a fault, said no, or nothing was found · 2 wrong
use or wrong configuration. ``--json`` gives one value, ``watch`` and ``test`` one value a line.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from devices.links import simulate_usb
from devices.losses import where
from devices.technician import looking, selftest, working
from devices.terminal import complain

_ENDING = "退出状态：0 正常；1 有故障、被拒绝或没有找到；2 用法或配置错误。"


def main(arguments: Sequence[str] | None = None) -> int:
    """0 all well · 1 a device has a fault or said no · 2 wrong use or wrong configuration."""
    wanted = _parser().parse_args(arguments)
    level = logging.INFO if wanted.command == "simulate" else logging.ERROR
    logging.basicConfig(
        level=level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    _know_simulated_usb()
    try:
        return _COMMANDS[wanted.command](wanted)
    except KeyboardInterrupt:
        return 1
    except Exception as error:  # noqa: BLE001 - the program's top: what an error says may quote a card
        complain(f"程序出错，请把下面几行交给开发商：\n{where(error)}")
        return 1


def _know_simulated_usb() -> None:
    """The devices of a bench that another program runs; a hall's box need not have the simulators."""
    with suppress(ImportError):
        from devices.simulators.usb_backend import simulated_usb

        simulate_usb(simulated_usb)


def _simulate(wanted: argparse.Namespace) -> int:
    from devices.simulators import program  # only here: a hall's box need not have the simulators

    return program.simulate(wanted.config, wanted.script)


def _control(wanted: argparse.Namespace) -> int:
    from devices.simulators import program

    if wanted.script is not None:
        return program.control_script(wanted.script, wanted.port)
    return program.control(wanted.words, wanted.port)


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "list": lambda w: looking.list_devices(w.config, json_wanted=w.json),
    "watch": lambda w: looking.watch(w.config, seconds=w.seconds, json_wanted=w.json),
    "probe": lambda w: looking.probe(w.port, json_wanted=w.json),
    "test": lambda w: selftest.self_test(w.config, name=w.device, paper=not w.quiet, json_wanted=w.json),
    "read-card": lambda w: working.read_card(w.config, seconds=w.seconds, json_wanted=w.json),
    "print-test": lambda w: working.print_test(w.config, json_wanted=w.json),
    "snapshot": lambda w: working.snapshot(w.config, w.file, json_wanted=w.json),
    "simulate": _simulate,
    "control": _control,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m devices", description="设备：检查、测试、模拟", epilog=_ENDING
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="命令")
    for name, text in (
        ("list", "列出配置里的设备和它们现在的状态"),
        ("watch", "持续显示设备状态的变化"),
        ("test", "逐个测试每台设备的每条命令"),
        ("read-card", "读一张证件（只显示脱敏内容）"),
        ("print-test", "打印一张测试号票"),
        ("snapshot", "用摄像头拍一张照片存成文件"),
        ("probe", "这个端口上是什么设备"),
    ):
        command = commands.add_parser(name, help=text, description=text, epilog=_ENDING)
        command.add_argument("--json", action="store_true", help="输出 JSON，供程序使用")
        if name == "probe":
            command.add_argument("port", help="串口路径，或 tcp://主机:端口")
            continue
        command.add_argument("--config", type=Path, required=True, metavar="STATION.toml")
        if name in ("watch", "read-card"):
            command.add_argument("--seconds", type=float, default=0.0 if name == "watch" else 30.0)
        if name == "snapshot":
            command.add_argument("file", type=Path, metavar="照片.jpg")
        if name == "test":
            command.add_argument("--device", default="", metavar="名称", help="只测这一台")
            command.add_argument("--quiet", action="store_true", help="不出纸，不发声")
    _add_simulators(commands)
    return parser


def _add_simulators(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "运行一组模拟设备"
    simulate = commands.add_parser("simulate", help=text, description=text, epilog=_ENDING)
    simulate.add_argument("--config", type=Path, required=True, metavar="BENCH.toml")
    simulate.add_argument("--script", type=Path, metavar="FILE", help="启动后执行脚本，做完即结束")
    text = "操作正在运行的模拟设备"
    control = commands.add_parser("control", help=text, description=text, epilog=_ENDING)
    control.add_argument("--port", type=int, default=18900)
    control.add_argument("--script", type=Path, metavar="FILE", help="执行脚本里的命令")
    control.add_argument("words", nargs="*", metavar="lay|remove|fault|clear|press|state|people …")


if __name__ == "__main__":
    sys.exit(main())
