"""A manager's draft outlives the program, is his alone, and is replaced whole."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from hall_server.config import load
from hall_server.setup.drafts import Draft, Drafts

DEMO = Path(__file__).parents[3] / "assets" / "halls" / "demo" / "hall.toml"


def test_a_draft_is_its_authors_until_it_is_dropped(tmp_path: Path) -> None:
    file = load(DEMO).file
    draft = Draft(author="李主任", base=3, changed_ms=1_795_233_600_000, file=file)
    Drafts(tmp_path / "drafts").keep(draft)
    drafts = Drafts(tmp_path / "drafts")
    assert drafts.of("李主任") == draft
    assert drafts.of("王主任") is None
    newer = replace(draft, base=4, file=replace(file, hall=replace(file.hall, name="改名")))
    drafts.keep(newer)
    assert drafts.of("李主任") == newer
    assert not any("李" in path.name for path in (tmp_path / "drafts").iterdir())
    drafts.drop("李主任")
    drafts.drop("李主任")
    assert drafts.of("李主任") is None


def test_a_broken_draft_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    drafts.keep(Draft("a", 1, 1, load(DEMO).file))
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:100])
    assert drafts.of("a") is None
