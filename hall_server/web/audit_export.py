"""The audit log as a file for evidence: what the filter finds, oldest last, as CSV that spreadsheets open."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator

from contract.clock import china
from hall_server.accounts.audit import KIND_TEXT
from hall_server.accounts.records import AuditLine

AT_ONCE = 1000
HEADINGS = ("序号", "时间", "工号", "姓名", "何事", "对象", "变化前", "变化后", "来自", "校验值")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Pages = Callable[[int, int], list[AuditLine]]
"""Lines older than a number, newest first, no more than so many."""


def pieces(lines: Pages, named: Callable[[str], str]) -> Iterator[bytes]:
    """The file, a thousand lines at a time: the log of years is never in memory whole."""
    yield "\ufeff".encode()
    yield _rows([HEADINGS])
    before = 2**62
    while found := lines(before, AT_ONCE):
        yield _rows([_row(line, named) for line in found])
        before = found[-1].seq


def when(at_ms: int) -> str:
    """To the second, as evidence wants it: 2026-11-22 09:05:07."""
    return china(at_ms).strftime("%Y-%m-%d %H:%M:%S")


def _row(line: AuditLine, named: Callable[[str], str]) -> tuple[str, ...]:
    told = (
        line.by,
        named(line.by),
        KIND_TEXT.get(line.kind, line.kind),
        line.subject,
        line.before,
        line.after,
        line.address,
        line.hash,
    )
    return (str(line.seq), when(line.at_ms), *map(_harmless, told))


def _harmless(text: str) -> str:
    """No cell is a formula to a spreadsheet, whatever somebody typed as an account."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _rows(rows: list[tuple[str, ...]]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()
