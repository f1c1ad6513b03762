"""A range is told in words that promise no more than is known."""

from __future__ import annotations

import pytest

from assets.waiting import wait_sentence, wait_text


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (None, None, ""),
        (0, 1, "基本无需等候"),
        (0, 5, "5 分钟以内"),
        (10, 10, "约 10 分钟"),
        (20, 35, "约 20–35 分钟"),
        (60, None, "1 小时以上"),
        (90, None, "1 个半小时以上"),
        (150, None, "2 个半小时以上"),
    ],
)
def test_words(low: int | None, high: int | None, wanted: str) -> None:
    assert wait_text(low, high) == wanted


def test_a_sentence_has_its_space_only_before_figures() -> None:
    assert wait_sentence(20, 35, dash="～") == "预计等候约 20～35 分钟"
    assert wait_sentence(0, 5) == "预计等候 5 分钟以内"
    assert wait_sentence(60, None) == "预计等候 1 小时以上"
    assert wait_sentence(0, 1) == "基本无需等候"
    assert wait_sentence(None, None) == ""
