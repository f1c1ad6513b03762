"""The process that makes one file of a report: an order on standard input, the file on standard output."""

from __future__ import annotations

import os
import resource
import sys
from dataclasses import replace
from pathlib import Path
from typing import IO

import msgspec

from hall_server.keeping import JOURNAL
from hall_server.reports.asked import Asked
from hall_server.reports.days import Days
from hall_server.reports.document import docx, month_of
from hall_server.reports.paper import pdf
from hall_server.reports.press import Order
from hall_server.reports.sheets import numbers_csv, table_csv
from hall_server.reports.spreadsheet import workbook

LARGEST_BYTES = 512 * 1024 * 1024
MEMORY_BYTES = 4 * 1024 * 1024 * 1024


def main() -> int:
    """At the lowest priority, within limits of memory and size."""
    os.nice(19)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_BYTES, LARGEST_BYTES))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    made(msgspec.json.decode(sys.stdin.buffer.read(), type=Order), sys.stdout.buffer)
    return 0


def made(order: Order, out: IO[bytes]) -> None:
    """Write the file. Raises JournalBroken, KeyError, AssetMissing."""
    days = Days(Path(order.state) / JOURNAL, Path(order.directory), order.plan)
    hall, question = order.plan.name, order.question
    asked = Asked(days)
    if order.format == "numbers":
        out.writelines(line.encode() for line in numbers_csv(days.lives(*question.period.labels)))
        return
    if order.format == "docx":
        month = month_of(asked, question.period, hall, running=order.running)
        out.write(docx(replace(month, elements=order.elements), order.made))
        return
    answer = asked.answer(question)
    if order.format == "csv":
        out.writelines(line.encode() for line in table_csv(answer.table))
    else:
        out.write((workbook if order.format == "xlsx" else pdf)(answer, hall, order.made))


if __name__ == "__main__":
    sys.exit(main())
