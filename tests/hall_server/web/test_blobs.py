"""Large things by their digest: stored whole, served with ranges, kept while a station may want them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import httpx

from hall_server.web.blobs import BlobStore
from tests.hall_server.web.hall import PagedHall

DATA = bytes(range(256)) * 40


def test_publish_names_the_content(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    ref = store.publish("catalogue", DATA, "7")
    assert ref.sha256 == hashlib.sha256(DATA).hexdigest()
    assert (ref.path, ref.size, ref.version) == (f"/blobs/{ref.sha256}", len(DATA), "7")
    found = store.find(ref.sha256)
    assert found is not None
    assert found.read_bytes() == DATA
    source = tmp_path / "same"
    source.write_bytes(DATA)
    assert store.publish("copy", source).sha256 == ref.sha256
    assert set(store.published) == {"catalogue", "copy"}


def test_a_torn_file_is_written_again(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    path = store.find(store.publish("clips", DATA).sha256)
    assert path is not None
    path.write_bytes(b"torn")
    store.publish("clips", DATA)
    assert path.read_bytes() == DATA


def test_what_is_offered_or_fresh_stays(tmp_path: Path) -> None:
    clock = [1_000_000.0]
    store = BlobStore(tmp_path, wall=lambda: clock[0])
    old = store.publish("catalogue", b"old")
    os.utime(store.find(old.sha256) or "", (clock[0], clock[0]))
    new = store.publish("catalogue", b"new")
    part = store.put(b"a part of a pack")
    assert store.collect() == 0
    clock[0] += 7200
    store.keep(frozenset({part.sha256}))
    assert store.collect() == 1
    assert store.find(old.sha256) is None
    assert store.find(new.sha256) is not None
    assert store.find(part.sha256) is not None


def test_served_whole_in_ranges_and_for_ever(hall: PagedHall, client: httpx.Client) -> None:
    ref = hall.blobs.publish("catalogue", DATA)
    whole = client.get(ref.path)
    assert whole.content == DATA
    assert "immutable" in whole.headers["cache-control"]
    assert whole.headers["etag"] == f'"{ref.sha256}"'
    part = client.get(ref.path, headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, DATA[10:20])
    assert client.head(ref.path).headers["content-length"] == str(len(DATA))


def test_nothing_else_is_served(hall: PagedHall, client: httpx.Client) -> None:
    for name in ("0" * 64, "journal.db", "..%2f..%2fjournal.db", "%2e%2e/journal.db", "A" * 64):
        assert client.get(f"/blobs/{name}").status_code == 404
    assert client.get("/static/..%2fserver.py").status_code == 404
