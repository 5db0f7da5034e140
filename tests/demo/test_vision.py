"""What finds faces in the browser, as it is served."""

import hashlib

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bpdemo.demo.server import vision
from bpdemo.face import MODEL, MODEL_SHA256

FILES = {**vision.CHECKSUMS, MODEL.name: MODEL_SHA256}


@pytest.fixture
def client(monkeypatch):
    for stored in (vision._content, vision._packed):
        stored.cache_clear()
    yield TestClient(Starlette(routes=[vision.vision_route()]))
    for stored in (vision._content, vision._packed):
        stored.cache_clear()


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_each_file_is_the_published_one_and_may_be_kept(client, encoding):
    for name, checksum in FILES.items():
        answer = client.get(f"/{vision.ADDRESS}/{name}", headers={"accept-encoding": encoding})
        assert hashlib.sha256(answer.content).hexdigest() == checksum
        assert answer.headers.get("content-encoding", "identity") == encoding
        assert "immutable" in answer.headers["cache-control"]
    assert client.get(f"/{vision.ADDRESS}/vision_wasm_internal.wasm").headers["content-type"] == "application/wasm"


@pytest.mark.parametrize("name", ["none.js", "NOTICE.md", "../routes.py", ""])
def test_nothing_else_is_served(client, name):
    assert client.get(f"/{vision.ADDRESS}/{name}").status_code == 404


def test_a_changed_file_is_not_served(client, monkeypatch, tmp_path):
    (tmp_path / "vision_bundle.mjs").write_text("other")
    monkeypatch.setattr(vision, "_FOLDER", tmp_path)
    answer = client.get(f"/{vision.ADDRESS}/vision_bundle.mjs")
    assert answer.status_code == 500
    assert "Fetch the repository again" in answer.text
