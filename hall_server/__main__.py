"""Starts one hall, or keeps its journal: `python -m hall_server --config HALL.toml --state DIR`,
`python -m hall_server backup|restore|verify …`."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path

from contract.schema import ConfigError, masked
from devices.ports import DeviceMisconfigured
from hall_server import keeping
from hall_server.config import load
from hall_server.journal import JournalBroken
from hall_server.program import HallServer
from hall_server.recovery import Stranded
from hall_server.web.binding import CannotServe

log = logging.getLogger("hall_server")


KEEPING = ("backup", "restore", "verify")


def main() -> int:
    """Run until SIGTERM or SIGINT; 2 = wrong configuration, 1 = cannot start."""
    if len(sys.argv) > 1 and sys.argv[1] in KEEPING:
        return _keep(sys.argv[1], sys.argv[2:])
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
    except (JournalBroken, Stranded) as error:
        print(f"{arguments.state}: {error}", file=sys.stderr)
        return 1
    log.info("ready")
    stop.wait()
    log.info("stopping")
    server.stop()
    return 0


def _keep(what: str, words: list[str]) -> int:
    """The technician's three commands on the journal."""
    parser = argparse.ArgumentParser(prog=f"python -m hall_server {what}")
    parser.add_argument("--state", type=Path, default=Path("var/hall"), metavar="DIR")
    if what == "backup":
        parser.add_argument("--to", type=Path, required=True, metavar="FILE")
    elif what == "restore":
        parser.add_argument("--from", dest="source", type=Path, required=True, metavar="FILE")
    options = parser.parse_args(words)
    try:
        if what == "backup":
            print(f"{keeping.back_up(options.state, options.to)} events in {options.to}, chain verified")
        elif what == "verify":
            print(f"{keeping.check(options.state)} events, the chain holds")
        else:
            count, old = keeping.restore(options.source, options.state)
            aside = f"; the journal before it lies in {old}" if old else ""
            print(f"{count} events restored{aside}; start the hall again")
    except (JournalBroken, keeping.CannotRestore, OSError) as error:
        print(f"{what}: {error}", file=sys.stderr)
        return 1
    return 0


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
