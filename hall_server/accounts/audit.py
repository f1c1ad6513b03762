"""The audit log as auditors use it: words for each kind of act, and proof that no line was changed or cut.

Lines are chained by hash. Whoever can write to the file could still cut its tail or write it anew; so the
last line's number and hash also stand in an anchor file under the hall's key, and a running hall remembers
them itself (``Witness``): file and anchor put back together are noticed until it stops.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hall_server.accounts.records import GENESIS, AuditLine

KIND_TEXT = {
    "setup": "初始设置",
    "account.created": "新建账户",
    "account.changed": "修改账户",
    "account.disabled": "停用账户",
    "account.enabled": "启用账户",
    "account.reset": "重置（一次性码）",
    "password.chosen": "修改密码",
    "authenticator.enrolled": "绑定动态口令",
    "authenticator.replaced": "更换动态口令",
    "authenticator.refused": "更换动态口令时密码错误",
    "authenticator.removed": "解除动态口令",
    "recovery.made": "生成恢复码",
    "recovery.refused": "生成恢复码时密码错误",
    "recovery.used": "使用恢复码",
    "devices.forgotten": "清除常用设备",
    "sign-in": "登录",
    "sign-in.refused": "登录失败",
    "sign-in.throttled": "登录受限",
    "sign-out": "退出",
    "session.ended": "会话结束",
    "forbidden": "越权访问",
    "token.made": "新建接口令牌",
    "token.revoked": "吊销接口令牌",
    "audit.verified": "校验审计记录",
    "audit.exported": "导出审计记录",
    "green.granted": "绿色通道",
    "call.out-of-order": "越序呼叫",
    "setup.drafted": "修改设置草稿",
    "setup.imported": "导入设置草稿",
    "setup.rebased": "合并设置草稿",
    "setup.dropped": "丢弃设置草稿",
    "catalogue.imported": "导入事项",
    "catalogue.edited": "修改事项",
    "catalogue.deleted": "删除事项",
    "catalogue.published": "发布事项目录",
    "catalogue.restored": "回退事项目录",
    "catalogue.assigned": "部门归入业务",
    "setup.published": "发布设置",
    "setup.rolled-back": "回退设置",
    "manager.window": "调整窗口",
    "manager.shift": "调班",
    "manager.issuing": "停止或恢复取号",
    "manager.ticket": "取消、作废或恢复号",
    "manager.guide": "呼叫导办",
    "manager.help": "处理求助",
    "manager.notice": "临时通知",
    "manager.broadcast": "广播",
    "manager.station": "暂停或恢复自助机",
    "manager.seen": "收起提示",
    "system.time": "校正大厅时间",
    "system.backup": "备份",
    "system.backup-taken": "下载备份",
    "accounts.restored": "从备份恢复账号",
    "report.exported": "导出报表",
}
"""What an auditor reads; pages that write further kinds add theirs here."""


class Anchor(msgspec.Struct, frozen=True):
    """The last line as it was told outside the file."""

    seq: int
    head: str
    seal: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What the check found: how many lines hold, and the first thing that is wrong ('' = nothing)."""

    lines: int
    wrong: str


class Witness:
    """The end of the longest log that was seen, beginning with the anchor: it goes on only by lines that are
    chained to it, so a log that was cut and grew again stays another one."""

    def __init__(self, seq: int = 0, head: str = GENESIS) -> None:
        self.seq, self.head = seq, head

    def follow(self, lines: Iterable[AuditLine]) -> None:
        """Go on by these lines, oldest first, as far as they continue the log."""
        for line in lines:
            if line.seq != self.seq + 1 or line.chained(self.head) != line.hash:
                return
            self.seq, self.head = line.seq, line.hash

    def ends_with(self, line: AuditLine) -> bool:
        """Whether the line is the last one of the log that was seen."""
        return (self.seq, self.head) == (line.seq, line.hash)

    def against(self, lines: Sequence[AuditLine]) -> str:
        """What is wrong with a log whose lines are chained, '' = nothing."""
        if self.seq > len(lines):
            return f"第 {len(lines) + 1} 至 {self.seq} 条记录被删去（记录和封条被一起换成了旧的）"
        if self.seq and lines[self.seq - 1].hash != self.head:
            return f"前 {self.seq} 条记录被整体改写（记录和封条被一起换掉）"
        return ""


def witness_of(anchor_file: Path, last: Sequence[AuditLine], key: bytes) -> Witness:
    """Begin at the anchor when it is ours, else at the last line of the log (at most one, none = no log)."""
    try:
        anchor = msgspec.json.decode(anchor_file.read_bytes(), type=Anchor)
        if hmac.compare_digest(anchor.seal, _seal(anchor.seq, anchor.head, key)):
            return Witness(anchor.seq, anchor.head)
    except (OSError, msgspec.DecodeError):
        pass  # the check says so
    return Witness(last[-1].seq, last[-1].hash) if last else Witness()


def write_anchor(path: Path, line: AuditLine, key: bytes) -> None:
    """Tell the anchor file; all or nothing. Raises OSError."""
    anchor = Anchor(line.seq, line.hash, _seal(line.seq, line.hash, key))
    part = path.with_suffix(".new")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(anchor))
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def verify(lines: list[AuditLine], anchor_file: Path, key: bytes) -> Verified:
    """Check every line, its place, and that the file goes at least to the anchor."""
    head, hashes = GENESIS, {0: GENESIS}
    for expected, line in enumerate(lines, 1):
        if line.seq != expected:
            return Verified(expected - 1, f"第 {expected} 条记录缺失")
        head = line.chained(head)
        if head != line.hash:
            return Verified(expected - 1, f"第 {line.seq} 条记录被改动")
        hashes[line.seq] = head
    return Verified(len(lines), _against_anchor(hashes, len(lines), anchor_file, key))


def _against_anchor(hashes: dict[int, str], count: int, path: Path, key: bytes) -> str:
    try:
        anchor = msgspec.json.decode(path.read_bytes(), type=Anchor)
    except FileNotFoundError:
        return "记录的封条文件不见了" if count else ""
    except (OSError, msgspec.DecodeError):
        return "记录的封条文件无法读取"
    if not hmac.compare_digest(anchor.seal, _seal(anchor.seq, anchor.head, key)):
        return "记录的封条是伪造的"
    if anchor.seq > count:
        return f"第 {count + 1} 至 {anchor.seq} 条记录被删去"
    if hashes[anchor.seq] != anchor.head:
        return f"前 {anchor.seq} 条记录被整体改写"
    return ""


def _seal(seq: int, head: str, key: bytes) -> str:
    return hmac.new(key, f"audit {seq} {head}".encode(), hashlib.sha256).hexdigest()
