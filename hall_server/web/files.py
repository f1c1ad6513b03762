"""Files of reports as answers: made whole beside the hall, then sent; refusals are told as problems."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from fastapi.responses import StreamingResponse

from hall_server.reports.asked import Question
from hall_server.reports.desk import ReportDesk
from hall_server.reports.elements import Elements
from hall_server.reports.press import Format, NotMade
from hall_server.web.problems import Troubled

MEDIA: dict[Format, str] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "numbers": "text/csv; charset=utf-8",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
_STATUS = {"busy": 429, "too_long": 413, "failed": 503}
_PIECE = 65_536


def report_file(
    desk: ReportDesk,
    format: Format,
    question: Question,
    name: str,
    made: str = "",
    *,
    running: bool = False,
    elements: Elements | None = None,
) -> StreamingResponse:
    """Wait until it is made, on a worker thread. ``name``: of the file. Raises Troubled."""
    try:
        file = desk.file(format, question, made, running=running, elements=elements)
    except NotMade as why:
        raise Troubled(_STATUS[why.code], why.code, why.sentence) from why
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_pieces(file), media_type=MEDIA[format], headers=headers)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece
