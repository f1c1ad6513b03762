"""PURE: the whole state of one hall at one moment.

By subject: hall.py Hall itself · tickets.py numbers and lanes · appointments.py · windows.py windows and
their last action · house.py day, description, blocks, help, notices · broadcasts.py · judgements.py poor
ratings · rules.py what is forbidden.

``Hall`` is the only mutable value: it changes inside ``evolve`` alone, on the one thread that owns it.
Everything that it holds is immutable, so a ticket that left the thread never changes under its
reader. Instants are hall time in milliseconds.
"""

from hall_server.hall.model.appointments import Appointment, Booking
from hall_server.hall.model.broadcasts import Broadcast, Heard
from hall_server.hall.model.hall import Hall
from hall_server.hall.model.house import Asked, ClosedStation, Day, HelpCall, Lease, Notice, Published, Stop
from hall_server.hall.model.judgements import FOLLOW_UP_TEXT, Followed, FollowUp, Poor
from hall_server.hall.model.rules import RuleBroken
from hall_server.hall.model.tickets import (
    AT_WINDOW,
    OPEN_STATUSES,
    OUTCOME_TEXT,
    Arrival,
    Class,
    Lane,
    Outcome,
    Papers,
    RecentCall,
    Served,
    Ticket,
)
from hall_server.hall.model.windows import (
    FULL_GREEN_BUDGET,
    LEVEL_HELP,
    LEVEL_OWN,
    TurnTaken,
    Undoable,
    WindowNow,
    at_start,
    own_skills,
)

__all__ = [
    "AT_WINDOW",
    "FOLLOW_UP_TEXT",
    "FULL_GREEN_BUDGET",
    "LEVEL_HELP",
    "LEVEL_OWN",
    "OPEN_STATUSES",
    "OUTCOME_TEXT",
    "Appointment",
    "Arrival",
    "Asked",
    "Booking",
    "Broadcast",
    "Class",
    "ClosedStation",
    "Day",
    "FollowUp",
    "Followed",
    "Hall",
    "Heard",
    "HelpCall",
    "Lane",
    "Lease",
    "Notice",
    "Outcome",
    "Papers",
    "Poor",
    "Published",
    "RecentCall",
    "RuleBroken",
    "Served",
    "Stop",
    "Ticket",
    "TurnTaken",
    "Undoable",
    "WindowNow",
    "at_start",
    "own_skills",
]
