"""Every route of an application with its entry in the matrix; one without keeps the server from starting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import compile_path
from starlette.types import Scope

from hall_server.accounts.matrix import MATRIX, Access

LIVE = "LIVE"


class RouteWithoutAccess(Exception):
    """Routes that the matrix (hall_server/accounts/matrix.py) does not name, or names without their being."""


@dataclass(frozen=True, slots=True)
class Route:
    """``key`` as in the matrix: method (LIVE for a WebSocket), blank, path with its parameters' names."""

    key: str
    method: str
    path: str
    pattern: re.Pattern[str]
    access: Access


class RouteTable:
    """Finds the route of a request exactly as the application will. Raises RouteWithoutAccess."""

    def __init__(self, app: FastAPI) -> None:
        self.routes = tuple(_routes(app))
        named = {route.key for route in self.routes}
        if absent := sorted(named - MATRIX.keys()):
            raise RouteWithoutAccess(f"the matrix does not say who may use: {', '.join(absent)}")
        if gone := sorted(MATRIX.keys() - named):
            raise RouteWithoutAccess(f"the matrix names routes that do not exist: {', '.join(gone)}")

    def find(self, scope: Scope) -> tuple[Route, dict[str, str]] | None:
        """The route and the parameters in its address, or None."""
        method = LIVE if scope["type"] == "websocket" else scope["method"]
        for route in self.routes:
            if route.method == method and (match := route.pattern.match(scope["path"])):
                return route, match.groupdict()
        return None

    def methods(self, path: str) -> list[str]:
        """The methods that this address has."""
        return sorted({r.method for r in self.routes if r.method != LIVE and r.pattern.match(path)})


def _routes(app: FastAPI) -> Iterator[Route]:
    for context in iter_route_contexts(app.routes):
        path: str = context.path or ""
        pattern, path_format, _ = compile_path(path)
        methods: Any = context.methods
        for method in sorted(methods) if methods else [LIVE]:
            key = f"{method} {path_format}"
            yield Route(key, method, path_format, pattern, MATRIX.get(key, Access()))
