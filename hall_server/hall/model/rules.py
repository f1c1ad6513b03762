"""PURE: what a rule of the hall says when it forbids."""

from __future__ import annotations


class RuleBroken(Exception):
    """A rule of the hall forbids the command; ``sentence`` is Chinese, for the person who pressed."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence
