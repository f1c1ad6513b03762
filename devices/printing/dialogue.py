"""The talk with a printer: ask its status, send a ticket, wait for the proof, throw away what it holds.

Every step has a deadline. Silence is a value of its own (None), never health. The proof of a ticket is
the answer to GS r after the cut (DEVICES §3.3); a printer that was stopped keeps its job and would print
it later, so a job without proof is thrown away before anything else is printed.
"""

from __future__ import annotations

from time import monotonic
from typing import Protocol, TypeVar

from devices.faults import DeviceLost, DeviceRefused
from devices.link_faults import noisy, silent
from devices.printing.condition import STOPPING, faults
from devices.printing.job import Job
from devices.printing.profiles import Patience, Profile
from devices.protocols import escpos_bytes as escpos
from devices.protocols.escpos_bytes import (
    Automatic,
    Info,
    Query,
    RealTime,
    Replies,
    Reply,
    Transmitted,
    Trouble,
)
from devices.tickets import Proof

_WHITE = bytes(4096)
_MARK = escpos.INIT + escpos.AUTOMATIC_ON + escpos.AUTOMATIC_OFF
_STALE_READS = 64
_UNASKED_BYTES = 48
"""A printer tells four bytes by itself when something changes; more than this between two questions is noise,
of which any byte could be taken for an answer."""
_WIRE_SLACK = 1.1
_BOTTOM_ROWS = 24
_TEAR_ROWS = 96

R = TypeVar("R", RealTime, Transmitted, Info, Automatic)


class Port(Protocol):
    """Bytes to and from the printer; every failure is a DeviceLost."""

    @property
    def name(self) -> str:
        """As the technician wrote it."""

    @property
    def seconds_per_byte(self) -> float:
        """Wire time; 0 where the line is not what takes the time."""

    def read(self, seconds: float) -> bytes:
        """What came, as soon as anything did; b'' at the deadline."""

    def write(self, data: bytes) -> None:
        """Hand over all; DeviceLost when the printer takes nothing for some seconds."""

    def drain(self, seconds: float) -> None:
        """Wait until the bytes have left the machine, as far as can be known."""


class _Stopped:
    """For how long the printer has been stopped by something that does not pass by itself."""

    def __init__(self, patience_seconds: float) -> None:
        self._patience_seconds = patience_seconds
        self._since: float | None = None

    def too_long(self, troubles: frozenset[Trouble] | None) -> bool:
        """Take what the printer says now; heat passes by itself."""
        if not (troubles or frozenset()) & STOPPING or Trouble.HEAD_HOT in (troubles or ()):
            self._since = None
            return False
        self._since = self._since or monotonic()
        return monotonic() - self._since > self._patience_seconds


class Dialogue:
    """One printer at the other end of an open port."""

    def __init__(self, port: Port, profile: Profile, patience: Patience) -> None:
        self._port = port
        self._profile = profile
        self._patience = patience
        self._parser = Replies()
        self._replies: list[Reply] = []
        self._proofs = 0
        self._proves = profile.proof
        self._tells = False
        self.recoveries = 0
        self.in_doubt = True

    def inquire(self) -> frozenset[Trouble] | None:
        """All four status answers; None when the printer is silent."""
        found: frozenset[Trouble] = frozenset()
        deadline = monotonic() + self._patience.status
        for query in Query:
            value = self._ask(query, deadline)
            if value is None:
                return None
            found |= escpos.troubles(query, value)
        return found

    def troubles(self) -> frozenset[Trouble]:
        """As ``inquire``; raises DeviceLost when the printer is silent."""
        found = self.inquire()
        if found is None:
            raise DeviceLost(silent(self._port.name))
        return found

    def name(self) -> str:
        """Model and serial number (GS I), '' when it tells none; only for a printer that is not stopped."""
        names = []
        for question in (escpos.MODEL_NAME, escpos.SERIAL_NUMBER):
            self._forget()
            self._port.write(question)
            answer = self._await(Info, monotonic() + self._patience.look)
            if answer is None:
                break
            names.append(answer.text)
        return " ".join(filter(None, names))

    def told(self) -> frozenset[Trouble] | None:
        """What it told by itself since, the newest; None without news. Asks nothing, waits for nothing."""
        came = 0
        while (size := self._take(0.0)) and came <= _UNASKED_BYTES:
            came += size
        if came > _UNASKED_BYTES:
            raise DeviceLost(noisy(self._port.name))
        news = [reply for reply in self._replies if isinstance(reply, Automatic)]
        self._replies.clear()
        return escpos.automatic_troubles(news[-1].value) if news else None

    def ticket_waits(self, query: int, mask: int) -> bool | None:
        """Does a ticket wait in its mouth? None when it does not say."""
        value = self._ask(query, monotonic() + self._patience.status)
        return None if value is None else bool(value & mask)

    def make_ready(self) -> None:
        """Nothing held from before and nothing wrong now. Raises DeviceRefused, DeviceLost.

        A stuck cutter gets one chance, together with the job that it holds.
        """
        troubles = self.troubles()
        if Trouble.CUTTER in troubles:
            self.recoveries += 1
            self.clear()
            troubles = self.troubles()
        if troubles & STOPPING:
            raise DeviceRefused(faults(troubles & STOPPING)[0])
        if self.in_doubt:
            self.settle()

    def settle(self) -> None:
        """Throw away a job of unknown end and see that commands are understood again.

        A printer whose line broke inside a picture takes what follows for dots: it is given white until
        it answers, and the spoilt paper is cut off. One that answers nothing proves nothing either, until
        it is opened again.
        """
        self.clear()
        if self._proves and not self._in_step():
            self._proves = self._in_step_after_white()
            if self._proves:
                self._port.write(self._cut())
        self.in_doubt = False
        if self._profile.automatic and self._profile.can_status:
            self._tells = self._listens()

    def _listens(self) -> bool:
        """Let the printer tell changes by itself from now on (GS a); False when it does not know how."""
        self._forget()
        self._port.write(escpos.AUTOMATIC_ON)
        return self._await(Automatic, monotonic() + self._patience.look) is not None

    def clear(self) -> None:
        """DLE ENQ 2, and see that the printer is there. Raises DeviceLost."""
        self._port.write(escpos.CLEAR)
        if self._profile.can_status and self._ask(Query.PRINTER, monotonic() + self._patience.status) is None:
            raise DeviceLost(silent(self._port.name))

    def print(self, job: Job) -> Proof:
        """Send one ticket and its cut; what is known of the paper at the end. Raises DeviceLost."""
        proof = escpos.PAPER_PROOF if self._proves else b""
        data = job.data + self._cut() + proof
        start = monotonic()
        sent = start + len(data) * self._port.seconds_per_byte * _WIRE_SLACK
        printing = job.rows / self._profile.rows_per_second + self._patience.margin
        self._forget()
        self.in_doubt = True
        self._port.write(data)
        if not self._proves:
            self._port.drain(sent + printing - monotonic())
            return Proof.UNKNOWN
        return self._await_proof(sent, printing)

    # ------------------------------------------------------------ proof

    def _await_proof(self, sent: float, printing_seconds: float) -> Proof:
        """Wait for the answer to GS r; from the time when the wire is free look what keeps it."""
        deadline = sent + printing_seconds
        limit = deadline + self._patience.cooling
        stopped = _Stopped(self._patience.stopped)
        troubles: frozenset[Trouble] | None = None
        look_at = max(sent, monotonic()) + self._patience.look
        while monotonic() < deadline and not stopped.too_long(troubles):
            if self._proven(min(deadline, look_at)):
                return Proof.CONFIRMED
            troubles = self.inquire()
            look_at = monotonic() + self._patience.look
            if troubles and Trouble.CUTTER in troubles:
                self.recoveries += 1
                self._port.write(escpos.RECOVER)
            if troubles and Trouble.HEAD_HOT in troubles:
                deadline = min(limit, max(deadline, monotonic() + printing_seconds))
        if self._proven(monotonic()):
            return Proof.CONFIRMED
        return self._give_up(troubles)

    def _give_up(self, troubles: frozenset[Trouble] | None) -> Proof:
        """A job that waits in a stopped printer is thrown away: nobody will stand there when it comes."""
        if troubles and troubles & STOPPING and self._profile.clears_held_job:
            self.clear()
            return Proof.FAILED
        return Proof.UNKNOWN

    def _proven(self, deadline: float) -> bool:
        if not self._proofs:
            self._await(Transmitted, deadline)
        if self._proofs:
            self.in_doubt = False
        return bool(self._proofs)

    def _in_step(self) -> bool:
        """Has everything sent so far been carried out, so that no answer to an older GS r can still come?

        Switching automatic status on is answered in its turn with four bytes that nothing else looks
        like. A printer that does not know it is asked GS r, and then left until it has said all.
        """
        self._forget()
        if not self._tells:
            self._port.write(_MARK)
            if self._await(Automatic, monotonic() + self._patience.look) is not None:
                return True
        self._port.write(escpos.PAPER_PROOF)
        answered = self._await(Transmitted, monotonic() + self._patience.look) is not None
        return answered and self._fell_quiet(self._patience.look)

    def _in_step_after_white(self) -> bool:
        rows = len(_WHITE) * 8 / self._profile.dots
        wire = len(_WHITE) * self._port.seconds_per_byte
        seconds = self._patience.look + wire + rows / self._profile.rows_per_second
        last = monotonic() + self._patience.white
        while monotonic() < last:
            self._port.write(_WHITE + _MARK + escpos.PAPER_PROOF)
            marked = self._await(Automatic, monotonic() + seconds) is not None and not self._tells
            if marked or self._proofs:
                return self._fell_quiet(seconds)
        return False

    def _fell_quiet(self, seconds: float) -> bool:
        return any(not self._take(seconds) for _ in range(_STALE_READS))

    def _cut(self) -> bytes:
        return escpos.feed(_BOTTOM_ROWS) + escpos.CUT if self._profile.can_cut else escpos.feed(_TEAR_ROWS)

    # ------------------------------------------------------------ replies

    def _ask(self, query: int, deadline: float) -> int | None:
        if self._take(0.0) > _UNASKED_BYTES:
            raise DeviceLost(noisy(self._port.name))
        self._replies.clear()
        self._port.write(escpos.ask(query))
        answer = self._await(RealTime, deadline)
        return None if answer is None else answer.value

    def _await(self, wanted: type[R], deadline: float) -> R | None:
        late = False
        while True:
            while self._replies:
                reply = self._replies.pop(0)
                if isinstance(reply, wanted):
                    return reply
            if late:
                return None
            seconds = deadline - monotonic()
            late = seconds <= 0
            self._take(max(0.0, seconds))

    def _take(self, seconds: float) -> int:
        """Sort what came; how many bytes that were."""
        data = self._port.read(seconds)
        replies = self._parser.feed(data)
        self._proofs += sum(isinstance(reply, Transmitted) for reply in replies)
        self._replies += replies
        return len(data)

    def _forget(self) -> None:
        """What came before belongs to nothing that is asked from now on."""
        for _ in range(_STALE_READS):
            if not self._take(0.0):
                break
        self._parser.clear()
        self._replies.clear()
        self._proofs = 0
