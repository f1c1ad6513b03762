"""PURE: no more numbers of a service: after its hours, by a manager, or because the work that waits would
not be done before it closes (``stop_before_closing``).

The figure comes from the replay and is minutes of work, not a count of people: a window that leaves for
lunch or helps another queue is in it. It reaches ``decide`` with a command and stays in the journal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.day import last_minute_before
from hall_server.hall.lookup import Decision, service_named
from hall_server.hall.model import Hall, RuleBroken, Stop
from hall_server.hall.plan import Service
from hall_server.hall.waits import Waits, minutes_left

SLACK_MINUTES = 5


def require_open(hall: Hall, service: Service, now_ms: int) -> None:
    """Raises RuleBroken when no numbers of the service are given now."""
    why = closed_reason(hall, service, now_ms)
    if why:
        stop = hall.stopped.get(service.id)
        raise RuleBroken("no_time" if stop is not None and stop.by_rule else "closed", why)


def closed_reason(hall: Hall, service: Service, now_ms: int) -> str:
    """Why no numbers of the service are given now, for the citizen; '' when they are."""
    stop = hall.stopped.get(service.id)
    if stop is not None and not stop.lifted:
        return stop.sentence
    until = service.issue_until_minute
    if until >= 0 and hall.day is not None:
        ends_ms = last_minute_before(hall.day.closes_ms, until, hall.plan.rules)
        if now_ms >= ends_ms:
            return f"{service.name}今天已停止取号，请明天再来或预约"
    return ""


def stop(hall: Hall, command: c.StopIssuing, now_ms: int) -> Decision:
    """By a person at once; by the rule when it is switched on, too late, and nobody overruled it today."""
    service = service_named(hall, command.service)
    old = hall.stopped.get(service.id)
    if not command.by_rule:
        if old is not None and not old.lifted and not old.by_rule:
            return Decision(())
        sentence = f"{service.name}已停止取号，请咨询导办台"
        return Decision((e.IssuingStopped(at_ms=now_ms, service=service.id, sentence=sentence),))
    left = minutes_left(hall, service.id, now_ms)
    if old is not None or left is None or not hall.plan.rules.stop_before_closing:
        return Decision(())
    if command.needed_minutes <= left:
        return Decision(())
    event = e.IssuingStopped(
        at_ms=now_ms,
        service=service.id,
        sentence=f"{service.name}的排队已满今天剩余的办理时间，请明天再来或预约",
        by_rule=True,
        needed_minutes=command.needed_minutes,
        left_minutes=max(0, left),
    )
    return Decision((event,))


def resume(hall: Hall, command: c.ResumeIssuing, now_ms: int) -> Decision:
    """The rule takes back only what the rule did; a person overrules it."""
    service = service_named(hall, command.service)
    old = hall.stopped.get(service.id)
    if old is None or old.lifted or (command.by_rule and not old.by_rule):
        return Decision(())
    lifted = old.by_rule and not command.by_rule
    return Decision((e.IssuingResumed(at_ms=now_ms, service=service.id, lifted=lifted),))


def due(stopped: Mapping[str, Stop], waits: Waits) -> Iterator[c.StopIssuing | c.ResumeIssuing]:
    """What the rule asks of the hall after a survey; the hall decides. What was stopped is given again only
    when there is SLACK_MINUTES to spare."""
    for service, queue in waits.queues.items():
        if queue.needed is None or queue.left is None:
            continue
        old = stopped.get(service)
        needed = round(queue.needed)
        if old is None and needed > queue.left:
            yield c.StopIssuing(
                request="", by="forecast", service=service, by_rule=True, needed_minutes=needed
            )
        elif old is not None and old.by_rule and needed + SLACK_MINUTES <= queue.left:
            yield c.ResumeIssuing(request="", by="forecast", service=service, by_rule=True)
