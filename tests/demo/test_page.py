"""What reaches the estimator, and what the page makes of what it says. The estimator is a stand-in."""

import logging
from pathlib import Path
from types import SimpleNamespace

import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file
from small_weights import small_config

from bpdemo.demo.uploads import Uploads
from bpdemo.errors import ClipError
from bpdemo.estimate import Estimate

CONFIG = small_config()
WEIGHTS = {"name": "small", "revision": None, "stmap_version": 1, "provenance": CONFIG["provenance"]}


class StandIn:
    """Remembers the bytes it is given and answers as told."""

    def __init__(self):
        self.weights = SimpleNamespace(config=CONFIG, folder=Path("nowhere"), to_dict=lambda: WEIGHTS)
        self.seen = []
        self.failure = None

    def answer(self, path, progress=None):
        self.seen.append(path.read_bytes())
        if progress is not None:
            progress(0.5, "face")
        if self.failure is not None:
            raise self.failure
        error = ClipError("not_a_video", "This file cannot be read as a video.", "Use another.")
        return Estimate.from_error(path.name, error, WEIGHTS)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("temporary")))
        uploads = Uploads.create()
        from bpdemo.demo.page import build_page, launch_options

        estimator = StandIn()
        page = build_page(estimator, uploads, examples=[])
        _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, **launch_options(uploads))
        yield SimpleNamespace(url=url, estimator=estimator, uploads=uploads, page=page)
        page.close()


@pytest.fixture
def estimator(served):
    served.estimator.seen.clear()
    served.estimator.failure = None
    return served.estimator


@pytest.fixture(scope="module")
def client(served):
    return Client(served.url, verbose=False, analytics_enabled=False)


def files_left(served):
    return [path for path in served.uploads.folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", ["clip.mp4", "clip.webm", "clip.mov", "clip.avi", "no suffix"])
def test_the_clip_reaches_the_estimator_byte_for_byte(served, estimator, client, tmp_path, name):
    content = np.random.default_rng(len(name)).bytes(300_000)
    (tmp_path / name).write_bytes(content)
    client.predict(handle_file(str(tmp_path / name)), api_name="/estimate")
    assert estimator.seen == [content]
    assert files_left(served) == []


def test_the_pages_own_event_gets_the_bytes_too_and_deletes_them(served, estimator):
    content = np.random.default_rng(0).bytes(300_000)
    path = httpx.post(f"{served.url}gradio_api/upload", files={"files": ("a.webm", content)}).json()[0]
    config = httpx.get(f"{served.url}config").json()
    video = next(part["id"] for part in config["components"] if part["props"].get("elem_id") == "clip")
    events = [
        event for event in config["dependencies"] if [video, "stop_recording"] in event["targets"] and event["inputs"]
    ]
    assert len(events) == 1
    data = {"path": path, "meta": {"_type": "gradio.FileData"}}
    join = {"data": [data, None], "fn_index": events[0]["id"], "session_hash": "abc"}
    httpx.post(f"{served.url}gradio_api/queue/join", json=join).raise_for_status()
    shown = httpx.get(f"{served.url}gradio_api/queue/data", params={"session_hash": "abc"}, timeout=60).text
    assert estimator.seen == [content]
    assert "This file cannot be read as a video." in shown
    assert files_left(served) == []


def test_the_camera_is_asked_for_as_it_is(served):
    video = next(part for part in served.page.blocks.values() if getattr(part, "elem_id", None) == "clip")
    assert video.sources == ["webcam", "upload"]
    assert video.format is None
    assert video.include_audio
    assert not video.webcam_options.mirror
    assert video.webcam_options.constraints["audio"] is False


def test_what_nobody_foresaw_becomes_a_plain_sentence(served, estimator, client, tmp_path, caplog):
    (tmp_path / "a_persons_name.mp4").write_bytes(b"x")
    estimator.failure = RuntimeError("a_persons_name.mp4 is odd")
    with caplog.at_level(logging.ERROR):
        form = client.predict(handle_file(str(tmp_path / "a_persons_name.mp4")), api_name="/estimate")
    assert (form["status"], form["reasons"][0]["code"]) == ("error", "unexpected")
    assert "odd" not in form["reasons"][0]["message"]
    assert "RuntimeError" in caplog.text
    assert "a_persons_name" not in caplog.text
    assert files_left(served) == []


def test_a_clip_over_the_limit_is_not_kept(served, monkeypatch):
    monkeypatch.setattr(served.page, "max_file_size", 1000)
    answer = httpx.post(f"{served.url}gradio_api/upload", files={"files": ("a.mp4", b"x" * 5000)})
    assert answer.status_code == 413
    served.uploads.sweep(keep_s=-1)
    assert files_left(served) == []
