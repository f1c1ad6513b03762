"""The technician's commands on a hall's stores: `python -m hall_server backup|restore|verify|keys …`.

What is wrong is said in English, then in Chinese.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from hall_server import keeping
from hall_server.backup import making
from hall_server.backup.archive import BackupBroken
from hall_server.backup.contents import TEXT
from hall_server.backup.keys import copy_keys, put_keys_back
from hall_server.backup.restoring import finish, restore
from hall_server.records import JournalBroken

COMMANDS = ("backup", "restore", "verify", "keys")


def run(what: str, words: Sequence[str]) -> int:
    """Carry out one; 1 = it could not be done."""
    options = _arguments(what, words)
    try:
        for line in _DO[what](options):
            _say(line)
    except (JournalBroken, BackupBroken, keeping.CannotRestore, making.Busy, making.NoRoom) as error:
        _say(f"{what}: {error}\n{error.sentence}", sys.stderr)
        return 1
    except OSError as error:
        _say(f"{what}: {error}", sys.stderr)
        return 1
    return 0


def _backup(options: argparse.Namespace) -> list[str]:
    def phase(text: str) -> None:
        if options.phases:
            _say(text)

    done = making.make(options.state, options.to, also=options.also, by=options.by, on_phase=phase)
    looked_at = _looked_at(keeping.Checked(done.count, done.sealed))
    return [
        f"{done.count} records in {options.to}, {looked_at}",
        f"已备份 {done.count} 条记录；{'、'.join(TEXT[name] for name in done.parts)}",
        *(f"请注意：{one}" for one in done.told),
    ]


def _verify(options: argparse.Namespace) -> list[str]:
    finish(options.state)
    done = keeping.check(options.state, options.against)
    return [f"{done.count} records hold: {_looked_at(done)}", f"账本 {done.count} 条记录完好"]


def _restore(options: argparse.Namespace) -> list[str]:
    back = restore(options.source, options.state, other_key=options.other_key, only=options.only or ())
    named = "、".join(TEXT[name] for name in back.parts)
    aside = f"; what was there before lies in {back.old}" if back.old else ""
    return [
        f"{back.count} records restored, {back.lost} given up{aside}; start the hall again",
        f"已恢复{named}：账本 {back.count} 条记录，放弃 {back.lost} 条，请重新启动大厅",
        *(f"请注意：{one}" for one in back.told),
    ]


def _keys(options: argparse.Namespace) -> list[str]:
    if options.to is not None:
        phrase = copy_keys(options.state, options.to)
        return [
            f"keys copied to {options.to}; pass-phrase, shown this once: {phrase}",
            f"密钥副本的口令（只显示这一次，请抄写并与副本分开保管）：{phrase}",
        ]
    ask = getpass.getpass if sys.stdin.isatty() else lambda _: sys.stdin.readline().strip()
    written = put_keys_back(options.source, options.state, ask("pass-phrase (口令): "))
    return [f"{len(written)} keys put back: {', '.join(written)}", f"已放回 {len(written)} 个密钥文件"]


_DO = {"backup": _backup, "verify": _verify, "restore": _restore, "keys": _keys}


def _say(line: str, to: TextIO | None = None) -> None:
    stream = to or sys.stdout
    stream.write(line + "\n")
    stream.flush()


def _looked_at(done: keeping.Checked) -> str:
    whole = "chain, seals and anchor" if done.sealed else "chain only (the hall's key is not here)"
    return f"{whole}; tickets and snapshots agree with a replay"


def _arguments(what: str, words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m hall_server {what}")
    parser.add_argument("--state", type=Path, default=Path("var/hall"), metavar="DIR")
    if what == "backup":
        parser.add_argument("--to", type=Path, required=True, metavar="FILE")
        parser.add_argument("--also", type=Path, metavar="DIR", help="a folder that gets a copy of it")
        parser.add_argument("--by", default="console", help="who asked for it, for the pages")
        parser.add_argument("--phases", action="store_true", help="say what is being done")
    elif what == "verify":
        parser.add_argument(
            "--against", type=Path, metavar="FILE", help="an anchor that was kept elsewhere (pub/anchor)"
        )
    elif what == "keys":
        way = parser.add_mutually_exclusive_group(required=True)
        way.add_argument("--to", type=Path, metavar="FILE", help="copy the keys, under a pass-phrase")
        way.add_argument("--from", dest="source", type=Path, metavar="FILE", help="put a copy back")
    else:
        parser.add_argument(
            "--from", dest="source", type=Path, required=True, metavar="FILE", help="a backup, or a journal"
        )
        parser.add_argument(
            "--other-key", action="store_true", help="the backup is this hall's, but its key was lost"
        )
        parser.add_argument(
            "--only", action="append", choices=list(TEXT), help="only this part (again for further ones)"
        )
    return parser.parse_args(words)


def phases(line: str) -> str | None:
    """What a line of ``backup --phases`` says is being done, None for another line."""
    known = {*(f"备份{text}" for text in TEXT.values()), "核对备份"}
    return line if line in known else None
