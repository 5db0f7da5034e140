"""What the server makes of the guided recorder: what it hands out, and what it believes."""

import base64
import json
import re

import httpx
import pytest

from bpdemo.demo.recorder import SCRIPTS
from tests.support.stand_in import StandIn, serve_stand_in

pytestmark = pytest.mark.slow

WORDS = json.loads((SCRIPTS / "words.json").read_text())


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serve_stand_in(tmp_path_factory.mktemp("temporary"), StandIn()) as served:
        served.config = httpx.get(f"{served.url}config").json()
        components = served.config["components"]
        served.recorder = next(part for part in components if part["props"].get("elem_id") == "recorder")
        yield served


def submit(served, data):
    """Trigger the recorder's event as a client can; return what the page is told."""
    target = [served.recorder["id"], "submit"]
    event = next(event for event in served.config["dependencies"] if target in event["targets"] and event["backend_fn"])
    join = {
        "data": [None] * len(event["inputs"]),
        "event_data": data,
        "fn_index": event["id"],
        "trigger_id": served.recorder["id"],
        "session_hash": "abc",
    }
    httpx.post(f"{served.url}gradio_api/queue/join", json=join).raise_for_status()
    return httpx.get(f"{served.url}gradio_api/queue/data", params={"session_hash": "abc"}, timeout=60).text


def test_a_recording_reaches_the_estimator_byte_for_byte_and_is_deleted(served):
    served.estimator.seen.clear()
    content = bytes(range(256)) * 500
    path = httpx.post(f"{served.url}gradio_api/upload", files={"files": ("recording.webm", content)}).json()[0]
    assert "cannot be read as a video" in submit(served, {"clip": path})
    assert served.estimator.seen == [content]
    assert served.files_left() == []


def test_whatever_else_a_client_names_is_refused_and_stays_where_it_is(served, tmp_path):
    served.estimator.seen.clear()
    outside = tmp_path / "outside.webm"
    outside.write_bytes(b"x")
    up = str(served.uploads.folder / "x" / ".." / ".." / outside.name)
    for data in (
        {"clip": str(outside)},
        {"clip": up},
        {"clip": f"http://127.0.0.1/file={outside}"},
        {"clip": {"path": 7}},
        {"clip": [str(outside)]},
        {"clip": None},
        {},
    ):
        assert "neither an upload nor an example" in submit(served, data), data
    assert served.estimator.seen == []
    assert outside.exists()


def test_the_browser_gets_the_servers_own_face_detector(served):
    call = {"component_id": served.recorder["id"], "fn_name": "face_detector", "data": None, "session_hash": "abc"}
    given = httpx.post(f"{served.url}gradio_api/component_server", json=call).json()
    assert base64.b64decode(given["model"])[4:8] == b"TFL3", "a TensorFlow Lite model"
    assert "onmessage" in given["script"]


def test_there_are_words_for_everything_the_scripts_can_say(served):
    script = served.recorder["props"]["js_on_load"]
    for group, codes in {
        "problems": re.findall(r'(?:fail\(|Problem\(|Error: )"(\w+)"', script),
        "instructions": re.findall(r'(?:return|framing === |give\(|propose\(unchecked \?) "(\w+)"', script),
    }.items():
        assert len(codes) > 3
        assert set(codes) <= set(WORDS[group]), group
    template = served.recorder["props"]["html_template"]
    assert set(re.findall(r'data-do="(\w+)"', template)) == set(WORDS["buttons"])
    spoken = json.dumps(WORDS)
    assert "<" not in spoken, "the recorder shows its words as text"
