"""PURE: what a screen knows of the hall server, and the sentence for the time when it knows nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

from contract.messages import BoardNow, Presence, ServerState, WindowState

BOOTS_KEPT = 8
STALE_SECONDS = 8.0
"""The server beats each 2 s; four beats missed is an outage."""
STALE = "网络中断，显示内容可能已过时，请留意窗口广播"
STARTING = "正在连接大厅服务器，请留意窗口广播"


@dataclass(frozen=True, slots=True)
class Now:
    """Both clocks: ``mono`` seconds that only grow, ``hall_ms`` hall time, 0 while it is unknown."""

    mono: float
    hall_ms: int = 0


def boots_behind(
    have: BoardNow | WindowState | None, past: tuple[str, ...], picture: BoardNow | WindowState
) -> tuple[str, ...] | None:
    """Earlier servers once ``picture`` takes the place of ``have``; None when it is the older of the two."""
    if have is None:
        return past
    if picture.boot == have.boot:
        return None if picture.seq <= have.seq else past
    return None if picture.boot in past else (*past, have.boot)[-BOOTS_KEPT:]


@dataclass(frozen=True, slots=True)
class News:
    """The last beat and when it came; ``heard`` is None before the first and after a last will."""

    server: ServerState | None = None
    heard: float | None = None

    def after(self, server: ServerState, now: Now) -> News:
        """The news after a beat or a last will.

        The will of a server long replaced changes nothing, nor does a beat that the broker repeats.
        """
        alive = server.s in (Presence.READY, Presence.ALERT, Presence.INIT)
        if not alive and self.server is not None and server.boot != self.server.boot:
            return self
        if server == self.server:
            return self
        if not alive:
            return replace(self, heard=None)
        return News(server, now.mono)

    def banner(self, now: Now) -> str:
        """The sentence that says that the screen has no news, or ''."""
        if self.server is None:
            return STARTING
        if self.heard is None or now.mono - self.heard > STALE_SECONDS:
            return STALE
        return ""

    def next_change(self, now: Now) -> float:
        """Seconds until the banner changes by time alone; infinite when it does not."""
        if self.heard is None or now.mono - self.heard > STALE_SECONDS:
            return float("inf")
        return self.heard + STALE_SECONDS - now.mono + 0.001


NO_NEWS = News()
"""Before the first beat."""
