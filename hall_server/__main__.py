"""Starts one hall, or keeps its stores: `python -m hall_server --config HALL.toml --state DIR`,
`python -m hall_server backup|restore|verify|keys|report …`."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path

from contract.schema import ConfigError, masked
from devices.faults import DeviceMisconfigured
from hall_server.backup import command, making
from hall_server.backup.restoring import finish
from hall_server.config import load
from hall_server.program import HallServer
from hall_server.records import JournalBroken
from hall_server.recovery import Stranded
from hall_server.reports.command import run
from hall_server.web.binding import CannotServe

log = logging.getLogger("hall_server")


REMEDY = """\
The hall does not start with a journal that does not hold: numbers could be given twice.
Put a backup in its place:  python -m hall_server restore --from BACKUP --state DIR
Or, when only its end is missing, go on with what is left:  --from DIR/journal.db
账本有问题，大厅不能启动，以免重复发号。请用备份恢复；若只缺末尾，可用现有账本恢复。"""


def main() -> int:
    """Run until SIGTERM or SIGINT; 2 = wrong configuration, 1 = cannot start."""
    if len(sys.argv) > 1 and sys.argv[1] in command.COMMANDS:
        return command.run(sys.argv[1], sys.argv[2:])
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
        if finish(arguments.state):
            log.warning("a restore that was cut off has been finished")
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
    except making.Busy as error:
        print(f"{arguments.state}: {error}\n{error.sentence}", file=sys.stderr)
        return 1
    except Stranded as error:
        print(f"{arguments.state}: {error}", file=sys.stderr)
        return 1
    log.info("ready")
    stop.wait()
    log.info("stopping")
    server.stop()
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
