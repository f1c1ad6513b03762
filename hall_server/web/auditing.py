"""The audit log as the audit administrator reads, filters and verifies it."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from contract.clock import CHINA, china
from hall_server.accounts.audit import KIND_TEXT, Verified
from hall_server.accounts.book import Act, Book
from hall_server.accounts.records import AuditLine
from hall_server.accounts.roles import ROLE_TEXT
from hall_server.web import audit_export
from hall_server.web.caller import Caller, Here
from hall_server.web.frame import Frame

SHOWN = 50
_LAST = 2**62
_FIELD_TEXT = {
    "name": "名称",
    "roles": "角色",
    "windows": "窗口",
    "enabled": "可登录",
    "authenticator": "动态口令",
    "stage": "步骤",
    "scopes": "权限",
    "per_minute": "每分钟次数",
    "left": "剩余",
    "sample": "示例",
    "count": "次数",
    "lines": "条数",
    "wrong": "问题",
}
_STAGE_TEXT = {"second": "待验证口令", "password": "待设密码", "enrol": "待绑定口令", "full": "完成"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the filter says; ``before`` pages backwards."""

    words: str = ""
    kind: str = ""
    from_day: str = ""
    to_day: str = ""
    before: int = _LAST

    def lines(self, book: Book, before: int, limit: int) -> list[AuditLine]:
        """What it finds, newest first."""
        return book.audit_lines(
            words=self.words,
            kind=self.kind,
            from_ms=_day_ms(self.from_day, 0, 0),
            to_ms=_day_ms(self.to_day, 1, _LAST),
            before=before,
            limit=limit,
        )


def audit_routes(frame: Frame) -> APIRouter:
    """/admin/audit and below."""
    router = APIRouter(prefix="/admin/audit", include_in_schema=False, default_response_class=HTMLResponse)
    book = frame.accounts.book

    @router.get("")
    async def log(
        here: Here, words: str = "", kind: str = "", from_day: str = "", to_day: str = "", before: str = ""
    ) -> Response:
        older_than = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else _LAST
        return await _page(frame, here, Wanted(words[:64], kind[:64], from_day, to_day, older_than), None)

    @router.get("/export", response_class=StreamingResponse)
    async def export(
        here: Here, words: str = "", kind: str = "", from_day: str = "", to_day: str = ""
    ) -> Response:
        wanted = Wanted(words[:64], kind[:64], from_day[:10], to_day[:10])
        asked = " ".join(filter(None, (wanted.kind, wanted.from_day, wanted.to_day, wanted.words)))
        await asyncio.to_thread(book.note, here.actor, Act("audit.exported", asked or "全部"))
        made = audit_export.pieces(lambda before, limit: wanted.lines(book, before, limit), named(frame))
        name = f"audit-{china(frame.now_ms()).strftime('%Y%m%d-%H%M%S')}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(made, media_type="text/csv; charset=utf-8", headers=headers)

    @router.post("/verify")
    async def verify(here: Here) -> Response:
        found = await asyncio.to_thread(book.verify)
        act = Act("audit.verified", "", None, {"lines": found.lines, "wrong": found.wrong})
        await asyncio.to_thread(book.note, here.actor, act)
        return await _page(frame, here, Wanted(), found)

    return router


async def _page(frame: Frame, here: Caller, wanted: Wanted, verified: Verified | None) -> Response:
    lines = await asyncio.to_thread(wanted.lines, frame.accounts.book, wanted.before, SHOWN + 1)
    return frame.page(
        here,
        "audit.html",
        lines=lines[:SHOWN],
        more=lines[SHOWN - 1].seq if len(lines) > SHOWN else 0,
        wanted=wanted,
        newest=wanted.before == _LAST,
        verified=verified,
        kinds=KIND_TEXT,
        changes=changes,
        named=named(frame),
        when=audit_export.when,
    )


def named(frame: Frame) -> Callable[[str], str]:
    """The name that belongs to an account today, '' when there is none."""
    accounts = frame.accounts.book.accounts

    def name(account: str) -> str:
        return accounts[account].name if account in accounts else ""

    return name


def changes(line: AuditLine) -> list[tuple[str, str, str]]:
    """(what, before, after) of everything that differs, in words."""
    before, after = _fields(line.before), _fields(line.after)
    names = dict.fromkeys([*before, *after])
    told = [(_word(name), _shown(before.get(name)), _shown(after.get(name))) for name in names]
    return [(name, old, new) for name, old, new in told if old != new]


def _fields(text: str) -> dict[str, object]:
    """The fields of one side; those of accounts in a set-up are told under the account's name."""
    value = msgspec.json.decode(text) if text else {}
    if not isinstance(value, dict):
        return {"": value}
    if value and all(isinstance(inner, dict) for inner in value.values()):
        return {f"{key} {name}": one for key, inner in value.items() for name, one in inner.items()}
    return value


def _word(name: str) -> str:
    subject, _, field = name.rpartition(" ")
    return f"{subject} {_FIELD_TEXT.get(field, field)}".strip()


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(_shown(one) for one in value) or "无"
    text = str(value)
    roles = {role.value: word for role, word in ROLE_TEXT.items()}
    return roles.get(text) or _STAGE_TEXT.get(text) or ("全部" if text == "*" else text)


def _day_ms(text: str, later_days: int, default: int) -> int:
    """The hall's midnight of a day such as 2026-11-22."""
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        return default
    if not 2000 <= day.year <= 9000:
        return default
    begins = datetime.datetime(day.year, day.month, day.day, tzinfo=CHINA)
    return int(begins.timestamp() * 1000) + later_days * 86_400_000
