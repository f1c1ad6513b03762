"""What the form of the report pages says, and its address."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from hall_server.reports.asked import Question
from hall_server.reports.periods import Period

Against = Literal["", "previous", "same"]


@dataclass(frozen=True, slots=True)
class Choice:
    """What the form says, and the question that it makes; ``newest`` is the date of the newest day."""

    question: Question
    newest: datetime.date

    @property
    def address(self) -> str:
        """The query string of this page and its files."""
        period, by = self.question.period, self.question.by
        said = {
            "kind": self.question.kind,
            "from": str(period.first),
            "to": str(period.last),
            "by": by[0] if by else "",
            "then": by[1] if len(by) > 1 else "",
            "full": "1" if self.question.full else "",
            "against": self.question.against,
        }
        return urlencode({name: value for name, value in said.items() if value})

    def at(self, period: Period) -> str:
        """The same question about another period."""
        question = Question(
            self.question.kind, period, self.question.by, self.question.full, self.question.against
        )
        return Choice(question, self.newest).address
