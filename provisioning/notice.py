"""NOTICE from the locks: all of others that an installed hall contains, with its licence; and the check.

Libraries that are imported must be permissive, or stand in EXCEPTIONS with the reason; Debian's
packages are programs that run as processes of their own.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from assets import PROJECT
from provisioning.assets import locked_packages

NOTICE = PROJECT / "NOTICE"
LOCKS = PROJECT / "provisioning" / "locks"

_SPDX = {
    "mit": "MIT",
    "mit license": "MIT",
    "bsd": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause",
    "3-clause bsd license": "BSD-3-Clause",
    "bsd 2-clause license": "BSD-2-Clause",
    "apache 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "hpnd": "HPND",
    "mpl-2.0": "MPL-2.0",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "historical permission notice and disclaimer (hpnd)": "HPND",
}
PERMISSIVE = frozenset(
    {
        *("MIT", "MIT-0", "MIT-CMU", "ISC", "HPND", "Zlib", "PSF-2.0", "Apache-2.0", "CC0-1.0", "Unlicense"),
        *("0BSD", "BSD-0-Clause", "BSD-2-Clause", "BSD-3-Clause", "OFL-1.1"),
    }
)
EXCEPTIONS = {
    "axe-core": "MPL-2.0: runs in the tests only, unchanged",
    "apsw": "any OSI licence, as its metadata says; used under MIT",
    "certifi": "MPL-2.0: a list of certificates, unchanged",
    "docutils": "public domain and BSD; its one GPL file is an editor mode that is never imported",
    "hypothesis": "MPL-2.0: runs the tests only, unchanged",
    "pathspec": "MPL-2.0: inside the type checker only, unchanged",
    "pyscard": "LGPL-2.1-or-later: imported unchanged, replaceable by the user in the environment",
    "pyudev": "LGPL-2.1-or-later: imported unchanged, replaceable by the user in the environment",
    "tqdm": "MPL-2.0 and MIT: comes with rapidocr, unchanged",
    "zeroconf": "LGPL-2.1-or-later: imported unchanged, replaceable by the user in the environment",
}
REMARKS = EXCEPTIONS | {
    "kivy": "its wheel brings SDL2 and codecs as shared libraries of their own licences (zlib, LGPL)",
    "opencv-python": "its wheel brings FFmpeg and Qt as shared libraries (LGPL)",
    "paho-mqtt": "used under BSD-3-Clause",
}


@dataclass(frozen=True, slots=True)
class Part:
    """Something of others: its licence as an SPDX expression, '' when its metadata does not say."""

    name: str
    version: str
    licence: str
    home: str = ""


def locked_names(lock: Path) -> dict[str, str]:
    """Name -> version of each package that a Python lock pins."""
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", lock.read_text("utf-8"), re.MULTILINE))


def python_part(name: str, version: str) -> Part:
    """A locked package as the environment knows it. Raises LookupError when it is another version."""
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError as error:
        raise LookupError(f"{name} {version} is locked but not installed; run ./banshi check") from error
    if about["Version"] != version:
        raise LookupError(
            f"{name} is locked at {version}, {about['Version']} is installed; run ./banshi check"
        )
    licences = [c.rpartition(" :: ")[2] for c in about.get_all("Classifier") or () if c.startswith("License")]
    said = (_field(about, "License-Expression"), _short(_field(about, "License")), *licences)
    words = next(filter(None, said), "")
    return Part(name, version, _SPDX.get(words.lower(), words), _home(about))


def _field(about: metadata.PackageMetadata, name: str) -> str:
    return str((about.get_all(name) or [""])[0])


def _short(words: str) -> str:
    """Some packages put the whole text where the name belongs."""
    return words if "\n" not in words and len(words) < 60 else ""


def _home(about: metadata.PackageMetadata) -> str:
    links = [link.partition(", ") for link in about.get_all("Project-URL") or ()]
    wanted = ("homepage", "home", "source", "source code", "repository", "documentation")
    found = {label.lower(): address for label, _, address in links}
    return _field(about, "Home-page") or next((found[label] for label in wanted if label in found), "")


def npm_parts() -> list[Part]:
    """What is fetched from npm."""
    return [Part(p.name, p.version, p.licence) for p in locked_packages().values()]


def debian_names() -> list[str]:
    """Debian packages of an installed hall."""
    lines = (PROJECT / "provisioning" / "debian" / "hall.txt").read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def offences(parts: Iterable[Part]) -> list[str]:
    """A sentence for each part whose licence is neither permissive nor excepted."""
    found = []
    for part in parts:
        alternatives = [set(re.split(r" AND ", each)) for each in re.split(r" OR ", part.licence.strip("()"))]
        allowed = any(each <= PERMISSIVE for each in alternatives)
        if not allowed and part.name not in EXCEPTIONS:
            found.append(
                f"{part.name} {part.version}: licence {part.licence or 'unknown'} is neither permissive "
                "nor among the exceptions (provisioning/notice.py)"
            )
    return found


def text(python: list[Part], npm: list[Part], debian: list[str]) -> str:
    """The whole NOTICE."""
    lines = [
        "Banshi (办事)",
        "Copyright 2026 the Banshi authors. Licensed under the Apache License, Version 2.0 (LICENSE).",
        "",
        "Nothing of others is copied into this project. An installed hall contains the following,",
        "fetched by name and checked by digest (provisioning/locks, assets/package-lock.json).",
        "Written by `./banshi notice`; do not edit.",
        "",
        "Python packages",
        *(_line(part) for part in python),
        "",
        "Fonts, icons, voices and scripts from npm packages",
        *(_line(part) for part in npm),
        "",
        "Debian packages: programs that run as processes of their own, graphics libraries, data;",
        "licences are in /usr/share/doc/PACKAGE/copyright",
        *(f"  {name}" for name in debian),
    ]
    return "\n".join(lines) + "\n"


def _line(part: Part) -> str:
    why = f"  [{REMARKS[part.name]}]" if part.name in REMARKS else ""
    return f"  {part.name} {part.version}: {part.licence}  {part.home}".rstrip() + why


def main(*, check: bool) -> int:
    """Write NOTICE, or compare it and check every licence (development tools too)."""
    try:
        hall = [python_part(*each) for each in sorted(locked_names(LOCKS / "hall.txt").items())]
        tools = [python_part(*each) for each in sorted(locked_names(LOCKS / "dev.txt").items())]
    except LookupError as error:
        print(error, file=sys.stderr)
        return 1
    wrong = offences([*hall, *tools, *npm_parts()])
    wanted = text(hall, npm_parts(), debian_names())
    if not check:
        NOTICE.write_text(wanted, "utf-8")
    elif not NOTICE.exists() or NOTICE.read_text("utf-8") != wanted:
        wrong.append("NOTICE is not what the locks say; write it with ./banshi notice")
    for sentence in dict.fromkeys(wrong):
        print(sentence, file=sys.stderr)
    if not wrong:
        print(f"{len(hall)} Python and {len(npm_parts())} npm packages: every licence is allowed.")
    return 1 if wrong else 0
