"""The checker of histories finds each violation that is planted, and nothing in a right history."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.faults.history import Fact, History, Line, check, read

Told = list[Line]
Journal = list[Fact]


def told(client: str, command: str, request: str, since: float, until: float, **answer: object) -> Told:
    """A command and its confirmation."""
    common = {"client": client, "command": command, "request": request, "service": "s"}
    kind = "refused" if answer.get("code") else "ok"
    return [
        Line(type="invoke", at=since, **common),  # type: ignore[arg-type]
        Line(type=kind, at=until, **common, **answer),  # type: ignore[arg-type]
    ]


def right() -> tuple[Told, Journal]:
    """Two kiosks, two windows, three numbers, one repeat after an unknown end, one 暂无等待."""
    lines = [
        *told("k1", "issue", "r1", 0.0, 1.0, ticket="A1"),
        *told("k2", "issue", "r1", 2.0, 3.0, ticket="A2"),
        *told("w1", "next", "n1", 4.0, 5.0, ticket="A1"),
        *told("w2", "next", "n1", 4.5, 5.5, ticket="A2"),
        *told("w1", "finish", "f1", 6.0, 7.0, ticket="A1"),
        *told("w1", "next", "n2", 8.0, 8.5, code="nobody_waiting"),
        Line(type="invoke", at=9.0, client="k1", command="issue", request="r2", service="s"),
        Line(type="unknown", at=9.5, client="k1", command="issue", request="r2", service="s"),
        *told("k1", "issue", "r2", 9.6, 10.0, ticket="A3"),
        *told("k1", "issue", "r2", 10.1, 10.2, ticket="A3"),
        *told("w1", "next", "n3", 11.0, 12.0, ticket="A3"),
    ]
    journal = [
        issued(1, "k1", "r1", "A1", "p"),
        issued(2, "k2", "r1", "A2", "q"),
        at_window(3, "TicketCalled", "w1", "n1", "A1"),
        at_window(4, "TicketCalled", "w2", "n1", "A2"),
        at_window(5, "TicketFinished", "w1", "f1", "A1"),
        issued(6, "k1", "r2", "A3", "p"),
        at_window(7, "TicketCalled", "w1", "n3", "A3"),
    ]
    return lines, journal


def issued(seq: int, client: str, request: str, ticket: str, person: str = "") -> Fact:
    return Fact(
        seq=seq,
        kind="TicketIssued",
        client=client,
        request=request,
        ticket=ticket,
        service="s",
        person=person,
    )


def at_window(seq: int, kind: str, window: str, request: str, ticket: str) -> Fact:
    return Fact(seq=seq, kind=kind, client=window, request=request, ticket=ticket, window=window)


def found(lines: Told, journal: Journal) -> set[str]:
    lines = sorted(lines, key=lambda line: line.at)
    return {wrong.split(":")[0] for wrong in check(lines, journal)}


def swap(lines: Told, old: str, new: str, *, client: str) -> Told:
    """One client was told another number."""
    return [
        msgspec.structs.replace(x, ticket=new) if x.ticket == old and x.client == client else x for x in lines
    ]


def test_a_right_history_is_found_right() -> None:
    assert check(*right()) == []


def test_one_number_for_two() -> None:
    lines, journal = right()
    assert "unique_numbers" in found(swap(lines, "A2", "A1", client="k2"), journal)
    assert "unique_numbers" in found(lines, [*journal, issued(8, "k9", "r9", "A1")])


def test_a_confirmed_number_that_is_not_in_the_journal() -> None:
    lines, journal = right()
    assert "nothing_lost" in found(lines, [fact for fact in journal if fact.seq != 2])


def test_a_confirmed_end_that_is_not_in_the_journal() -> None:
    lines, journal = right()
    assert "nothing_lost" in found(lines, [fact for fact in journal if fact.kind != "TicketFinished"])


def test_a_number_that_nobody_asked_for() -> None:
    lines, journal = right()
    assert "nothing_lost" in found(lines, [*journal, issued(8, "k1", "r99", "A4")])


def test_a_repeat_that_gets_another_answer() -> None:
    lines, journal = right()
    lines[-3] = msgspec.structs.replace(lines[-3], ticket="A4")
    assert lines[-3].at == 10.2
    assert "first_answers" in found(lines, journal)
    lines[-3] = msgspec.structs.replace(lines[-3], type="refused", ticket="", code="too_many")
    assert "first_answers" in found(lines, journal)


def test_a_number_at_two_windows_as_the_windows_were_told() -> None:
    lines, journal = right()
    assert "one_place" in found(swap(lines, "A2", "A1", client="w2"), journal)


def test_a_number_at_two_windows_in_the_journal() -> None:
    lines, journal = right()
    assert "one_place" in found(lines, [*journal[:4], at_window(5, "TicketCalled", "w2", "n9", "A1")])
    assert "one_place" in found(lines, [*journal[:3], at_window(5, "TicketCalled", "w1", "n9", "A2")])


def test_two_open_numbers_of_one_person() -> None:
    lines, journal = right()
    journal[1] = issued(2, "k2", "r1", "A2", "p")
    assert "one_open_number_per_person" in found(lines, journal)


def test_a_windows_commands_in_another_order() -> None:
    lines, journal = right()
    journal[2], journal[4] = (
        at_window(5, "TicketCalled", "w1", "n1", "A1"),
        at_window(3, "TicketFinished", "w1", "f1", "A1"),
    )
    assert "window_order" in found(lines, sorted(journal, key=lambda fact: fact.seq))


def test_a_later_number_that_stands_before_an_earlier_one() -> None:
    lines, journal = right()
    journal[0], journal[1] = issued(1, "k2", "r1", "A2"), issued(2, "k1", "r1", "A1")
    assert "real_time_order" in found(lines, journal)


def test_numbers_that_were_asked_for_together_may_stand_either_way() -> None:
    lines, journal = right()
    lines[2] = msgspec.structs.replace(lines[2], at=0.5)
    journal[0], journal[1] = issued(1, "k2", "r1", "A2"), issued(2, "k1", "r1", "A1")
    assert "real_time_order" not in found(lines, journal)


def test_a_call_past_somebody_who_waits() -> None:
    lines, journal = right()
    journal[2] = at_window(3, "TicketCalled", "w1", "n1", "A2")
    assert "first_come" in found(lines, journal)


def test_nobody_waits_said_while_somebody_does() -> None:
    lines, journal = right()
    lines += told("w3", "next", "n1", 3.2, 3.8, code="nobody_waiting")
    assert found(lines, journal) == {"honest_nobody"}
    overlapping = [*right()[0], *told("w3", "next", "n1", 3.2, 5.2, code="nobody_waiting")]
    assert found(overlapping, journal) == set(), "both may have been called meanwhile"


def test_nobody_waits_said_by_an_end_without_a_next_number() -> None:
    lines, journal = right()
    lines += told("w3", "next", "n1", 3.2, 3.8, ticket="")
    assert found(lines, journal) == {"honest_nobody"}


def test_nobody_waits_may_be_repeated_when_somebody_has_come() -> None:
    lines, journal = right()
    told_before = told("w3", "next", "n1", 0.2, 0.3, ticket="")
    again = told("w3", "next", "n1", 3.2, 3.8, ticket="")
    assert found([*lines, *told_before, *again], journal) == set(), "the first answer stands"


def test_a_success_that_did_not_happen() -> None:
    lines, journal = right()
    lines += told("w2", "arrive", "a1", 5.6, 5.7, code="no_ticket")
    assert found(lines, journal) == {"no_false_success"}


def test_a_history_is_read_as_it_was_written(tmp_path: Path) -> None:
    lines, _ = right()
    history = History(tmp_path / "history.jsonl")
    for line in reversed(lines):
        history.note(line)
    history.close()
    assert read(tmp_path / "history.jsonl") == sorted(lines, key=lambda line: line.at)


@pytest.mark.parametrize("missing", range(1, 8))
def test_each_event_that_is_missing_is_noticed(missing: int) -> None:
    lines, journal = right()
    assert check(sorted(lines, key=lambda x: x.at), [fact for fact in journal if fact.seq != missing])
