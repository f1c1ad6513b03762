"""The sentences for codes that could not be used."""

from __future__ import annotations

from devices.faults import Cause, Fault, Owner
from devices.protocols.scans import Flaw

_SENTENCES = {
    Flaw.PARTIAL: ("没有扫完整", "请把码放稳，再扫一次"),
    Flaw.TOO_LONG: ("这个码太长，不是大厅使用的码", "请出示号票或预约上的码"),
    Flaw.FOREIGN: ("这个码不是大厅使用的码", "请出示号票或预约上的码"),
}


def bad_scan(flaw: Flaw) -> Fault:
    """For the citizen, in one sentence."""
    sentence, action = _SENTENCES[flaw]
    return Fault(f"scan_{flaw.value}", sentence, action, Owner.CITIZEN, Cause.PERSON)
