"""The technician's tool: ``python -m provisioning COMMAND``; ./banshi prepares the box, then calls it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from provisioning import command_line


def main(words: Sequence[str]) -> int:
    """Run one command; 2 for wrong words or configuration."""
    options = command_line.parser().parse_args(words)
    match options.command:
        case "up":
            return _up(options)
        case "down":
            from provisioning.hall.commands import down

            return down(print)
        case "status":
            from provisioning.hall.commands import show_status

            return show_status(print)
        case "assets":
            return _assets()
        case "notice":
            from provisioning.notice import main as notice

            return notice(check=options.check)
        case "test" | "check":
            from provisioning.checks import run

            return _assets() or run(tests=options.command == "test", only=getattr(options, "only", None))
        case "pictures":
            from provisioning.pictures import draw

            return _assets() or draw()
    command_line.parser().print_help()
    return 0


def _up(options: argparse.Namespace) -> int:
    from contract.schema import ConfigError
    from provisioning.hall import commands
    from provisioning.hall.facts import PlanError, Wishes
    from provisioning.hall.prepare import PortsTaken, prepare, set_aside_state

    starting = commands.start_lock()
    if not starting.take():
        return commands.wait_for_other_start(print)
    if commands.running():
        print("The hall runs already.")
        return commands.show_status(print)
    if failed := _assets():
        return failed
    try:
        if options.fresh and (aside := set_aside_state(commands.VAR)):
            print(f"The old state lies in {aside}.")
        wishes = Wishes(display=options.display, sound=options.sound, discover=options.discover)
        plan = prepare(wishes, commands.VAR)
    except PortsTaken as error:
        print(f"{error}\nNothing was started. End that program, or move it to another port.", file=sys.stderr)
        return 1
    except (ConfigError, PlanError) as error:
        print(error, file=sys.stderr)
        return 2
    print("Starting the hall (the first start on a slow box takes a minute):")
    return commands.up(plan, print, starting, foreground=options.foreground)


def _assets() -> int:
    from provisioning.assets import FetchError, ensure

    try:
        fetched = ensure(lambda text: print(f"Fetching {text}", flush=True))
    except FetchError as error:
        print(f"banshi: {error}", file=sys.stderr)
        return 1
    if fetched:
        print(f"{fetched} files are in var/assets, each as its digest says.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
