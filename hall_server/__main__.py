"""Starts one hall, or keeps its journal: `python -m hall_server --config HALL.toml --state DIR`,
`python -m hall_server backup|restore|verify|report …`."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path

from contract.schema import ConfigError, masked
from devices.faults import DeviceMisconfigured
from hall_server import keeping
from hall_server.config import load
from hall_server.program import HallServer
from hall_server.records import JournalBroken
from hall_server.recovery import Stranded
from hall_server.reports.command import run
from hall_server.web.binding import CannotServe

log = logging.getLogger("hall_server")


KEEPING = ("backup", "restore", "verify")
REMEDY = """\
The hall does not start with a journal that does not hold: numbers could be given twice.
Put a backup in its place:  python -m hall_server restore --from BACKUP --state DIR
Or, when only its end is missing, go on with what is left:  --from DIR/journal.db
账本有问题，大厅不能启动，以免重复发号。请用备份恢复；若只缺末尾，可用现有账本恢复。"""


def main() -> int:
    """Run until SIGTERM or SIGINT; 2 = wrong configuration, 1 = cannot start."""
    if len(sys.argv) > 1 and sys.argv[1] in KEEPING:
        return _keep(sys.argv[1], sys.argv[2:])
    if len(sys.argv) > 1 and sys.argv[1] == "report":
        return run(sys.argv[2:])
    arguments = _arguments()
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        config = load(arguments.config)
        if arguments.show_config:
            print(masked(config.file))
            return 0
        server = HallServer(config, arguments.state)
        server.start()
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    except DeviceMisconfigured as error:
        print(f"{arguments.config}: {error.fault.sentence}；{error.fault.action}", file=sys.stderr)
        return 2
    except CannotServe as error:
        print(f"{arguments.config}: {error}", file=sys.stderr)
        return 2
    except JournalBroken as error:
        print(f"{arguments.state}: {error}\n{error.sentence}\n{REMEDY}", file=sys.stderr)
        return 1
    except Stranded as error:
        print(f"{arguments.state}: {error}", file=sys.stderr)
        return 1
    log.info("ready")
    stop.wait()
    log.info("stopping")
    server.stop()
    return 0


def _keep(what: str, words: list[str]) -> int:
    """The technician's three commands on the journal; what is wrong is said in English, then in Chinese."""
    options = _keep_arguments(what, words)
    try:
        if what == "backup":
            done = keeping.back_up(options.state, options.to)
            print(f"{done.count} records in {options.to}, {_looked_at(done)}")
            print(f"已备份 {done.count} 条记录")
        elif what == "verify":
            done = keeping.check(options.state, options.against)
            print(f"{done.count} records hold: {_looked_at(done)}")
            print(f"账本 {done.count} 条记录完好")
        else:
            back = keeping.restore(options.source, options.state, other_key=options.other_key)
            aside = f"; the journal before it lies in {back.old}" if back.old else ""
            print(f"{back.count} records restored, {back.lost} given up{aside}; start the hall again")
            print(f"已恢复 {back.count} 条记录，放弃 {back.lost} 条，请重新启动大厅")
    except (JournalBroken, keeping.CannotRestore) as error:
        print(f"{what}: {error}\n{error.sentence}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{what}: {error}", file=sys.stderr)
        return 1
    return 0


def _looked_at(done: keeping.Checked) -> str:
    whole = "chain, seals and anchor" if done.sealed else "chain only (the hall's key is not here)"
    return f"{whole}; tickets and snapshots agree with a replay"


def _keep_arguments(what: str, words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m hall_server {what}")
    parser.add_argument("--state", type=Path, default=Path("var/hall"), metavar="DIR")
    if what == "backup":
        parser.add_argument("--to", type=Path, required=True, metavar="FILE")
    elif what == "verify":
        parser.add_argument(
            "--against", type=Path, metavar="FILE", help="an anchor that was kept elsewhere (pub/anchor)"
        )
    else:
        parser.add_argument("--from", dest="source", type=Path, required=True, metavar="FILE")
        parser.add_argument(
            "--other-key", action="store_true", help="the backup is this hall's, but its key was lost"
        )
    return parser.parse_args(words)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m hall_server", description="The server of one hall (大厅服务器)"
    )
    parser.add_argument(
        "--config", type=Path, required=True, metavar="HALL.toml", help="the hall's description"
    )
    parser.add_argument(
        "--state", type=Path, default=Path("var/hall"), metavar="DIR", help="where the journal lives"
    )
    parser.add_argument(
        "--show-config", action="store_true", help="print what would run, secrets masked, and end"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
