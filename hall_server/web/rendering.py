"""Templates and static files: one environment, one version for all that a browser may cache."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from assets import fetched
from assets.waiting import wait_sentence, wait_text
from contract.clock import date_text, time_text, weekday_text
from hall_server.web.caller import Caller
from hall_server.web.own_look import OwnLook

HERE = Path(__file__).resolve().parent
TEMPLATES = HERE / "templates"
STATIC = HERE / "static"
_FETCHED = {
    "htmx.js": ("web", "htmx.js"),
    "hx-ws.js": ("web", "hx-ws.js"),
    "echarts.js": ("web", "echarts.js"),
    "NotoSansSC-Regular.ttf": ("fonts", "NotoSansSC-Regular.ttf"),
    "NotoSansSC-Bold.ttf": ("fonts", "NotoSansSC-Bold.ttf"),
}
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".ttf": "font/ttf"}


class Rendering:
    """Draws pages. ``version`` changes whenever a template or a static file does; ``hall_name`` and ``brand``
    are asked for each page, as managers may change them."""

    def __init__(
        self, *, hall_name: Callable[[], str], brand: Callable[[], OwnLook] = OwnLook, **globals_: object
    ) -> None:
        self._hall_name, self._brand = hall_name, brand
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self.version = _version()
        self._environment.globals.update(globals_, version=self.version, csrf=_csrf)
        self._environment.filters.update(time=time_text, date=date_text, weekday=weekday_text)
        self._environment.globals.update(wait_text=wait_text, wait_sentence=wait_sentence)

    def page(self, name: str, **values: object) -> str:
        """One template as HTML."""
        return self._environment.get_template(name).render(
            hall_name=self._hall_name(), brand=self._brand(), **values
        )


def _csrf(here: Caller) -> Markup:
    """The hidden field that every form with ``method="post"`` carries: ``{{ csrf(here) }}``."""
    return Markup('<input type="hidden" name="csrf" value="{}">').format(here.csrf)


def static_files() -> dict[str, Path]:
    """Every name under /static with its file. Raises AssetMissing when a fetched one is not there."""
    own = {path.name: path for path in STATIC.iterdir() if path.suffix in _TYPES}
    return own | {name: fetched(kind, file) for name, (kind, file) in _FETCHED.items()}


def media_type(name: str) -> str:
    """By the ending."""
    return _TYPES[Path(name).suffix]


def _version() -> str:
    digest = hashlib.sha256()
    for folder in (TEMPLATES, STATIC):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]
