"""What of a hall's folder a backup holds, what not, and why. A test holds a running hall to this table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hall_server.accounts.book import ANCHOR
from hall_server.accounts.book import FILE as ACCOUNTS
from hall_server.catalogue.store import FILE as CATALOGUE
from hall_server.keeping import JOURNAL


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a backup holds: a database or a folder of files below the hall's folder.

    ``sealed``: encrypted under the hall's key, because who carries backups must not read it.
    """

    name: str
    text: str
    path: str
    why: str
    database: bool = True
    sealed: bool = False


PARTS: tuple[Part, ...] = (
    Part(
        "journal",
        "账本",
        JOURNAL,
        "numbers, visits, appointments, evaluations, every published description of the hall",
    ),
    Part(
        "accounts",
        "账号与审计",
        ACCOUNTS,
        "accounts, tokens, audit log; sealed: only auditors read the log, nobody the authenticators' secrets",
        sealed=True,
    ),
    Part("catalogue", "事项目录", CATALOGUE, "every version of the items and which one is in force"),
    Part("drafts", "设置草稿", "drafts", "what managers have edited and not published", database=False),
)
"""In this order they are copied: the journal first, because what lies beside it must not be older."""

TEXT: Mapping[str, str] = {part.name: part.text for part in PARTS}

LEFT_OUT: Mapping[str, str] = {
    "secrets": "keys: a backup with its key protects nobody; `python -m hall_server keys` copies them",
    "tls": "keys, as above",
    "broker": "the stations' passwords, as above; the rest is generated at each start",
    "blobs": "made anew from catalogue and voice at each start",
    "clips": "rendered anew",
    "reports": "days counted up from the journal, and again when they are missing",
    "imports": "uploaded files as they came; what was imported stands in the catalogue",
    "backups": "backups",
    "backup.json": "when the last backup was made",
    "backup.lock": "held while one is made",
    "ballast": "room for a full disk",
    "journal.anchor": "signed anew for what is restored",
    ANCHOR: "signed anew for what is restored",
    "restored": "how many numbers to skip after a restore",
    "restoring": "a restore under way",
    "setup-code": "good once",
    "sample-entry": "good once",
}
"""Names in the hall's folder that are no part of a backup."""

_SIDE_FILES = re.compile(r".*(-wal|-shm|-journal|\.new|\.part)")
_OF_FORMER = re.compile(r"before-restore-.*|journal\.before-.*")
_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,120}")


def part_of(member: str) -> Part | None:
    """To which part a name within a backup belongs, None when it has no business there."""
    for part in PARTS:
        if part.database and member == part.path:
            return part
        if not part.database and member.startswith(part.path + "/"):
            names = member[len(part.path) + 1 :].split("/")
            return part if all(map(_PLAIN.fullmatch, names)) else None
    return None


def undecided(state: Path) -> list[str]:
    """What lies in a hall's folder and nobody has decided about."""
    known = {part.path.split("/")[0] for part in PARTS} | LEFT_OUT.keys()
    return sorted(
        path.name
        for path in state.iterdir()
        if path.name not in known
        and not _SIDE_FILES.fullmatch(path.name)
        and not _OF_FORMER.fullmatch(path.name)
    )
