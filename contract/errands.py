"""What a kiosk can be asked for: words on the wire and in the hall's description; each kiosk offers some."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Errand(StrEnum):
    """One thing that a citizen can do at a kiosk."""

    TAKE = "take"
    """取号: a number for a service."""
    GUIDES = "guides"
    """办事指南: items, and what each wants in this situation."""
    REPRINT = "reprint"
    """补打号票: the paper of a number once more."""
    CHECK_IN = "check_in"
    """预约签到: the number of an appointment."""
    HELP = "help"
    """呼叫人工: a guide comes to the kiosk."""


EVERYTHING = frozenset(Errand)
AT_THE_KIOSK = EVERYTHING - {Errand.HELP}
"""What a kiosk is there for; one that offers none of these has nothing to show."""


def errands_of(words: Iterable[str]) -> frozenset[Errand]:
    """What these words of the hall mean here: words of a later version are left out; nothing means all."""
    known = frozenset(Errand(word) for word in words if word in EVERYTHING)
    return known if known & AT_THE_KIOSK else EVERYTHING
