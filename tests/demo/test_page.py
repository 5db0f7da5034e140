"""What reaches the estimator, and what the page makes of what it says. The estimator is a stand-in."""

import logging

import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file

from tests.support.stand_in import StandIn, serve_stand_in


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serve_stand_in(tmp_path_factory.mktemp("temporary"), StandIn()) as served:
        yield served


@pytest.fixture
def estimator(served):
    served.estimator.seen.clear()
    served.estimator.failure = None
    return served.estimator


@pytest.fixture(scope="module")
def client(served):
    return Client(served.url, verbose=False, analytics_enabled=False)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.webm", "clip.mov", "clip.avi", "no suffix"])
def test_the_clip_reaches_the_estimator_byte_for_byte(served, estimator, client, tmp_path, name):
    content = np.random.default_rng(len(name)).bytes(300_000)
    (tmp_path / name).write_bytes(content)
    client.predict(handle_file(str(tmp_path / name)), api_name="/estimate")
    assert estimator.seen == [content]
    assert served.files_left() == []


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
    untold = [None] * (len(events[0]["inputs"]) - 1)
    join = {"data": [data, *untold], "fn_index": events[0]["id"], "session_hash": "abc"}
    httpx.post(f"{served.url}gradio_api/queue/join", json=join).raise_for_status()
    shown = httpx.get(f"{served.url}gradio_api/queue/data", params={"session_hash": "abc"}, timeout=60).text
    assert estimator.seen == [content]
    assert "This file cannot be read as a video." in shown
    assert served.files_left() == []


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
    assert served.files_left() == []


def test_an_error_of_the_page_itself_becomes_a_plain_sentence_too(served, client, monkeypatch, caplog):
    find, asked_for = type(served.uploads).find, []

    def fail_once(uploads, path):
        asked_for.append(path)
        if len(asked_for) == 1:
            raise RuntimeError("a_persons_name.mp4 is odd")
        return find(uploads, path)

    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        patch.setattr(type(served.uploads), "find", fail_once)
        asked = httpx.post(f"{served.url}gradio_api/call/estimate", json={"data": [{"path": "a_persons_name.mp4"}]})
        answer = httpx.get(f"{served.url}gradio_api/call/estimate/{asked.json()['event_id']}", timeout=60).text
    assert "event: error" in answer
    assert "a_persons_name" not in answer + caplog.text
    assert "RuntimeError" in caplog.text


@pytest.mark.parametrize("failure", [MemoryError("a_persons_name"), SystemExit(1), KeyboardInterrupt()], ids=repr)
def test_what_would_end_the_server_ends_one_request(served, estimator, client, tmp_path, caplog, failure):
    (tmp_path / "a_persons_name.mp4").write_bytes(b"x")
    estimator.failure = failure
    for _ in range(3):
        form = client.predict(handle_file(str(tmp_path / "a_persons_name.mp4")), api_name="/estimate")
        assert (form["status"], form["reasons"][0]["code"]) == ("error", "unexpected")
    estimator.failure = None
    form = client.predict(handle_file(str(tmp_path / "a_persons_name.mp4")), api_name="/estimate")
    assert form["reasons"][0]["code"] == "not_a_video"
    assert "a_persons_name" not in caplog.text
    assert served.files_left() == []


def test_the_queue_cannot_be_passed_by(served):
    for way in ("run", "api"):
        answer = httpx.post(f"{served.url}gradio_api/{way}/estimate", json={"data": [None]})
        assert answer.status_code == 404
