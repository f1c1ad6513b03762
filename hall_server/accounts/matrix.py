"""PURE: the matrix of who may do what, as data: every route of the pages and the API with its roles.

The gate (hall_server/web/gate.py) asks it before a request is read; a route that is not written here is
refused and keeps the server from starting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from hall_server.accounts.roles import EVERYONE, Role, Scope, Stage, may_use_window

_FULL = frozenset({Stage.FULL})


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use a route. ``anyone`` needs no sign-in; ``own_window``: a clerk without another of the roles
    needs the right to the window in the address; ``plain``: also served without TLS on the LAN."""

    roles: frozenset[Role] = frozenset()
    scopes: frozenset[Scope] = frozenset()
    stages: frozenset[Stage] = _FULL
    anyone: bool = False
    own_window: bool = False
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks, as far as rights go: an account's session or a partner's token."""

    roles: frozenset[Role] = frozenset()
    windows: tuple[str, ...] = ()
    stage: Stage = Stage.FULL
    scopes: frozenset[Scope] = frozenset()


class Verdict(Enum):
    """What the gate does."""

    PASS = "pass"
    SIGN_IN = "sign in"
    FINISH = "finish signing in"
    FORBIDDEN = "forbidden"
    NOT_YOUR_WINDOW = "not your window"


def _for(*roles: Role, scopes: tuple[Scope, ...] = (), own_window: bool = False) -> Access:
    return Access(roles=frozenset(roles), scopes=frozenset(scopes), own_window=own_window)


ANYONE = Access(anyone=True)
ANYONE_PLAIN = Access(anyone=True, plain=True)
SIGNED_IN = Access(roles=EVERYONE)
C, M, G, S = Role.CLERK, Role.MANAGER, Role.GUIDE, Role.SUPERVISOR
AT_WINDOW = _for(C, scopes=(Scope.WINDOWS,), own_window=True)
OF_WINDOW = _for(C, M, scopes=(Scope.WINDOWS,), own_window=True)
APPOINTMENTS = _for(M, G)
READ = _for(C, M, G, S, scopes=(Scope.READ,))
REPORTS = _for(M, S, scopes=(Scope.READ,))
TRACES = _for(M, S, Role.AUDIT)
MANAGING = _for(M)
CLERK_PAGE = _for(C, own_window=True)
ACCOUNTS = _for(Role.SECURITY)
AUDITING = _for(Role.AUDIT)
TOKENS = _for(Role.SYSTEM)
_ANY_STAGE = replace(SIGNED_IN, stages=frozenset(Stage))

MATRIX: Mapping[str, Access] = {
    # everybody
    "GET /sign-in": ANYONE,
    "POST /sign-in": ANYONE,
    "GET /setup": ANYONE,
    "POST /setup": ANYONE,
    "GET /enter/{code}": ANYONE,
    "POST /enter/{code}": ANYONE,
    "GET /static/{name}": ANYONE_PLAIN,
    "GET /brand.css": ANYONE_PLAIN,
    "GET /logo.png": ANYONE_PLAIN,
    "GET /health": ANYONE_PLAIN,
    "GET /t/{token}": ANYONE_PLAIN,
    "GET /t/{token}/now": ANYONE_PLAIN,
    "GET /book": ANYONE_PLAIN,
    "GET /book/{name}": ANYONE_PLAIN,
    "POST /book/{name}": ANYONE_PLAIN,
    "GET /b/{token}": ANYONE_PLAIN,
    "POST /b/{token}/cancel": ANYONE_PLAIN,
    "POST /t/{token}/postpone": ANYONE_PLAIN,
    "POST /t/{token}/back": ANYONE_PLAIN,
    "POST /t/{token}/cancel": ANYONE_PLAIN,
    "POST /t/{token}/evaluate": ANYONE_PLAIN,
    "GET /blobs/{sha256}": ANYONE_PLAIN,
    "HEAD /blobs/{sha256}": ANYONE_PLAIN,
    "GET /hall-ca.crt": ANYONE_PLAIN,
    "GET /items": ANYONE_PLAIN,
    "GET /items/{item}": ANYONE_PLAIN,
    "GET /api": ANYONE,
    "GET /api/openapi.json": ANYONE,
    # everybody who has an account
    "GET /": SIGNED_IN,
    "POST /sign-out": _ANY_STAGE,
    "GET /sign-in/code": replace(SIGNED_IN, stages=frozenset({Stage.SECOND})),
    "POST /sign-in/code": replace(SIGNED_IN, stages=frozenset({Stage.SECOND})),
    "GET /me": SIGNED_IN,
    "GET /me/password": replace(SIGNED_IN, stages=frozenset({Stage.PASSWORD, Stage.FULL})),
    "POST /me/password": replace(SIGNED_IN, stages=frozenset({Stage.PASSWORD, Stage.FULL})),
    "GET /me/authenticator": replace(SIGNED_IN, stages=frozenset({Stage.ENROL, Stage.FULL})),
    "POST /me/authenticator": replace(SIGNED_IN, stages=frozenset({Stage.ENROL, Stage.FULL})),
    "POST /me/recovery": SIGNED_IN,
    "POST /me/devices": SIGNED_IN,
    "POST /me/sessions": SIGNED_IN,
    "GET /persona": SIGNED_IN,
    "POST /persona": SIGNED_IN,
    # clerks, and managers where a window as such is concerned
    "GET /clerk": _for(C),
    "GET /clerk/{window}": CLERK_PAGE,
    "LIVE /clerk/{window}/live": CLERK_PAGE,
    "GET /clerk/{window}/waiting": CLERK_PAGE,
    "GET /clerk/{window}/passed": CLERK_PAGE,
    "GET /clerk/{window}/endings": CLERK_PAGE,
    "GET /clerk/{window}/targets": CLERK_PAGE,
    "GET /clerk/{window}/today": CLERK_PAGE,
    "GET /clerk/{window}/why/{ticket}": CLERK_PAGE,
    "GET /clerk/{window}/story": CLERK_PAGE,
    "GET /clerk/{window}/notice/{ticket}": CLERK_PAGE,
    "POST /api/windows/{window}/next": AT_WINDOW,
    "POST /api/windows/{window}/recall": AT_WINDOW,
    "POST /api/windows/{window}/arrive": AT_WINDOW,
    "POST /api/windows/{window}/finish": AT_WINDOW,
    "POST /api/windows/{window}/no-show": AT_WINDOW,
    "POST /api/windows/{window}/park": AT_WINDOW,
    "POST /api/windows/{window}/transfer": AT_WINDOW,
    "POST /api/windows/{window}/call-parked": AT_WINDOW,
    "POST /api/windows/{window}/call-ticket": AT_WINDOW,
    "POST /api/windows/{window}/return": AT_WINDOW,
    "POST /api/windows/{window}/papers": AT_WINDOW,
    "POST /api/windows/{window}/undo": AT_WINDOW,
    "POST /api/windows/{window}/help": AT_WINDOW,
    "POST /api/windows/{window}/endings-read": AT_WINDOW,
    "POST /api/windows/{window}/open": OF_WINDOW,
    "POST /api/windows/{window}/pause": OF_WINDOW,
    "POST /api/windows/{window}/close": OF_WINDOW,
    "GET /api/windows/{window}": READ,
    "GET /api/windows/{window}/calls": READ,
    "GET /api/hall": READ,
    "GET /api/forecast": READ,
    "POST /api/services/{name}/stop": _for(M),
    "POST /api/services/{name}/resume": _for(M),
    "GET /manage/appointments": APPOINTMENTS,
    "POST /manage/appointments/{appointment}/check-in": APPOINTMENTS,
    "POST /manage/appointments/{appointment}/cancel": APPOINTMENTS,
    "GET /api/slots": _for(scopes=(Scope.APPOINTMENTS,)),
    "POST /api/appointments": _for(scopes=(Scope.APPOINTMENTS,)),
    "GET /api/appointments/{appointment}": _for(scopes=(Scope.APPOINTMENTS,)),
    "DELETE /api/appointments/{appointment}": _for(scopes=(Scope.APPOINTMENTS,)),
    "GET /api/merges": _for(M, G, S, scopes=(Scope.READ,)),
    # guides, and the manager whom clerks ring
    "GET /guide": _for(G, M),
    "LIVE /guide/live": _for(G, M),
    "POST /api/guide-calls": _for(C, G, M),
    "POST /api/guide-calls/{call}/take": _for(G, M),
    "POST /api/guide-calls/{call}/end": _for(G, M),
    "POST /api/help-calls/{call}/take": _for(M),
    "POST /api/help-calls/{call}/end": _for(M),
    # the hall as a whole, live
    "GET /manager": MANAGING,
    "LIVE /manager/live": MANAGING,
    "GET /manager/windows/{name}": MANAGING,
    "GET /manager/services/{name}": MANAGING,
    "GET /manager/stations/{name}": MANAGING,
    "GET /manager/why/{ticket}": MANAGING,
    "GET /manager/numbers/{number}": MANAGING,
    "GET /manager/usual": MANAGING,
    "POST /manager/do/{act}": MANAGING,
    "POST /manager/broadcast/preview": MANAGING,
    "POST /manager/broadcast/listen": MANAGING,
    # figures about people's work, and the story of a visit
    "GET /api/reports": REPORTS,
    "GET /api/reports/numbers.csv": REPORTS,
    "GET /api/reports/{kind}": REPORTS,
    "GET /api/visits/{visit}": TRACES,
    "GET /api/items/{item}/returns": READ,
    "GET /reports": _for(M, S),
    "GET /reports/behind": _for(M, S),
    "GET /reports/visits/{visit}": TRACES,
    "GET /reports/file": _for(M, S),
    "GET /reports/month": _for(M, S),
    "GET /reports/poor": _for(M, S),
    "POST /reports/poor": _for(M, S),
    "GET /reports/catalogue": _for(M, S),
    "GET /reports/catalogue/items": _for(M, S),
    "GET /reports/catalogue/file": _for(M, S),
    "GET /wall": _for(M, S),
    "GET /wall/now": _for(M, S),
    # describing the hall
    # the catalogue of items
    "GET /manage/catalogue": MANAGING,
    "GET /manage/catalogue/new": MANAGING,
    "POST /manage/catalogue/new": MANAGING,
    "GET /manage/catalogue/items/{item}": MANAGING,
    "POST /manage/catalogue/items/{item}": MANAGING,
    "GET /manage/catalogue/items/{item}/history": MANAGING,
    "GET /manage/catalogue/versions": MANAGING,
    "POST /manage/catalogue/publish": MANAGING,
    "POST /manage/catalogue/restore": MANAGING,
    "GET /manage/catalogue/services": MANAGING,
    "POST /manage/catalogue/services": MANAGING,
    "GET /manage/catalogue/import": MANAGING,
    "POST /manage/catalogue/uploads": MANAGING,
    "GET /manage/catalogue/imports/{job}": MANAGING,
    "POST /manage/catalogue/imports/{job}": MANAGING,
    "GET /manage/catalogue/imports/{job}/progress": MANAGING,
    "GET /manage/catalogue/imports/{job}/{name}": MANAGING,
    "GET /manage/setup": MANAGING,
    "GET /manage/setup/in/{section}": MANAGING,
    "POST /manage/setup/in/{section}": MANAGING,
    "GET /manage/setup/in/{section}/{row}": MANAGING,
    "POST /manage/setup/in/{section}/{row}": MANAGING,
    "POST /manage/setup/in/{section}/{row}/{act}": MANAGING,
    "GET /manage/setup/logo.png": MANAGING,
    "POST /manage/setup/logo": MANAGING,
    "POST /manage/setup/logo/remove": MANAGING,
    "GET /manage/setup/specimen.css": MANAGING,
    "GET /manage/setup/preview": MANAGING,
    "POST /manage/setup/publish": MANAGING,
    "POST /manage/setup/rebase": MANAGING,
    "POST /manage/setup/drop": MANAGING,
    "GET /manage/setup/versions": MANAGING,
    "GET /manage/setup/versions/{version}": MANAGING,
    "POST /manage/setup/versions/{version}/restore": MANAGING,
    "GET /manage/setup/exchange": MANAGING,
    "GET /manage/setup/export/{name}": MANAGING,
    "POST /manage/setup/import": MANAGING,
    # the administrators, kept apart
    "GET /admin/accounts": ACCOUNTS,
    "POST /admin/accounts": ACCOUNTS,
    "GET /admin/accounts/{account}": ACCOUNTS,
    "POST /admin/accounts/{account}": ACCOUNTS,
    "POST /admin/accounts/{account}/reset": ACCOUNTS,
    "POST /admin/accounts/{account}/disable": ACCOUNTS,
    "POST /admin/accounts/{account}/enable": ACCOUNTS,
    "GET /admin/tokens": TOKENS,
    "POST /admin/tokens": TOKENS,
    "POST /admin/tokens/{token}/revoke": TOKENS,
    "GET /admin/audit": AUDITING,
    "GET /admin/audit/export": AUDITING,
    "POST /admin/audit/verify": AUDITING,
    "GET /system": TOKENS,
    "POST /system/time": TOKENS,
    "POST /system/backup": TOKENS,
    "GET /system/backups": TOKENS,
    "GET /system/backups/{name}": TOKENS,
    "GET /metrics": _for(Role.SYSTEM, scopes=(Scope.METRICS,)),
}


def judge(access: Access, visitor: Visitor | None, window: str = "") -> Verdict:
    """What becomes of a request; ``window`` is the one in the address, '' when there is none."""
    if access.anyone:
        return Verdict.PASS
    if visitor is None:
        return Verdict.SIGN_IN
    if visitor.scopes:
        return Verdict.PASS if visitor.scopes & access.scopes else Verdict.FORBIDDEN
    if visitor.stage not in access.stages:
        return Verdict.FINISH if visitor.stage is not Stage.FULL else Verdict.FORBIDDEN
    granted = visitor.roles & access.roles
    if not granted:
        return Verdict.FORBIDDEN
    if access.own_window and granted == {Role.CLERK} and not may_use_window(visitor.windows, window):
        return Verdict.NOT_YOUR_WINDOW
    return Verdict.PASS
