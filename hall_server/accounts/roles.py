"""PURE: the roles of a hall, which of them exclude one another, and how long a session of each lasts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

MINUTE_MS = 60_000
EVERY_WINDOW = "*"


class Role(StrEnum):
    """What a person is in the hall; the last three are the administrators kept apart (三员分立)."""

    CLERK = "clerk"
    MANAGER = "manager"
    GUIDE = "guide"
    SUPERVISOR = "supervisor"
    SYSTEM = "system"
    SECURITY = "security"
    AUDIT = "audit"


class Stage(StrEnum):
    """How far a session has come: the second factor is awaited, a password must be chosen, an authenticator
    must be enrolled, or all is done."""

    SECOND = "second"
    PASSWORD = "password"
    ENROL = "enrol"
    FULL = "full"


class Scope(StrEnum):
    """What a partner's token may be used for."""

    READ = "hall:read"
    WINDOWS = "windows:act"
    METRICS = "metrics:read"
    APPOINTMENTS = "appointments:write"


ROLE_TEXT = {
    Role.CLERK: "窗口人员",
    Role.MANAGER: "大厅管理员",
    Role.GUIDE: "导办员",
    Role.SUPERVISOR: "监督员",
    Role.SYSTEM: "系统管理员",
    Role.SECURITY: "安全管理员",
    Role.AUDIT: "审计管理员",
}
SCOPE_TEXT = {
    Scope.READ: "读取大厅、窗口、队列状态",
    Scope.WINDOWS: "代窗口操作（叫号、办结等）",
    Scope.METRICS: "读取运行指标",
    Scope.APPOINTMENTS: "办理预约（查询时段、预约、取消）",
}
ADMINISTRATORS = frozenset({Role.SYSTEM, Role.SECURITY, Role.AUDIT})
EVERYONE = frozenset(Role)


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long a session lives without a press, and at most."""

    idle_ms: int
    absolute_ms: int


_WORKING_DAY = Lasting(4 * 60 * MINUTE_MS, 12 * 60 * MINUTE_MS)
_DESK = Lasting(60 * MINUTE_MS, 12 * 60 * MINUTE_MS)
_ADMINISTRATION = Lasting(15 * MINUTE_MS, 4 * 60 * MINUTE_MS)
_UNFINISHED = Lasting(10 * MINUTE_MS, 10 * MINUTE_MS)
_LASTING = {
    Role.CLERK: _WORKING_DAY,
    Role.GUIDE: _WORKING_DAY,
    Role.MANAGER: _DESK,
    Role.SUPERVISOR: _DESK,
    Role.SYSTEM: _ADMINISTRATION,
    Role.SECURITY: _ADMINISTRATION,
    Role.AUDIT: _ADMINISTRATION,
}


def lasting(roles: Iterable[Role], stage: Stage) -> Lasting:
    """The limits of a session: the strictest of its roles; ten minutes while sign-in is not finished."""
    if stage is not Stage.FULL:
        return _UNFINISHED
    return min((_LASTING[role] for role in roles), key=lambda one: one.idle_ms, default=_UNFINISHED)


def unfit(roles: frozenset[Role]) -> str:
    """The sentence that forbids this set of roles for one account, or ''."""
    if not roles:
        return "至少选择一个角色"
    administrators = roles & ADMINISTRATORS
    if administrators and len(roles) > 1:
        return "系统、安全、审计管理员须分设（三员分立），不能兼任，也不能兼其他角色"
    if Role.SUPERVISOR in roles and roles & {Role.CLERK, Role.MANAGER}:
        return "监督员不能兼任窗口人员或大厅管理员"
    return ""


def needs_second_factor(roles: Iterable[Role]) -> bool:
    """Administrators sign in with a code of an authenticator as well."""
    return bool(ADMINISTRATORS & set(roles))


def may_use_window(windows: Iterable[str], window: str) -> bool:
    """Whether window rights (identifiers, or ``*`` for all) include this window."""
    return any(right in (EVERY_WINDOW, window) for right in windows)
