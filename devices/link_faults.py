"""What can be wrong with a port, in words: from the system's error to a fault with its action and owner."""

from __future__ import annotations

import errno
import os
import termios
from contextlib import suppress
from pathlib import Path

from devices.faults import Cause, DeviceAbsent, DeviceError, DeviceLost, DeviceMisconfigured, Fault, Owner

_REAL_PORTS = "/dev/tty"
BAUD_RATES = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)


def unplugged(name: str) -> Fault:
    """The port was there and is gone."""
    return Fault(
        "unplugged", f"设备连接已断开（{name}）", "检查设备的数据线和电源，插好后会自动恢复", Owner.TECHNICIAN
    )


def stalled(name: str) -> Fault:
    """The device takes no more bytes."""
    return Fault("stalled", f"设备不接收数据（{name}）", "检查设备电源，必要时断电重启设备", Owner.TECHNICIAN)


def silent(name: str) -> Fault:
    """The port is there, the device does not answer; or another program takes its bytes."""
    node = os.path.realpath(name)
    other = _file_holder(node) if node.startswith(_REAL_PORTS) else None
    if other is not None:
        action = "停用该程序（ModemManager：apt purge modemmanager），它会取走设备的应答"
        return Fault(
            "port_shared",
            f"设备没有应答，端口 {name} 还被程序 {_program(other)}（进程号 {other}）打开着",
            action,
            Owner.TECHNICIAN,
            Cause.SETUP,
        )
    return Fault(
        "silent", f"设备没有应答（{name}）", "检查设备电源和数据线，确认端口和波特率", Owner.TECHNICIAN
    )


def noisy(name: str) -> Fault:
    """The wire never falls quiet: something on it speaks without end."""
    return Fault(
        "noisy",
        f"线路上一直有数据，无法通信（{name}）",
        "检查接线、屏蔽层和终端电阻；逐台断开设备，找出一直在发数据的那台",
        Owner.TECHNICIAN,
    )


def missing(name: str) -> Fault:
    return Fault(
        "port_missing", f"没有找到端口 {name}", "插好设备；若已插好，核对配置里的 port", Owner.TECHNICIAN
    )


def unreachable(name: str) -> Fault:
    action = "检查设备网线和电源，核对配置里的地址"
    return Fault("unreachable", f"连不上网络设备 {name}", action, Owner.TECHNICIAN)


def taken(name: str) -> Fault:
    holder = _holder(name)
    return Fault(
        "port_taken", f"端口 {name} 正被{holder}占用", "关闭该程序，或改用另一个端口", Owner.TECHNICIAN
    )


def forbidden(name: str) -> Fault:
    """By the groups that Debian gives: serial ports dialout, cameras video, USB printers lp."""
    if name.startswith("usb://"):
        action = (
            "打印机：把运行本程序的用户加入 lp 组；其他 USB 设备：写一条 udev 规则授权（见 docs/devices.md）"
        )
    else:
        group = "video" if name.startswith("/dev/video") else "dialout"
        action = f"把运行本程序的用户加入 {group} 组后重新登录"
    return Fault("port_forbidden", f"没有权限打开端口 {name}", action, Owner.TECHNICIAN, Cause.SETUP)


def not_serial(name: str) -> Fault:
    return Fault("not_serial", f"{name} 不是串口", "核对配置里的 port", Owner.TECHNICIAN)


def bad_baud(name: str, baud: int) -> Fault:
    rates = "、".join(str(rate) for rate in BAUD_RATES)
    return Fault("bad_baud", f"端口 {name} 的波特率 {baud} 不可用", f"可用：{rates}", Owner.TECHNICIAN)


def bad_address(name: str) -> Fault:
    action = "串口写设备路径或 port://USB口，网络设备写 tcp://主机:端口，USB 写 usb://厂商:产品"
    return Fault("bad_address", f"看不懂端口写法 {name}", action, Owner.TECHNICIAN)


def no_libusb() -> Fault:
    action = "安装 Debian 软件包 libusb-1.0-0"
    return Fault("no_libusb", "本机没有 USB 设备库 libusb", action, Owner.TECHNICIAN, Cause.SETUP)


def no_simulation() -> Fault:
    action = "usbsim:// 只用于模拟设备；真实设备写 usb://厂商:产品"
    return Fault("no_simulation", "本程序没有模拟的 USB 设备", action, Owner.TECHNICIAN, Cause.SETUP)


def no_bulk(name: str) -> Fault:
    action = "核对 vid:pid 是否就是该设备；HID 类设备须用厂家库（vendor 驱动）"
    return Fault("no_bulk", f"USB 设备 {name} 没有数据端点", action, Owner.TECHNICIAN, Cause.SETUP)


def open_error(name: str, error: BaseException) -> DeviceError:
    number = _errno(error)
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return DeviceAbsent(missing(name))
    if number in (errno.EAGAIN, errno.EBUSY):
        return DeviceLost(taken(name))
    if number in (errno.EACCES, errno.EPERM):
        return DeviceMisconfigured(forbidden(name))
    if number in (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ETIMEDOUT) or _is_network(
        error
    ):
        return DeviceAbsent(unreachable(name))
    if number in (errno.ENOTTY, errno.EINVAL, errno.EISDIR):
        return DeviceMisconfigured(not_serial(name))
    return DeviceLost(unplugged(name))


def _errno(error: BaseException) -> int | None:
    """The system's number behind an error: pyserial keeps it, or only quotes the error that it had."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and isinstance(seen.errno, int):
            return seen.errno
        if isinstance(seen, termios.error) and seen.args and isinstance(seen.args[0], int):
            return seen.args[0]
        seen = seen.__cause__ or seen.__context__
    return None


def _is_network(error: BaseException) -> bool:
    return "socket://" in str(error)


def _holder(name: str) -> str:
    """Which program holds the port: first by its lock, then by its open files."""
    try:
        port = os.stat(name)
    except OSError:
        return "其他程序"
    found = _lock_holder(port) or _file_holder(os.path.realpath(name))
    if found is None:
        return "其他程序（无权查看是哪一个）"
    return f"程序 {_program(found)}（进程号 {found}）"


def _lock_holder(port: os.stat_result) -> int | None:
    mark = f"{os.major(port.st_dev):02x}:{os.minor(port.st_dev):02x}:{port.st_ino}"
    with suppress(OSError):
        for line in Path("/proc/locks").read_text().splitlines():
            words = line.split()
            if "FLOCK" in words and mark in words and "->" not in words:
                pid = int(words[words.index(mark) - 1])
                return pid if pid > 0 else None
    return None


def _file_holder(target: str) -> int | None:
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            for opened in (process / "fd").iterdir():
                if os.readlink(opened) == target and int(process.name) != os.getpid():
                    return int(process.name)
    return None


def _program(pid: int) -> str:
    """Its name; of an interpreter also what it runs. Other arguments may hold passwords."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return "?"
    words = [word for word in words if word]
    name = Path(words[0]).name if words else "?"
    if not name.startswith(("python", "perl", "java", "sh", "bash", "node")):
        return name[:60]
    return " ".join(filter(None, (name, _runs(words[1:]))))[:60]


def _runs(words: list[str]) -> str:
    """The script or module that an interpreter runs."""
    for word, behind in zip(words, [*words[1:], ""], strict=True):
        if word == "-m":
            return behind
        if word == "-c":
            return ""
        if not word.startswith("-"):
            return Path(word).name
    return ""
