"""What a manager does from the page: each act as commands to the hall, audited with before and after.

An act names what it changes and the commands that change it; no rule stands here. The hall's refusal is the
answer; an act that changed nothing leaves no line in the audit log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from hall_server.accounts.book import Act
from hall_server.hall import commands as c
from hall_server.hall.model import LEVEL_OWN, Hall, RuleBroken
from hall_server.web import broadcast_acts
from hall_server.web.asking import answered, ask
from hall_server.web.caller import Caller
from hall_server.web.frame import Frame
from hall_server.web.lookout import Lookout
from hall_server.web.manager_doing import Doing, Plan, clean, number_of


class Acts:
    """Carries acts out. Raises RuleBroken, Away."""

    def __init__(self, frame: Frame, lookout: Lookout) -> None:
        self._frame, self._lookout = frame, lookout
        self._plans: dict[str, Callable[[Caller, Doing], Awaitable[Plan]]] = {
            "window-open": self._window_open,
            "window-pause": self._window_pause,
            "window-close": self._window_close,
            "window-skills": self._skills,
            "window-service": self._open_to,
            "shift-move": self._shift_move,
            "service-stop": self._stop,
            "service-resume": self._resume,
            "ticket-cancel": self._cancel,
            "ticket-void": self._void,
            "ticket-return": self._return,
            "guide": self._guide,
            "help-take": self._help_take,
            "help-end": self._help_end,
            "station-close": self._station_close,
            "station-open": self._station_open,
            "notice": self._notice,
            "notice-end": self._notice_end,
            "broadcast": lambda here, doing: broadcast_acts.made(self._frame.house, here, doing),
            "broadcast-end": lambda here, doing: broadcast_acts.ended(here, doing),
        }

    async def do(self, name: str, here: Caller, doing: Doing) -> str:
        """The sentence for the manager when it is done. KeyError for an unknown act."""
        if name == "seen":
            await asyncio.to_thread(
                self._lookout.put_away, doing.subject, self._frame.service.view.day, here.actor
            )
            return "已收起"
        plan = await self._plans[name](here, doing)
        service = self._frame.service
        before = await ask(service, plan.look)
        for command in plan.commands:
            await answered(service.submit(command))
        after = await ask(service, plan.look)
        if before != after:
            await self._note(here, Act(plan.kind, plan.subject, before, after))
        return plan.told

    async def _note(self, here: Caller, act: Act) -> None:
        await asyncio.to_thread(self._frame.accounts.book.note, here.actor, act)

    # ------------------------------------------------------------ windows

    async def _window_open(self, here: Caller, doing: Doing) -> Plan:
        return self._window(doing, c.OpenWindow(**_at(here, doing)), "已开窗")

    async def _window_pause(self, here: Caller, doing: Doing) -> Plan:
        command = c.PauseWindow(**_at(here, doing), reason=clean(doing.reason))
        return self._window(doing, command, "已暂停")

    async def _window_close(self, here: Caller, doing: Doing) -> Plan:
        return self._window(doing, c.CloseWindow(**_at(here, doing), park=doing.park), "已关窗")

    async def _skills(self, here: Caller, doing: Doing) -> Plan:
        command = c.SetSkills(**_at(here, doing), skills=tuple(doing.skills.items()))
        return self._window(doing, command, "已调整办理的业务")

    async def _open_to(self, here: Caller, doing: Doing) -> Plan:
        """The window does this service too, as its own unless another level is said, and is open for it."""
        skills = await self._skills_of(doing.window)
        level = next(iter(doing.skills.values()), LEVEL_OWN)
        wanted = {**skills, doing.service: level}
        commands: list[c.Command] = [c.SetSkills(**_at(here, doing, "s"), skills=tuple(wanted.items()))]
        if doing.open:
            commands.append(c.OpenWindow(**_at(here, doing, "o")))
        told = f"{self._label(doing.window)} 现在办理“{self._frame.service.plan.service(doing.service).name}”"
        return Plan("manager.window", doing.window, window_look(doing.window), tuple(commands), told)

    async def _shift_move(self, here: Caller, doing: Doing) -> Plan:
        """Today another window (``subject``) stands in: it takes the services of this one, which pauses."""
        there = doing.subject
        skills = {**await self._skills_of(there), **await self._skills_of(doing.window)}
        stands_in = {"by": here.by, "window": there}
        commands = (
            c.SetSkills(**stands_in, request=f"{doing.request}-s", skills=tuple(skills.items())),
            c.OpenWindow(**stands_in, request=f"{doing.request}-o"),
            c.PauseWindow(**_at(here, doing, "p"), reason=f"今天由{self._label(there)}顶班"),
        )

        def look(hall: Hall) -> object:
            return {w: window_look(w)(hall) for w in (doing.window, there)}

        told = f"已由 {self._label(there)} 顶 {self._label(doing.window)} 的班"
        return Plan("manager.shift", f"{doing.window} → {there}", look, commands, told)

    def _window(self, doing: Doing, command: c.Command, told: str) -> Plan:
        look = window_look(doing.window)
        return Plan("manager.window", doing.window, look, (command,), f"{self._label(doing.window)} {told}")

    async def _skills_of(self, window: str) -> dict[str, int]:
        """Raises RuleBroken."""
        found = await ask(self._frame.service, lambda hall: hall.skills.get(window))
        if found is None:
            raise RuleBroken("unknown_window", f"没有编号为“{window}”的窗口")
        return dict(found)

    def _label(self, window: str) -> str:
        found = self._frame.service.plan.windows.get(window)
        return found.label if found is not None else window

    # ------------------------------------------------------------ services and numbers

    async def _stop(self, here: Caller, doing: Doing) -> Plan:
        name = doing.subject
        command = c.StopIssuing(request=doing.request, by=here.by, service=name)
        return Plan("manager.issuing", name, issuing_look(name), (command,), "已停止取号")

    async def _resume(self, here: Caller, doing: Doing) -> Plan:
        name = doing.subject
        command = c.ResumeIssuing(request=doing.request, by=here.by, service=name)
        return Plan("manager.issuing", name, issuing_look(name), (command,), "已恢复取号")

    async def _cancel(self, here: Caller, doing: Doing) -> Plan:
        command = c.Cancel(
            request=doing.request, by=here.by, ticket=doing.subject, reason=_reason(doing, "取消")
        )
        return self._ticket(doing, command, "已取消")

    async def _void(self, here: Caller, doing: Doing) -> Plan:
        command = c.Void(
            request=doing.request, by=here.by, ticket=doing.subject, reason=_reason(doing, "作废")
        )
        return self._ticket(doing, command, "已作废")

    async def _return(self, here: Caller, doing: Doing) -> Plan:
        command = c.ReturnNoShow(request=doing.request, by=here.by, ticket=doing.subject)
        return self._ticket(doing, command, "已恢复排队")

    def _ticket(self, doing: Doing, command: c.Command, told: str) -> Plan:
        def look(hall: Hall) -> object:
            ticket = hall.tickets.get(doing.subject)
            return ticket and {"status": ticket.status.value, "reason": clean(doing.reason)}

        number = doing.subject.rpartition("-")[2]
        return Plan("manager.ticket", doing.subject, look, (command,), f"{number} {told}")

    # ------------------------------------------------------------ people, words, boxes

    async def _guide(self, here: Caller, doing: Doing) -> Plan:
        about = clean(doing.text)
        if not (doing.window or about):
            raise RuleBroken("no_place", "请选择窗口或写明地点")
        command = c.CallGuide(request=doing.request, by=here.by, window=doing.window, about=about)
        return Plan("manager.guide", doing.window, _helps_look, (command,), "已呼叫导办")

    async def _help_take(self, here: Caller, doing: Doing) -> Plan:
        command = c.TakeHelp(request=doing.request, by=here.by, call=number_of(doing.subject))
        return Plan("manager.help", doing.subject, _helps_look, (command,), "已告知：您前往处理")

    async def _help_end(self, here: Caller, doing: Doing) -> Plan:
        command = c.EndHelp(
            request=doing.request, by=here.by, call=number_of(doing.subject), note=clean(doing.reason)
        )
        return Plan("manager.help", doing.subject, _helps_look, (command,), "求助已处理")

    async def _notice(self, here: Caller, doing: Doing) -> Plan:
        text = clean(doing.text)
        command = c.PostNotice(request=doing.request, by=here.by, text=text, minutes=doing.minutes)
        told = f"已在综合屏滚动显示 {doing.minutes} 分钟"
        return Plan("manager.notice", "", _notices_look, (command,), told)

    async def _notice_end(self, here: Caller, doing: Doing) -> Plan:
        command = c.WithdrawNotice(request=doing.request, by=here.by, notice=number_of(doing.subject))
        return Plan("manager.notice", doing.subject, _notices_look, (command,), "通知已撤下")

    async def _station_close(self, here: Caller, doing: Doing) -> Plan:
        name = doing.subject
        command = c.CloseStation(request=doing.request, by=here.by, station=name, reason=clean(doing.reason))
        return self._station(name, command, "已暂停服务")

    async def _station_open(self, here: Caller, doing: Doing) -> Plan:
        command = c.OpenStation(request=doing.request, by=here.by, station=doing.subject)
        return self._station(doing.subject, command, "已恢复服务")

    def _station(self, name: str, command: c.Command, told: str) -> Plan:
        """The box follows its configuration: at once, or as soon as it is heard again."""
        station = next((s for s in self._frame.house.stations if s.id == name), None)
        if station is None:
            raise RuleBroken("unknown_station", "没有这台设备")
        later = "" if station.online else "；现在离线，恢复联系后生效"
        return Plan("manager.station", name, station_look(name), (command,), f"{station.name} {told}{later}")


def _at(here: Caller, doing: Doing, part: str = "") -> dict[str, str]:
    """A manager's press at a window: he does not sit there, so ``clerk`` stays empty."""
    request = f"{doing.request}-{part}" if part else doing.request
    return {"request": request, "by": here.by, "window": doing.window}


def _reason(doing: Doing, word: str) -> str:
    reason = clean(doing.reason)
    if not reason:
        raise RuleBroken("no_reason", f"请填写{word}的理由")
    return reason


def window_look(window: str) -> Callable[[Hall], object]:
    """A window as the audit log shows it; the look raises RuleBroken for one that is not there."""

    def look(hall: Hall) -> object:
        now = hall.windows.get(window)
        if now is None:
            raise RuleBroken("unknown_window", f"没有编号为“{window}”的窗口")
        return {"status": now.status.value, "reason": now.reason, "skills": dict(hall.skills[window])}

    return look


def issuing_look(service: str) -> Callable[[Hall], object]:
    """Whether numbers are given, as the audit log shows it."""

    def look(hall: Hall) -> object:
        stop = hall.stopped.get(service)
        return {"issuing": stop is None or stop.lifted}

    return look


def station_look(station: str) -> Callable[[Hall], object]:
    """Whether a box serves citizens, as the audit log shows it."""

    def look(hall: Hall) -> object:
        closed = hall.closed_stations.get(station)
        return {"serving": closed is None, "reason": closed.reason if closed else ""}

    return look


def _helps_look(hall: Hall) -> object:
    return {
        str(call.id): {"window": call.window, "about": call.about, "taken": call.taken_by}
        for call in hall.helps.values()
        if not call.ended_ms
    }


def _notices_look(hall: Hall) -> object:
    return {str(notice.id): notice.text for notice in hall.notices.values()}
