"""Programs of the hall's screens: ``python -m queue_display board|sign|announce --config STATION.toml``.

``pictures --out DIR`` draws every screen to PNG files and needs no display.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from contract.joining import station_bus
from contract.schema import ConfigError, load_toml, masked


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0 after an orderly stop, 2 for a configuration that cannot be used."""
    if arguments[:1] == ["announce"]:
        from queue_display import announce

        return int(announce.main(arguments[1:]))
    if arguments[:1] == ["pictures"]:
        from assets.ui import pictures

        return pictures.main("queue_display.screens", arguments[1:])
    options = _parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    try:
        return _screen(options)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m queue_display", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, about in (
        ("board", "hall board: the last calls"),
        ("sign", "window sign: the number called to one window"),
        ("announce", "voice: speaks the calls (own options, see announce --help)"),
        ("pictures", "draw every screen to PNG files (own options, see pictures --help)"),
    ):
        command = commands.add_parser(name, help=about)
        if name in ("board", "sign"):
            command.add_argument("--config", type=Path, required=True, help="the station's TOML file")
            command.add_argument(
                "--show-config", action="store_true", help="print what the file says and end"
            )
            command.add_argument(
                "--timing", type=Path, help="write the monotonic ns of each call's first frame to this file"
            )
    return parser


def _screen(options: argparse.Namespace) -> int:
    """Check everything that can be wrong, then open the window, then run."""
    from assets.ui import window
    from queue_display import run
    from queue_display.config import BoardStation, SignStation, design

    is_board = options.command == "board"
    config: BoardStation | SignStation = (
        load_toml(options.config, BoardStation) if is_board else load_toml(options.config, SignStation)
    )
    if options.show_config:
        print(masked(config))
        return 0
    bus = station_bus(config.station, options.config)
    window.prepare(config.display, title=config.station.name)
    window.open_window(config.display, design=design(config.display))
    if isinstance(config, BoardStation):
        return run.run_board(config, bus, options.config.parent, timing=options.timing)
    return run.run_sign(config, bus, options.config.parent, timing=options.timing)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
