"""The words of ./banshi and what each needs: standard library only, read before anything is installed.

Run as a program it checks the words it is given, says on stderr what is wrong with them (exit status
2) or prints what the command needs: ``nothing``, ``hall`` or ``dev``, names of locks and package lists.
"""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from collections.abc import Sequence
from typing import NoReturn

NEEDS = {
    "up": "hall",
    "down": "nothing",
    "status": "nothing",
    "test": "dev",
    "check": "dev",
    "pictures": "dev",
    "assets": "hall",
    "notice": "dev",
    "help": "nothing",
}
GROUPS = ("fast", "devices", "window", "processes", "browser", "sound")


class Parser(argparse.ArgumentParser):
    """argparse that knows what was meant."""

    known: Sequence[str] = ()

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and what was probably meant; exit status 2."""
        wrong, *choices = re.findall(r"'([^']*)'", message) or [message.rpartition(" ")[2]]
        near = difflib.get_close_matches(wrong, choices or self.known, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]}?" if near else ""
        sys.stderr.write(f"banshi: {message}{hint}\nSee ./banshi help.\n")
        raise SystemExit(2)


def parser() -> Parser:
    """The whole command line."""
    top = Parser(
        prog="./banshi",
        description="A government service hall (办事) on one command. Start with: ./banshi up",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Logs are in var/log, the running hall's state in var/hall. Ctrl-C never loses a number.",
        allow_abbrev=False,
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    up = commands.add_parser(
        "up", help="prepare this box and start the sample hall; a second time: its status", allow_abbrev=False
    )
    up.add_argument("--foreground", action="store_true", help="stay in this terminal; Ctrl-C stops the hall")
    up.add_argument(
        "--display",
        choices=("auto", "own", "virtual"),
        default="auto",
        help="own: the desktop's; virtual: one to see in a browser; auto (default): own when it fits",
    )
    up.add_argument(
        "--sound",
        choices=("auto", "own", "none"),
        default="auto",
        help="own: the box's; none: a virtual loudspeaker; auto (default): own when there is one",
    )
    up.add_argument("--discover", action="store_true", help="stations find the hall by zeroconf")
    up.add_argument(
        "--fresh", action="store_true", help="begin with an empty journal (the old one is kept aside)"
    )
    commands.add_parser("down", help="stop the hall, in order", allow_abbrev=False)
    commands.add_parser("status", help="what runs, since when, and where to look", allow_abbrev=False)
    test = commands.add_parser("test", help="all checks and all tests, as CI runs them", allow_abbrev=False)
    test.add_argument("--only", choices=GROUPS, help="one group of tests, without the checks")
    commands.add_parser(
        "check", help="formatter, linter, types, layers, licences; no tests", allow_abbrev=False
    )
    commands.add_parser(
        "pictures", help="draw docs/pictures anew from the programs themselves", allow_abbrev=False
    )
    commands.add_parser(
        "assets", help="fetch fonts, icons, voices and scripts into var/assets", allow_abbrev=False
    )
    notice = commands.add_parser("notice", help="write NOTICE from the locks", allow_abbrev=False)
    notice.add_argument("--check", action="store_true", help="only compare, and check the licences")
    commands.add_parser("help", help="this page", allow_abbrev=False)
    top.known = (
        "--foreground",
        "--display",
        "--sound",
        "--discover",
        "--fresh",
        "--only",
        "--check",
        "--help",
    )
    return top


def main(words: Sequence[str]) -> int:
    """Check the words; print what they need."""
    if not words or words[0] in ("-h", "--help"):
        print("nothing")
        return 0
    if "-h" in words or "--help" in words:
        print("nothing")
        return 0
    print(NEEDS[parser().parse_args(words).command])
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
