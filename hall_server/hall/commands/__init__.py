"""PURE: everything that a person, a box or the clock can ask of a hall, in the imperative.

Write ``from hall_server.hall import commands as c``. By subject: command.py what all share · tickets.py
numbers and their holders · appointments.py · at_window.py what clerks press · leases.py issued alone ·
people.py asking for people, notices · broadcasts.py · house.py description, day, clock, journal.

``request`` is unique per sender: a repeat gets the first answer. ``by`` says who asked
(``kiosk-1``, ``window:w03``, ``callbox:w03``, ``clock``), for the journal.
"""

from hall_server.hall.commands.appointments import Book, CancelBooking, CheckIn
from hall_server.hall.commands.at_window import (
    Arrive,
    AtWindow,
    CallNext,
    CallParked,
    CallTicket,
    CloseWindow,
    Finish,
    NoShow,
    OpenWindow,
    Park,
    PauseWindow,
    ReadEndings,
    Recall,
    SetSkills,
    TakePapers,
    Transfer,
    Undo,
)
from hall_server.hall.commands.broadcasts import EndBroadcast, MakeBroadcast, NoteBroadcast
from hall_server.hall.commands.command import Command
from hall_server.hall.commands.house import (
    CloseStation,
    CorrectTime,
    OpenStation,
    PublishPlan,
    ResumeIssuing,
    SealSnapshot,
    SkipNumbers,
    StopIssuing,
    SuspectClock,
    Tick,
)
from hall_server.hall.commands.leases import GiveUpLease, LeaseNumbers, MergeLease, OfflineTicket, RenewLeases
from hall_server.hall.commands.people import (
    CallForHelp,
    CallGuide,
    EndHelp,
    PostNotice,
    TakeHelp,
    WithdrawNotice,
)
from hall_server.hall.commands.tickets import (
    Cancel,
    CancelIssue,
    ComeBack,
    Evaluate,
    FollowPoor,
    Issue,
    Postpone,
    ReportPaper,
    ReturnNoShow,
    Void,
)

__all__ = [
    "Arrive",
    "AtWindow",
    "Book",
    "CallForHelp",
    "CallGuide",
    "CallNext",
    "CallParked",
    "CallTicket",
    "Cancel",
    "CancelBooking",
    "CancelIssue",
    "CheckIn",
    "CloseStation",
    "CloseWindow",
    "ComeBack",
    "Command",
    "CorrectTime",
    "EndBroadcast",
    "EndHelp",
    "Evaluate",
    "Finish",
    "FollowPoor",
    "GiveUpLease",
    "Issue",
    "LeaseNumbers",
    "MakeBroadcast",
    "MergeLease",
    "NoShow",
    "NoteBroadcast",
    "OfflineTicket",
    "OpenStation",
    "OpenWindow",
    "Park",
    "PauseWindow",
    "PostNotice",
    "Postpone",
    "PublishPlan",
    "ReadEndings",
    "Recall",
    "RenewLeases",
    "ReportPaper",
    "ResumeIssuing",
    "ReturnNoShow",
    "SealSnapshot",
    "SetSkills",
    "SkipNumbers",
    "StopIssuing",
    "SuspectClock",
    "TakeHelp",
    "TakePapers",
    "Tick",
    "Transfer",
    "Undo",
    "Void",
    "WithdrawNotice",
]
