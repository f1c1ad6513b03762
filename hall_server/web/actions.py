"""What a clerk can press: each action with its key, and why the hall's rules forbid it right now.

No rule stands here: what is forbidden is found by asking ``decide`` what it would do, and throwing
its answer away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hall_server.hall import commands as c
from hall_server.hall.decide import decide
from hall_server.hall.model import Hall, RuleBroken

ASKING = "pages"


@dataclass(frozen=True, slots=True)
class Action:
    """A button: ``name`` in the API, the word on it and the word for it when it is done, its keys
    (KeyboardEvent.key; the first is shown), the dialog that it opens first, or ''; ``key_text`` when
    the key's name is no word for people."""

    name: str
    text: str
    done: str
    keys: tuple[str, ...]
    dialog: str = ""
    key_text: str = ""

    @property
    def shown_key(self) -> str:
        """What stands on the button."""
        return self.key_text or self.keys[0]


ACTIONS = (
    Action("next", "下一位", "已呼叫", (" ", "Enter", "F2", "0"), key_text="空格"),
    Action("arrive", "到窗", "已到窗", ("1", "F4")),
    Action("recall", "重呼", "已重呼", ("2", "F3")),
    Action("finish", "办结", "已结束办理", ("3", "F7"), dialog="finish"),
    Action("no-show", "过号", "已过号", ("4", "F8")),
    Action("park", "挂起", "已挂起", ("5", "F9"), dialog="park"),
    Action("transfer", "转移", "已转移", ("6", "F10"), dialog="transfer"),
    Action("open", "开窗", "已开窗", ("7",)),
    Action("pause", "暂停", "已暂停", ("8",), dialog="pause"),
    Action("close", "关窗", "已关窗", ("9",), dialog="close"),
    Action("undo", "撤销", "已撤销", ("Backspace", "."), key_text="退格"),
    Action("help", "紧急求助", "已向值班长求助", ("F1", "*"), dialog="help"),
)
QUEUE_KEY = "+"
PASSED_KEY = "-"
STORY_KEY = "/"
BY_NAME = {action.name: action for action in ACTIONS}


def forbidden(hall: Hall, window: str, now_ms: int) -> dict[str, str]:
    """Action -> the sentence that forbids it at this window now; actions that are allowed are absent."""
    found = {}
    for name, trial in _TRIALS.items():
        why = refusal(hall, trial(hall, window), now_ms)
        if why:
            found[name] = why
    return found


def refusal(hall: Hall, command: c.Command, now_ms: int) -> str:
    """The sentence that forbids this command now, or '' when it would be carried out."""
    try:
        decision = decide(hall, command, now_ms)
    except RuleBroken as broken:
        return broken.sentence
    return "" if decision.events else _ALREADY.get(type(command), "已是这个状态")


def _trial(kind: Callable[..., c.AtWindow], **fields: object) -> Callable[[Hall, str], c.AtWindow]:
    return lambda _hall, window: kind(request="", by=ASKING, window=window, **fields)


def _transfer(hall: Hall, window: str) -> c.Transfer:
    """Away to any other service that some window can do."""
    present = hall.ticket_at(window)
    own = present.service if present else ""
    others = (s for s in hall.plan.services if s != own and hall.windows_for(s))
    return c.Transfer(request="", by=ASKING, window=window, service=next(others, own))


_ALREADY: dict[type[c.Command], str] = {c.OpenWindow: "窗口已开放", c.CloseWindow: "窗口已关闭"}
_TRIALS: dict[str, Callable[[Hall, str], c.Command]] = {
    "next": _trial(c.CallNext),
    "arrive": _trial(c.Arrive),
    "recall": _trial(c.Recall),
    "finish": _trial(c.Finish),
    "no-show": _trial(c.NoShow),
    "park": _trial(c.Park, minutes=1),
    "transfer": _transfer,
    "open": _trial(c.OpenWindow),
    "pause": _trial(c.PauseWindow, reason="\0"),
    "close": _trial(c.CloseWindow, park=True),
    "undo": _trial(c.Undo),
    "help": lambda _hall, window: c.CallForHelp(request="", by=ASKING, window=window),
}
