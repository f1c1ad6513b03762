"""PURE: a mistake in a description in the words of the manager who made it."""

from __future__ import annotations

import re

from contract.schema import ConfigError, Problem

_WHOLE = {
    "there is no such setting": "没有这个设置项",
    "stands twice; each may stand once": "重复了，只能出现一次",
    "no window does this service, so its numbers would never be called": "没有窗口办理这项业务，号不会被叫到",
    "cannot be spoken; wanted pinyin with tones, such as chong2 qing4, or Chinese characters": (
        "念不出来，应为带声调数字的拼音（例如 chong2 qing4）或汉字"
    ),
    "cannot be spoken; wanted words, numbers and letters": "念不出来，应为汉字、数字和字母",
    "must end at another time than it begins": "结束不能与开始相同",
    "is too long for a board": "太长，综合屏上放不下，至多 64 个汉字，请分成几条",
    "leaves nothing to do at the kiosk itself": "除了呼叫人工什么也不能办，请至少再选一项",
    "no service in the hall's file takes this item": "没有业务承接这个事项",
}
_PARTS = (
    (r"is missing; wanted (.*)", r"没有填写，应为\1"),
    (r"wanted (.*)", r"应为\1"),
    (r"is not one of (.*)", r"不存在，现有：\1"),
    (r"is more than slot_quota \((.*)\)", r"超过了每时段号数（\1）"),
    (r"must not be more than late_minutes \((\d+)\)", r"迟到宽限不能长于预约保留（\1 分钟）"),
    (r"must not be more than \w+ \((\d+)\)", r"黄灯不能晚于红灯（\1 分钟）"),
    (r"must be in order, from-to, without overlapping", "应按先后填写，起止不能颠倒或重叠"),
    (
        r"no service keeps numbers for appointments \(ring_fenced\)",
        "没有业务预留预约号（ring_fenced），无法开放预约",
    ),
    (
        r"no slot of (.*) \((\d+) minutes\) lies within these hours",
        r"业务“\1”每时段 \2 分钟，这些时间里放不下一个时段",
    ),
    (r"lies before issue_until \((.*)\): .*", r"早于取号截止（\1），取到的号会没有人叫"),
    (
        r"white text on it is ([\d.]+), must be at least (\d+)",
        r"太浅：白字在此颜色上的对比度只有 \1，至少要 \2，老年人和弱视的人看不清",
    ),
    (
        r"its distance from the colour of calls is .*",
        "与叫号的红色太接近，叫到的号会分辨不出来，请换别的颜色",
    ),
    (
        r"(\w+) on (\w+) is ([\d.]+), must be at least ([\d.]+)",
        r"配不出清楚的文字（\1 在 \2 上为 \3，至少要 \4）",
    ),
    (r"cannot be the logo: (.*)", r"\1"),
    (r"is the address of (.*) already", r"已是“\1”的地址，同一条线路上一个地址只能用一次"),
    (r"must be later than begins \((.*)\)", r"应晚于开始时间（\1）"),
    (
        r"is (.*)'s too; only services of one group may share a letter",
        r"已被“\1”使用，同组业务才可共用字母",
    ),
    (r"must be as (.*)'s", r"应与同组的“\1”一致"),
)
_TYPES = (
    (r"one of ", "以下之一："),
    (r"true or false", "是或否"),
    (r"a whole number", "整数"),
    (r"a number", "数"),
    (r"a text that matches \^\[A-Z\]\{1,2\}\$", "一到两个大写字母"),
    (r"a text that matches \S+", "符合格式的文字"),
    (r"a text", "文字"),
    (r"a list, each ", "列表，每项为"),
    (r"a table", "一组设置"),
    (r"a date such as", "日期，例如"),
    (r"a time such as", "时间，例如"),
    (r" or ", "或"),
    (r"\(at least (\d+) long\)", r"（至少 \1 个）"),
    (r"\(at most (\d+) long\)", r"（至多 \1 个）"),
)


def wanted(problem: Problem) -> str:
    """What was wanted, in Chinese."""
    text = _WHOLE.get(problem.wanted, "")
    for pattern, words in () if text else _PARTS:
        if re.fullmatch(pattern, problem.wanted):
            text = re.sub(pattern, words, problem.wanted)
            break
    text = text or problem.wanted
    for pattern, words in _TYPES:
        text = re.sub(pattern, words, text)
    near = re.fullmatch(r"did you mean [\"'](.*)[\"']\?", problem.hint)
    text = f"{text}（是否想填“{near[1]}”？）" if near else text
    shade = re.fullmatch(r"(#[0-9a-f]{6}) would do", problem.hint)
    return f"{text}。可用同一色调的 {shade[1]}" if shade else text


def sentences(error: ConfigError) -> tuple[str, ...]:
    """One sentence a mistake: where, what stands there, what was wanted."""
    return tuple(
        f"{p.path or '整个文件'}{f'“{p.value.strip(chr(34))}”' if p.value else ''}：{wanted(p)}"
        for p in error.problems
    )
