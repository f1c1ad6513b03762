"""Scans: whole codes only, whatever the wire or the keyboard does; and typing is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.ports import Scan
from devices.protocols.scans import (
    IDLE_SECONDS,
    KEY_SECONDS,
    LONGEST,
    PATIENCE_SECONDS,
    BadScan,
    Flaw,
    KeyBurst,
    Keys,
    SerialScans,
    scan_of,
)

ENTER = KeyBurst.ENTER
CODE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60)


def taken(scans: SerialScans, now: float) -> list[Scan | Flaw]:
    """All that can be taken now."""
    found: list[Scan | Flaw] = []
    while True:
        try:
            scan = scans.take(now)
        except BadScan as bad:
            found.append(bad.flaw)
            continue
        if scan is None:
            return found
        found.append(scan)


@given(st.lists(CODE, min_size=1, max_size=5), st.data())
def test_codes_come_out_whole_however_the_bytes_are_cut(codes: list[str], data: st.DataObject) -> None:
    wire = b"".join(code.encode() + b"\r" for code in codes)
    scans, found, at, now = SerialScans(), [], 0, 0.0
    while at < len(wire):
        size = data.draw(st.integers(1, len(wire) - at))
        scans.feed(wire[at : at + size], now)
        found += taken(scans, now)
        at, now = at + size, now + PATIENCE_SECONDS / 2
    assert found == [Scan(code) for code in codes]


@given(st.lists(st.tuples(st.binary(max_size=700), st.floats(0, 1)), max_size=12), st.booleans())
def test_no_bytes_break_it_or_get_through_unchecked(
    pieces: list[tuple[bytes, float]], terminated: bool
) -> None:
    scans, now = SerialScans(terminated=terminated), 0.0
    for data, pause in pieces:
        scans.feed(data, now)
        for found in taken(scans, now):
            if isinstance(found, Scan):
                assert 0 < len(found.text) <= LONGEST
                assert found.text.isascii()
                assert found.text.isprintable()
        now += pause
    taken(scans, now + 1)
    assert not scans.waiting


def test_two_codes_glued_are_two() -> None:
    scans = SerialScans()
    scans.feed(b"A012\r\nA013\r\n", 0.0)
    assert taken(scans, 0.0) == [Scan("A012"), Scan("A013")]


def test_half_a_code_is_refused_and_does_not_spoil_the_next() -> None:
    scans = SerialScans()
    scans.feed(b"BANSHI:1:", 0.0)
    assert taken(scans, PATIENCE_SECONDS - 0.01) == []
    assert taken(scans, PATIENCE_SECONDS + 0.01) == [Flaw.PARTIAL]
    scans.feed(b"A012\r", 1.0)
    assert taken(scans, 1.0) == [Scan("A012")]


def test_a_code_that_pauses_is_still_one() -> None:
    scans = SerialScans()
    scans.feed(b"BANSHI", 0.0)
    assert taken(scans, 0.08) == []
    scans.feed(b":1\r", 0.08)
    assert taken(scans, 0.08) == [Scan("BANSHI:1")]


def test_without_a_terminator_silence_ends_a_code() -> None:
    scans = SerialScans(terminated=False)
    scans.feed(b"A012", 0.0)
    assert taken(scans, IDLE_SECONDS - 0.01) == []
    assert taken(scans, IDLE_SECONDS + 0.01) == [Scan("A012")]


def test_foreign_and_over_long_codes_are_refused_and_memory_stays_small() -> None:
    scans = SerialScans()
    scans.feed("号票A012\r".encode(), 0.0)
    assert taken(scans, 0.0) == [Flaw.FOREIGN]
    for _ in range(50):
        scans.feed(b"x" * LONGEST, 0.0)
    assert len(scans._buffer) <= LONGEST
    scans.feed(b"\rA012\r", 0.0)
    assert taken(scans, 0.0) == [Flaw.TOO_LONG, Scan("A012")]


def test_a_scan_shows_nothing_of_itself() -> None:
    assert repr(scan_of("110101199003071234")) == "Scan(18 characters)"
    with pytest.raises(BadScan) as caught:
        scan_of("秘密")
    assert "秘密" not in str(caught.value)


# ---------------------------------------------------------------- keyboard


def typed(burst: KeyBurst, keys: str, gap: float, *, start: float = 0.0) -> tuple[list[str], list[Scan]]:
    """Keys with this many seconds between them, and silence after: what was released, what was scanned."""
    released: list[str] = []
    scans: list[Scan] = []
    now = start

    def note(found: Keys) -> None:
        released.extend(found.released)
        if found.scan is not None:
            scans.append(found.scan)

    for key in keys:
        note(burst.press(key, now))
        now += gap
    note(burst.due(now + KEY_SECONDS))
    return released, scans


def test_a_burst_that_ends_with_enter_is_a_scan_and_no_key_gets_through() -> None:
    assert typed(KeyBurst(), "BANSHI:A012" + ENTER, 0.008) == ([], [Scan("BANSHI:A012")])


def test_typing_is_typing() -> None:
    for keys in ("12345678", "1234" + ENTER, ENTER, "a"):
        assert typed(KeyBurst(), keys, 0.12) == (list(keys), [])


def test_enter_by_itself_is_not_held() -> None:
    assert KeyBurst().press(ENTER, 0.0) == Keys((ENTER,))


def test_a_short_burst_is_typing() -> None:
    assert typed(KeyBurst(), "12" + ENTER, 0.01) == (["1", "2", ENTER], [])


def test_a_burst_without_enter_is_given_back_in_order() -> None:
    assert typed(KeyBurst(), "A0123", 0.01) == (list("A0123"), [])


def test_two_scans_glued_are_two_and_typing_before_stays() -> None:
    burst = KeyBurst()
    assert burst.press("7", 0.0) == Keys()
    released, scans = typed(burst, f"A0123{ENTER}B0456{ENTER}", 0.006, start=0.3)
    assert released == ["7"]
    assert scans == [Scan("A0123"), Scan("B0456")]


def test_a_scanned_code_of_foreign_letters_is_refused_and_types_nothing() -> None:
    burst = KeyBurst()
    for place, key in enumerate("号票号票号票"):
        assert burst.press(key, place * 0.005) == Keys()
    assert burst.press(ENTER, 0.03) == Keys(flaw=Flaw.FOREIGN)


@given(st.lists(st.tuples(st.sampled_from("A7z" + ENTER), st.floats(0, 0.2)), max_size=60))
def test_every_key_is_released_or_scanned_exactly_once(keys: list[tuple[str, float]]) -> None:
    burst, now, came = KeyBurst(), 0.0, ""
    for key, pause in keys:
        now += pause
        found = burst.press(key, now)
        came += "".join(found.released) + (found.scan.text + ENTER if found.scan else "")
    came += "".join(burst.due(now + 1).released)
    assert came == "".join(key for key, _ in keys)
