"""PURE: the words in which a waiting range is told, on paper, screens and pages alike."""

from __future__ import annotations


def wait_text(low: int | None, high: int | None, *, dash: str = "–") -> str:
    """约 25–40 分钟, 10 分钟以内, 1 小时以上, 基本无需等候; '' when nobody can honestly say. Minutes."""
    if low is None:
        return ""
    if high is None:
        return f"{_hours(low)}以上"
    if high <= 1:
        return "基本无需等候"
    if not low:
        return f"{high} 分钟以内"
    return f"约 {low} 分钟" if low == high else f"约 {low}{dash}{high} 分钟"


def wait_sentence(low: int | None, high: int | None, *, dash: str = "–") -> str:
    """预计等候约 25–40 分钟, and so on; '' when nobody can honestly say."""
    text = wait_text(low, high, dash=dash)
    if not text or text.startswith("基本"):
        return text
    return f"预计等候{text}" if text.startswith("约") else f"预计等候 {text}"


def _hours(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} 分钟"
    return f"{hours} 个半小时" if rest >= 30 else f"{hours} 小时"
