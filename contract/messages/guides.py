"""A citizen at a box asks for a person of the hall."""

from __future__ import annotations

from contract.messages.envelope import Answer, Request


class CallGuide(Request, frozen=True, kw_only=True, omit_defaults=True):
    """A citizen asks for a guide (导办) at this kiosk; ``about`` says on which page."""

    about: str = ""


class CallGuideAnswer(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """The hall knows."""
