"""An uploaded file's head, read in a limited process of its own: prints the Sheet, or why not, as JSON."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from hall_server.catalogue.files import Unreadable, look
from hall_server.catalogue.importing import confine


def main(folder: Path) -> int:
    """Always 0 when it could say something."""
    confine(seconds=60)
    try:
        found: object = look(folder / "file")
    except Unreadable as error:
        found = error.sentence
    except MemoryError:
        found = "文件过大，内存不足，请分批导入"
    sys.stdout.write(msgspec.json.encode(found).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
