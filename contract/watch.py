"""Whether a link that looks alive carries anything: judged by the server's beats. PURE."""

from __future__ import annotations

LIMIT_SECONDS = 40.0


class BeatWatch:
    """Silence longer than ``seconds`` on a link condemns it, unless the server said that it goes.

    A new link that stays silent gets twice as long, up to 40 s, so that a hall whose server is away is
    not kept busy with reconnecting; the first living beat ends that. ``seconds`` None never condemns.
    """

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._allowed = seconds or 0.0
        self._since = 0.0
        self._gone = False

    @property
    def pause(self) -> float | None:
        """How often to look."""
        return self._seconds / 5 if self._seconds else None

    @property
    def allowed(self) -> float:
        """How long a silence is allowed now."""
        return self._allowed

    def linked(self, now: float) -> None:
        """A new link: silence counts from here."""
        self._since, self._gone = now, False

    def heard(self, now: float, *, replayed: bool, gone: bool) -> None:
        """A word of the server came; a retained replay proves nothing, but may say that it is gone."""
        self._gone = gone
        if not replayed:
            self._since = now
            self._allowed = self._seconds or 0.0

    def condemns(self, now: float) -> bool:
        """Whether the link must be torn down; the next one gets more time."""
        if self._seconds is None or self._gone or now - self._since <= self._allowed:
            return False
        self._allowed = min(2 * self._allowed, LIMIT_SECONDS)
        return True
