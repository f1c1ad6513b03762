"""docs/indicators.md is what the definitions say; definitions fit one another."""

from __future__ import annotations

from pathlib import Path

import pytest

import hall_server
from hall_server.reports.handbook import handbook
from hall_server.reports.indicators import INDICATORS, SUMS, Indicator, Unit
from hall_server.reports.kinds import DIMENSIONS, KINDS

PAGE = Path(hall_server.__file__).parent.parent / "docs" / "indicators.md"


def test_the_page_is_made_of_the_definitions() -> None:
    again = "python -m hall_server report --indicators > docs/indicators.md"
    assert PAGE.read_text(encoding="utf-8") == handbook(), again


@pytest.mark.parametrize("indicator", INDICATORS.values(), ids=lambda i: i.id)
def test_an_indicator_says_what_it_is(indicator: Indicator) -> None:
    assert indicator.name
    assert indicator.formula
    assert (indicator.unit is Unit.RATE) == bool(indicator.numerator and indicator.denominator)
    assert {indicator.numerator, indicator.denominator} - {""} <= INDICATORS.keys()
    assert any(indicator.id in kind.indicators for kind in KINDS.values())


def test_kinds_sums_and_dimensions_name_what_exists() -> None:
    for kind in KINDS.values():
        assert set(kind.indicators) <= INDICATORS.keys()
        assert set(kind.by) <= DIMENSIONS.keys()
    for name, parts in SUMS.items():
        assert {name, *parts} <= INDICATORS.keys()
