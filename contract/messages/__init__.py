"""Every payload that travels between the programs of a hall, as typed frozen values.

Write ``from contract import messages as m``. By subject: envelope.py what all share · stations.py boxes and
their devices · tickets.py getting a number · leases.py numbers issued alone · guides.py asking for a person ·
server.py the hall server · states.py windows, queues, boards · calls.py calls ·
broadcasts.py what a manager has spoken.

On the wire a payload is one JSON object. Unknown fields are ignored and every field that is added
after version 1 has a default, so that a station of an older version goes on working. Instants are
hall time in milliseconds since the Unix epoch (``*_ms``); the hall server alone owns that time.
No payload carries a document number, a full name or a birth date.
"""

from contract.messages.broadcasts import Broadcast, BroadcastPart
from contract.messages.calls import (
    Call,
    CallDrop,
    CallFate,
    CallKind,
    CallReport,
    CallReports,
    Speech,
)
from contract.messages.envelope import CONTRACT_VERSION, Answer, Message, Refusal, Request
from contract.messages.guides import CallGuide, CallGuideAnswer
from contract.messages.leases import (
    LeaseNumbers,
    LeaseNumbersAnswer,
    MergeFinding,
    MergeLease,
    MergeLeaseAnswer,
    NumberLease,
    OfflineTicket,
    RenewLeases,
    RenewLeasesAnswer,
)
from contract.messages.server import BlobRef, JournalAnchor, ServerState
from contract.messages.states import BoardNow, BoardRow, QueueState, WindowState, WindowStatus, ZoneWaiting
from contract.messages.stations import (
    Applied,
    Command,
    CommandResult,
    DeviceHealth,
    Owner,
    Presence,
    StationConfig,
    StationHealth,
    StationInfo,
    StationKind,
    StationState,
)
from contract.messages.tickets import (
    CancelIssue,
    CancelIssueAnswer,
    CheckIn,
    CheckInAnswer,
    FindTickets,
    FindTicketsAnswer,
    Issue,
    IssueAnswer,
    Paper,
    Person,
    ReportPaper,
    ReportPaperAnswer,
    TicketSlip,
    TicketStatus,
)

__all__ = [
    "CONTRACT_VERSION",
    "Answer",
    "Applied",
    "BlobRef",
    "BoardNow",
    "BoardRow",
    "Broadcast",
    "BroadcastPart",
    "Call",
    "CallDrop",
    "CallFate",
    "CallGuide",
    "CallGuideAnswer",
    "CallKind",
    "CallReport",
    "CallReports",
    "CancelIssue",
    "CancelIssueAnswer",
    "CheckIn",
    "CheckInAnswer",
    "Command",
    "CommandResult",
    "DeviceHealth",
    "FindTickets",
    "FindTicketsAnswer",
    "Issue",
    "IssueAnswer",
    "JournalAnchor",
    "LeaseNumbers",
    "LeaseNumbersAnswer",
    "MergeFinding",
    "MergeLease",
    "MergeLeaseAnswer",
    "Message",
    "NumberLease",
    "OfflineTicket",
    "Owner",
    "Paper",
    "Person",
    "Presence",
    "QueueState",
    "Refusal",
    "RenewLeases",
    "RenewLeasesAnswer",
    "ReportPaper",
    "ReportPaperAnswer",
    "Request",
    "ServerState",
    "Speech",
    "StationConfig",
    "StationHealth",
    "StationInfo",
    "StationKind",
    "StationState",
    "TicketSlip",
    "TicketStatus",
    "WindowState",
    "WindowStatus",
    "ZoneWaiting",
]
