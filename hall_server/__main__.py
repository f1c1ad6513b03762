"""Starts one hall: `python -m hall_server --config HALL.toml --state DIR`."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path

from contract.schema import ConfigError, masked
from devices.ports import DeviceMisconfigured
from hall_server.config import load
from hall_server.journal import JournalBroken
from hall_server.program import HallServer
from hall_server.recovery import Stranded
from hall_server.web.binding import CannotServe

log = logging.getLogger("hall_server")


def main() -> int:
    """Run until SIGTERM or SIGINT; 2 = wrong configuration, 1 = cannot start."""
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
