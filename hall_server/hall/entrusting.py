"""PURE: 首问负责: whoever took a number first stays responsible, and is told how it ended elsewhere.

A number is entrusted to others when it is sent on, set aside, or taken in by somebody else. Responsible is
the first clerk, or the window when nobody was signed in there; so a clerk finds his wherever he sits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from contract.messages import TicketStatus
from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.lookup import STATUS_TEXT, Answer, Decision, window_named
from hall_server.hall.model import AT_WINDOW, OUTCOME_TEXT, Hall, Ticket

_ENDED = frozenset({TicketStatus.DONE, TicketStatus.NO_SHOW, TicketStatus.CANCELLED, TicketStatus.VOID})


@dataclass(frozen=True, slots=True)
class Entrusted:
    """A number that went on elsewhere. ``said``: how it ended, or how it stands now; ``window`` and ``clerk``
    where; ``ended_ms`` 0 while it is open; ``unread``: it has ended and was not read yet."""

    ticket: str
    number: str
    service: str
    said: str
    window: str
    clerk: str
    ended_ms: int
    note: str
    unread: bool


def entrusted_at(hall: Hall, window: str) -> tuple[Entrusted, ...]:
    """What whoever works at a window is responsible for: unread endings first, then read ones, then open
    numbers; the newest first."""
    found = [_told(hall, ticket) for ticket in _of_window(hall, window)]
    return tuple(sorted(found, key=lambda one: (not one.unread, not one.ended_ms, -one.ended_ms, one.number)))


@dataclass(frozen=True, slots=True)
class Awaited:
    """Where numbers stand that are still open: windows, and queues by service."""

    windows: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.windows or self.services)


NOTHING = Awaited()


def awaits(hall: Hall, window: str, also: Iterable[str] = ()) -> Awaited:
    """What must change before whoever works at the window has news of what he is responsible for, or of the
    tickets ``also`` shown there."""
    names = (name for name in (hall.windows[window].clerk, window) if name)
    entrusted = (t for name in names for t in hall.entrusted.get(name, ()))
    tickets = [hall.tickets[t] for t in (*entrusted, *also)]
    open_ = [ticket for ticket in tickets if ticket.status not in _ENDED]
    return Awaited(
        frozenset(t.window for t in open_ if t.status in AT_WINDOW),
        frozenset(t.service for t in open_ if t.status not in AT_WINDOW),
    )


def read(hall: Hall, command: c.ReadEndings, now_ms: int) -> Decision:
    """These endings were read; what has changed meanwhile, or is none of his, stays as it is."""
    window_named(hall, command.window)
    mine = {t.id: t for t in _of_window(hall, command.window)}
    wanted = [mine[name] for name in dict.fromkeys(command.tickets) if name in mine]
    endings = tuple((t.id, t.ended_ms) for t in wanted if _unread(hall, t))
    if not endings:
        return Decision(())
    reader = hall.windows[command.window].clerk or command.window
    return Decision((e.EndingsRead(at_ms=now_ms, reader=reader, endings=endings),), Answer())


def _of_window(hall: Hall, window: str) -> Iterator[Ticket]:
    """Not what came back and ended at this window itself, nor what he only set aside."""
    clerk = hall.windows[window].clerk
    for name in filter(None, (clerk, window)):
        for ticket in (hall.tickets[t] for t in hall.entrusted.get(name, ())):
            aside = not ticket.window and not ticket.transfers
            if not aside and not _own(hall, ticket, name):
                yield ticket


def _own(hall: Hall, ticket: Ticket, name: str) -> bool:
    """Whether the number stands or ended with whoever is responsible for it."""
    if not ticket.window:
        return False
    return name in (ticket.window, _clerk_of(hall, ticket))


def _clerk_of(hall: Hall, ticket: Ticket) -> str:
    """Who served it last, or who sits where it is now."""
    served = hall.served.get(ticket.id, ())
    if ticket.status is TicketStatus.DONE and served:
        return served[-1].clerk
    now = hall.windows.get(ticket.window)
    return now.clerk if now is not None else ""


def _unread(hall: Hall, ticket: Ticket) -> bool:
    ended = ticket.status in _ENDED
    return ended and hall.endings_read.get(ticket.id) != ticket.ended_ms


def _told(hall: Hall, ticket: Ticket) -> Entrusted:
    ended = ticket.status in _ENDED
    service, at = hall.plan.services.get(ticket.service), hall.plan.windows.get(ticket.window)
    return Entrusted(
        ticket=ticket.id,
        number=ticket.number,
        service=service.name if service else ticket.service,
        said=OUTCOME_TEXT[ticket.outcome] if ended and ticket.outcome else STATUS_TEXT[ticket.status],
        window=at.label if at else ticket.window,
        clerk=_clerk_of(hall, ticket),
        ended_ms=ticket.ended_ms if ended else 0,
        note=ticket.note if ended else "",
        unread=_unread(hall, ticket),
    )
