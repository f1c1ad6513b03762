"""PURE: business days, slots and minutes of the day by integer arithmetic on hall time.

No calendar date is ever compared; dates are names.
"""

from __future__ import annotations

from hall_server.hall.plan import Rules

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS


def closing_after(at_ms: int, rules: Rules) -> int:
    """The first closing instant strictly after ``at_ms``."""
    closes = (rules.day_closes_minute - rules.utc_offset_minutes) * MINUTE_MS
    return closes + ((at_ms - closes) // DAY_MS + 1) * DAY_MS


def label(at_ms: int, rules: Rules, previous: str | None) -> str:
    """A name for the business day that runs at ``at_ms``: the local date on which most of it lies,
    marked with b, c … should that name be the previous one's (a hall that closed twice in a day)."""
    opens = closing_after(at_ms, rules) - DAY_MS
    local_noonish = opens + rules.utc_offset_minutes * MINUTE_MS + DAY_MS // 2
    name = "{:04d}{:02d}{:02d}".format(*civil(local_noonish // DAY_MS))
    if previous is not None and previous[:8] >= name:
        suffix = previous[8:]
        return previous[:8] + (chr(ord(suffix[-1]) + 1) if suffix else "b")
    return name


def civil(days: int) -> tuple[int, int, int]:
    """Days since 1970-01-01 to (year, month, day), proleptic Gregorian (Hinnant's algorithm)."""
    days += 719_468
    era, doe = divmod(days, 146_097)
    yoe = (doe - doe // 1460 + doe // 36_524 - doe // 146_096) // 365
    doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    mp = (5 * doy + 2) // 153
    month = mp + 3 if mp < 10 else mp - 9
    return yoe + era * 400 + (month <= 2), month, doy - (153 * mp + 2) // 5 + 1


def local_day(at_ms: int, rules: Rules) -> int:
    """Local days since 1970-01-01."""
    return (at_ms + rules.utc_offset_minutes * MINUTE_MS) // DAY_MS


def local_minute(at_ms: int, rules: Rules) -> int:
    """Minutes since local midnight."""
    return (at_ms + rules.utc_offset_minutes * MINUTE_MS) % DAY_MS // MINUTE_MS


def weekday(at_ms: int, rules: Rules) -> int:
    """0 = Monday; 1970-01-01 was a Thursday."""
    return (local_day(at_ms, rules) + 3) % 7


def slot_of(at_ms: int, slot_minutes: int, rules: Rules) -> int:
    """Beginning of the slot that holds this instant; slots count from local midnight."""
    midnight = local_day(at_ms, rules) * DAY_MS - rules.utc_offset_minutes * MINUTE_MS
    length = slot_minutes * MINUTE_MS
    return midnight + (at_ms - midnight) // length * length


def last_minute_before(closes_ms: int, minute: int, rules: Rules) -> int:
    """The last instant up to a closing one at which the hall's clock shows this minute of the day."""
    shown = (closes_ms + rules.utc_offset_minutes * MINUTE_MS) % DAY_MS
    return closes_ms - (shown - minute * MINUTE_MS) % DAY_MS
