"""The control page of the bench and its JSON interface: HTTP on loopback, for people and for the CLI.

Changes are POSTs of JSON: a page of another origin cannot send them without being asked first, and a
request whose Host is not loopback is refused, so that no web page elsewhere can move the hall's cards.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

import assets
from devices.simulators.bench import Bench

_log = logging.getLogger(__name__)
_PAGE = Path(__file__).with_name("control.html")
_LONGEST_BODY = 4096
_FONTS = {"regular": "NotoSansSC-Regular.ttf", "medium": "NotoSansSC-Medium.ttf"}


class Lay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /api/lay."""

    person: str
    reader: str = ""


class Remove(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /api/remove."""

    reader: str = ""


class SetFault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /api/fault."""

    device: str
    fault: str
    on: bool = True


class Clear(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /api/clear."""

    device: str


class Press(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /api/press."""

    address: int
    key: str
    line: str = ""


class Show(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /api/show."""

    scene: str
    camera: str = ""


class ScanCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /api/scan."""

    text: str
    scanner: str = ""


class ControlServer:
    """Serves one bench on 127.0.0.1; port 0 takes a free one."""

    def __init__(self, bench: Bench, port: int) -> None:
        self._bench = bench
        self._port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        """URL of the page; known after start."""
        return f"http://127.0.0.1:{self._port}/"

    @property
    def port(self) -> int:
        """Of the page; known after start."""
        return self._port

    def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        self._server = _Server(("127.0.0.1", self._port), self._bench)
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="control", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Close the port."""
        server, self._server = self._server, None
        if server is not None and self._thread is not None:
            server.shutdown()
            server.server_close()
            self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], bench: Bench) -> None:
        super().__init__(address, _Handler)
        self.bench = bench
        self.commands: dict[str, Callable[[bytes], None]] = {
            "/api/lay": self._lay,
            "/api/remove": self._remove,
            "/api/fault": self._fault,
            "/api/clear": self._clear,
            "/api/press": self._press,
            "/api/show": self._show,
            "/api/scan": self._scan,
        }

    def _lay(self, body: bytes) -> None:
        wanted = msgspec.json.decode(body, type=Lay)
        self.bench.lay(wanted.person, reader=wanted.reader)

    def _remove(self, body: bytes) -> None:
        self.bench.remove(reader=msgspec.json.decode(body, type=Remove).reader)

    def _fault(self, body: bytes) -> None:
        wanted = msgspec.json.decode(body, type=SetFault)
        self.bench.set_fault(wanted.device, wanted.fault, wanted.on)

    def _clear(self, body: bytes) -> None:
        self.bench.clear(msgspec.json.decode(body, type=Clear).device)

    def _show(self, body: bytes) -> None:
        wanted = msgspec.json.decode(body, type=Show)
        self.bench.show(wanted.scene, camera=wanted.camera)

    def _scan(self, body: bytes) -> None:
        wanted = msgspec.json.decode(body, type=ScanCode)
        self.bench.scan(wanted.text, scanner=wanted.scanner)

    def _press(self, body: bytes) -> None:
        wanted = msgspec.json.decode(body, type=Press)
        self.bench.press(wanted.address, wanted.key, line=wanted.line)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        if not self._from_here():
            return
        path = unquote(urlsplit(self.path).path)
        head, _, name = path.strip("/").partition("/")
        if path == "/":
            self._send("text/html; charset=utf-8", _PAGE.read_bytes())
        elif path == "/api/state":
            self._send_json(self.server.bench.state())
        elif head == "picture":
            self._picture(name)
        elif head == "font":
            self._font(name)
        elif head == "calls":
            self._call(name)
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "没有这个地址")

    def do_POST(self) -> None:
        if not self._from_here():
            return
        command = self.server.commands.get(urlsplit(self.path).path)
        length = self.headers.get("Content-Length", "")
        if command is None:
            self._refuse(HTTPStatus.NOT_FOUND, "没有这个地址")
        elif self.headers.get_content_type() != "application/json" or not length.isdigit():
            self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "请发送 JSON")
        elif int(length) > _LONGEST_BODY:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "内容太长")
        else:
            self._carry_out(command, self.rfile.read(int(length)))

    def _carry_out(self, command: Callable[[bytes], None], body: bytes) -> None:
        try:
            command(body)
        except LookupError as error:
            self._refuse(HTTPStatus.CONFLICT, str(error.args[0]))
        except msgspec.DecodeError as error:
            self._refuse(HTTPStatus.BAD_REQUEST, f"内容不对：{error}")
        except OSError as error:
            _log.exception("a simulator failed")
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))
        else:
            self._send_json(self.server.bench.state())

    def _picture(self, name: str) -> None:
        try:
            kind, data = self.server.bench.picture(name)
        except LookupError as error:
            self._refuse(HTTPStatus.NOT_FOUND, str(error.args[0]))
            return
        self._send(kind, data) if data else self._refuse(HTTPStatus.NOT_FOUND, "还没有画面")

    def _font(self, name: str) -> None:
        """The hall's face, so that the page looks the same in every browser; without it the browser's own."""
        try:
            file = assets.fetched("fonts", _FONTS[name])
        except (KeyError, assets.AssetMissing):
            self._refuse(HTTPStatus.NOT_FOUND, "没有这个字体")
            return
        self._send("font/ttf", file.read_bytes())

    def _call(self, name: str) -> None:
        """Only files that the list shows: a name from outside is never joined to a path."""
        for path in self.server.bench.call_files():
            if path.name == name:
                self._send("audio/wav", path.read_bytes())
                return
        self._refuse(HTTPStatus.NOT_FOUND, "没有这段声音")

    def _from_here(self) -> bool:
        host = (self.headers.get("Host") or "").rpartition(":")[0] or self.headers.get("Host")
        if host in ("127.0.0.1", "localhost"):
            return True
        self._refuse(HTTPStatus.FORBIDDEN, "只接受本机的请求")
        return False

    def _send_json(self, value: dict[str, Any]) -> None:
        self._send("application/json", json.dumps(value, ensure_ascii=False).encode())

    def _refuse(self, status: HTTPStatus, sentence: str) -> None:
        self._send("application/json", json.dumps({"error": sentence}, ensure_ascii=False).encode(), status)
        self.close_connection = True

    def _send(self, kind: str, body: bytes, status: HTTPStatus = HTTPStatus.OK) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the page asks each second."""
