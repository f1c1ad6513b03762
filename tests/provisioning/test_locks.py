"""What the programs import is what the hall's lock installs: a box has no development tools."""

from __future__ import annotations

import ast
import sys
from importlib import metadata
from pathlib import Path

import pytest

from provisioning.notice import LOCKS, locked_names

PROJECT = Path(__file__).resolve().parents[2]
PACKAGES = ("contract", "devices", "hall_server", "kiosk", "queue_display", "provisioning", "assets")
DEVELOPMENT = {"provisioning/browser.py": "playwright"}


def imported(package: str) -> set[tuple[str, str]]:
    """(top-level module, file) of every import in a package."""
    found = set()
    for path in (PROJECT / package).rglob("*.py"):
        file = path.relative_to(PROJECT).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {(alias.name.partition(".")[0], file) for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add((node.module.partition(".")[0], file))
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_every_import_is_in_the_halls_lock(package: str) -> None:
    locked = {normal(name) for name in locked_names(LOCKS / "hall.txt")}
    distributions = metadata.packages_distributions()
    missing = [
        f"{file} imports {module}"
        for module, file in sorted(imported(package))
        if module not in sys.stdlib_module_names
        and module not in PACKAGES
        and DEVELOPMENT.get(file) != module
        and not {normal(name) for name in distributions.get(module, ())} & locked
    ]
    assert missing == []


def test_the_development_lock_holds_the_halls_versions() -> None:
    hall, tools = locked_names(LOCKS / "hall.txt"), locked_names(LOCKS / "dev.txt")
    assert {name: tools.get(name) for name in hall} == hall


def test_locks_name_no_download_addresses() -> None:
    for lock in LOCKS.glob("*.txt"):
        lines = lock.read_text("utf-8").splitlines()
        assert not [line for line in lines if "://" in line or line.startswith("-")]


def normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
