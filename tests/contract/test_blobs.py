"""Large things over a real HTTP server that truncates, corrupts, disappears and comes back."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from contract import messages as m
from contract import topics as t
from contract.blobs import BlobFollower, BlobStore, BlobUnavailable, describe
from contract.memory import MemoryBroker
from tests.contract.wire import Box, until

BODY = bytes(range(256)) * 4000


class Shop:
    """Serves ``body`` at /blobs/x in the way that ``mood`` says."""

    def __init__(self) -> None:
        self.body, self.mood = BODY, "good"
        self.asked: list[str] = []
        shop = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def do_GET(self) -> None:
                shop.serve(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                """A client that has enough hangs up; that is no news."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        wanted = handler.headers.get("Range", "")
        self.asked.append(wanted)
        start = (
            int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and self.mood != "no ranges" else 0
        )
        body = self.body[start:]
        handler.send_response(404 if self.mood == "gone" else 206 if start else 200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if self.mood == "truncating":
            body = body[:100_000]
        elif self.mood == "corrupting":
            body = body[:5] + b"\xff" + body[6:]
        handler.wfile.write(body)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.close()


def ref_of(body: bytes = BODY) -> m.BlobRef:
    return m.BlobRef(path="/blobs/x", sha256=hashlib.sha256(body).hexdigest(), size=len(body))


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_blob_is_fetched_once_and_is_current(shop: Shop, tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    assert store.current("catalogue") is None
    path = store.fetch("catalogue", ref_of(), shop.base)
    assert path.read_bytes() == BODY
    assert store.fetch("catalogue", ref_of(), shop.base) == path
    assert shop.asked == [""]
    assert BlobStore(tmp_path).current("catalogue") == (ref_of(), path)


def test_a_broken_download_goes_on_where_it_ended(shop: Shop, tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    shop.mood = "truncating"
    with pytest.raises(BlobUnavailable):
        store.fetch("catalogue", ref_of(), shop.base)
    shop.mood = "good"
    assert store.fetch("catalogue", ref_of(), shop.base).read_bytes() == BODY
    assert shop.asked == ["", "bytes=100000-"]


def test_a_server_without_ranges_starts_over(shop: Shop, tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    shop.mood = "truncating"
    with pytest.raises(BlobUnavailable):
        store.fetch("catalogue", ref_of(), shop.base)
    shop.mood = "no ranges"
    assert store.fetch("catalogue", ref_of(), shop.base).read_bytes() == BODY


def test_a_corrupt_body_never_becomes_current_and_is_thrown_away(shop: Shop, tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    old = store.fetch("catalogue", ref_of(), shop.base)
    shop.body, shop.mood = BODY[::-1], "corrupting"
    new = ref_of(shop.body)
    with pytest.raises(BlobUnavailable, match="not what the hall announced"):
        store.fetch("catalogue", new, shop.base)
    assert store.current("catalogue") == (ref_of(), old)
    shop.mood = "good"
    assert store.fetch("catalogue", new, shop.base).read_bytes() == shop.body
    assert files(tmp_path / "catalogue") == {"current", new.sha256}


def test_more_than_announced_is_not_taken(shop: Shop, tmp_path: Path) -> None:
    shop.body = BODY + b"more"
    path = BlobStore(tmp_path).fetch("catalogue", ref_of(), shop.base)
    assert path.read_bytes() == BODY


def test_a_copy_that_rotted_on_disk_is_not_served(shop: Shop, tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    path = store.fetch("catalogue", ref_of(), shop.base)
    path.write_bytes(BODY[:-1] + b"!")
    assert store.current("catalogue") is None
    assert store.fetch("catalogue", ref_of(), shop.base).read_bytes() == BODY


@pytest.mark.parametrize("mood", ["gone", "closed"])
def test_no_server_no_blob(shop: Shop, tmp_path: Path, mood: str) -> None:
    shop.mood = mood
    base = shop.base if mood == "gone" else "http://127.0.0.1:9"
    with pytest.raises(BlobUnavailable, match="catalogue"):
        BlobStore(tmp_path).fetch("catalogue", ref_of(), base)


@pytest.mark.parametrize(
    "ref",
    [
        m.BlobRef(path="/x", sha256="../../etc/passwd", size=1),
        m.BlobRef(path="/x", sha256="0" * 64, size=-1),
        m.BlobRef(path="/x", sha256="0" * 64, size=2**40),
    ],
)
def test_an_improper_announcement_is_refused(tmp_path: Path, ref: m.BlobRef) -> None:
    with pytest.raises(BlobUnavailable, match="no proper digest and size"):
        BlobStore(tmp_path).fetch("catalogue", ref, "http://127.0.0.1:9")


def test_a_name_is_no_path(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a name"):
        BlobStore(tmp_path).current("../secrets")


def test_describe_names_what_fetch_wants(shop: Shop, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(BODY)
    ref = describe(source, "/blobs/x", version="7")
    assert BlobStore(tmp_path / "cache").fetch("clips", ref, shop.base).read_bytes() == BODY


def test_a_follower_serves_the_cache_first_then_each_newer_blob(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contract.blobs.RETRY_SECONDS", (0.01, 0.05))
    broker = MemoryBroker()
    server, kiosk = broker.bus("hall-server"), broker.bus("kiosk-1")
    store = BlobStore(tmp_path)
    store.fetch("catalogue", ref_of(), shop.base)
    shown: Box[bytes] = Box()
    follower = BlobFollower(kiosk, store, "catalogue", lambda _ref, path: shown.put(path.read_bytes()))
    follower.open()
    assert shown.first() == BODY
    server.open()
    kiosk.open()
    shop.body, shop.mood = b"new", "gone"
    asked = len(shop.asked)
    state = m.ServerState(
        s=m.Presence.READY, boot="b", http=shop.base, blobs={"catalogue": ref_of(b"new"), "clips": ref_of()}
    )
    server.publish(t.SERVER, state)
    until(lambda: len(shop.asked) > asked + 1)
    shop.mood = "good"
    shown.wait(lambda values: values == [BODY, b"new"])
    follower.close()
    kiosk.close()
    server.close()
