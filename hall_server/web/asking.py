"""Waiting on the web loop for what the hall's thread answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from hall_server.hall.model import Hall
from hall_server.service import Ended, HallService

T = TypeVar("T")


class Away(Exception):
    """The hall has stopped under us; nobody knows whether it was carried out: ask the same again."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


async def answered(future: Future[T]) -> T:
    """The answer of the hall. Raises RuleBroken, Away. Being cancelled does not cancel the command."""
    try:
        return await asyncio.shield(asyncio.wrap_future(future))
    except Ended as ended:
        raise Away(ended.sentence) from ended


async def ask(service: HallService, function: Callable[[Hall], T]) -> T:
    """A quick read on the hall's thread. Raises Away."""
    return await answered(service.query(function))
