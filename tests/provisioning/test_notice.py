"""Licences of what we take: what is allowed, what is said."""

from __future__ import annotations

from pathlib import Path

from provisioning.notice import Part, locked_names, offences, text


def test_permissive_excepted_and_refused() -> None:
    parts = [
        Part("a", "1", "MIT"),
        Part("b", "1", "BSD-3-Clause AND Zlib"),
        Part("c", "1", "GPL-3.0-only OR Apache-2.0"),
        Part("zeroconf", "1", "LGPL-2.1-or-later"),
    ]
    assert offences(parts) == []
    wrong = offences(
        [Part("d", "2", "GPL-3.0-only"), Part("e", "3", ""), Part("f", "4", "MIT AND GPL-2.0-only")]
    )
    assert [sentence.partition(":")[0] for sentence in wrong] == ["d 2", "e 3", "f 4"]
    assert "licence unknown" in wrong[1]


def test_names_and_versions_of_a_lock(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(
        "a-b==1.0 \\\n    --hash=sha256:00\n    # via c\nc==2 ; python_version < '4' \\\n    --hash=x\n"
    )
    assert locked_names(lock) == {"a-b": "1.0", "c": "2"}


def test_each_part_stands_in_the_notice_with_its_licence() -> None:
    notice = text([Part("a", "1", "MIT", "home")], [Part("@x/y", "2", "OFL-1.1")], ["mosquitto"])
    for line in ("  a 1: MIT  home", "  @x/y 2: OFL-1.1", "  mosquitto"):
        assert line in notice.splitlines()
