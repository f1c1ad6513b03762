"""Random faults on the printer: nothing confirmed that did not come out, nothing twice, all healed."""

from __future__ import annotations

import pytest

from tests.faults.printer_campaign import Tally, campaign


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("line", "mode"), [("serial", "picture"), ("tcp", "text")])
def test_nothing_is_confirmed_falsely(line: str, mode: str) -> None:
    tally = Tally()
    campaign(line, mode, 4, 20261121, tally)
    assert tally.injected == 4
    assert tally.wrong == []
