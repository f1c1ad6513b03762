"""What a manager does with broadcasts: has one spoken, stops it."""

from __future__ import annotations

import asyncio
import unicodedata

from hall_server.hall import commands as c
from hall_server.hall.broadcasting import MOST_MINUTES
from hall_server.hall.model import Hall, RuleBroken
from hall_server.house import House
from hall_server.web.broadcasts import announcers, desk_of
from hall_server.web.caller import Caller
from hall_server.web.manager_doing import Doing, Plan, number_of


async def made(house: House, here: Caller, doing: Doing) -> Plan:
    """Nothing urgent without a second press; nothing that the voice cannot say."""
    desk, known = desk_of(house), {station.id: station for station in announcers(house)}
    if any(name not in known for name in doing.stations):
        raise RuleBroken("unknown_station", "没有这个广播区，请刷新页面")
    if doing.urgent and not doing.confirmed:
        raise RuleBroken("unconfirmed", "紧急广播会打断叫号，请先确认")
    text = spoken_line(doing.text)
    if trouble := (await asyncio.to_thread(desk.preview, text)).trouble:
        raise RuleBroken("unspeakable", trouble)
    command = c.MakeBroadcast(
        request=doing.request,
        by=here.by,
        text=text,
        stations=tuple(doing.stations),
        urgent=doing.urgent,
        times=doing.times,
        every_seconds=doing.every,
        minutes=min(doing.minutes, MOST_MINUTES),
        board=doing.board,
    )
    away = "、".join(known[name].name for name in doing.stations if not known[name].online)
    told = "紧急广播已发出，停止前反复播报" if doing.urgent else "已交给广播，有空隙就播"
    told += f"；{away}离线，现在播不了" if away else ""
    return Plan("manager.broadcast", "", _broadcasts_look, (command,), told)


async def ended(here: Caller, doing: Doing) -> Plan:
    """Stopped now."""
    command = c.EndBroadcast(request=doing.request, by=here.by, broadcast=number_of(doing.subject))
    return Plan("manager.broadcast", doing.subject, _broadcasts_look, (command,), "广播已停止")


def spoken_line(text: str) -> str:
    """One line without control characters; a rare character stays, so that it is told and not left out."""
    return " ".join("".join(" " if unicodedata.category(sign) == "Cc" else sign for sign in text).split())


def _broadcasts_look(hall: Hall) -> object:
    return {
        str(each.id): {"text": each.text, "zones": each.stations, "urgent": each.urgent, "times": each.times}
        for each in hall.broadcasts.values()
        if not each.ended_ms
    }
