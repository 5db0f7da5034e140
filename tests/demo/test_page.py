"""What reaches the estimator, and what the page makes of what it says. The estimator is a stand-in."""

import base64
import json
import logging
from pathlib import Path

import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file

from bpdemo.demo.examples import find_examples
from bpdemo.demo.sealed import unseal
from bpdemo.told import Told
from tests.support.page_events import PageEvents
from tests.support.parsed_html import Parsed
from tests.support.stand_in import StandIn, serve_stand_in

EXAMPLES = find_examples()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serve_stand_in(tmp_path_factory.mktemp("temporary"), StandIn(), EXAMPLES) as served:
        yield served


@pytest.fixture
def estimator(served):
    served.estimator.seen.clear()
    served.estimator.told.clear()
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


@pytest.fixture
def page(served):
    return PageEvents(served.url)


def completed(shown):
    """The values that a request ended with."""
    events = [json.loads(line.removeprefix("data: ")) for line in shown.splitlines() if line.startswith("data: ")]
    (values,) = (event["output"]["data"] for event in events if event["msg"] == "process_completed")
    return values


def result_in(shown):
    """The result that the page was shown last."""
    return next(
        found for value in completed(shown) if isinstance(value, str) and (found := Parsed(value)).all("data-status")
    )


@pytest.mark.parametrize("way", ["clip", "recorder"])
def test_upload_and_recorder_give_the_bytes_and_they_are_deleted(served, estimator, page, way):
    content = np.random.default_rng(0).bytes(300_000)
    path = page.upload(content, "a <b>'name'.webm")
    shown = page.trigger(way, "submit", {"clip": path, "key": "k" * 100})
    assert estimator.seen == [content]
    assert "This file cannot be read as a video." in shown
    data = result_in(shown).data
    assert (data["status"], data["key"], data["example"]) == ("error", "k" * 64, None)
    assert data["clip"] == Path(path).name
    assert str(served.uploads.folder) not in shown
    assert unseal(data["package"]).path is None
    assert served.files_left() == []


@pytest.mark.parametrize("way", ["clip", "recorder"])
def test_whatever_else_a_client_names_is_refused_and_stays_where_it_is(served, estimator, page, way, tmp_path):
    outside = tmp_path / "outside.webm"
    outside.write_bytes(b"x")
    up = str(served.uploads.folder / "x" / ".." / ".." / outside.name)
    for data in (
        *({"clip": clip} for clip in (str(outside), up, f"http://127.0.0.1/file={outside}", {"path": 7}, None)),
        *({"clip": [str(outside)], "key": {"a": [1]}}, {}, {"_data": 7}),
    ):
        assert "neither an upload" in page.trigger(way, "submit", data), data
    assert estimator.seen == []
    assert outside.exists()


NOTE = {"rate_hz": 29.6, "dropped": 2, "luma": 120.0, "sway": 0.02, "bpm": None}


@pytest.mark.parametrize(
    ("note", "is_shown"), [(NOTE, True), (NOTE | {"luma": 1e300}, False), ("x", False), ([NOTE], False)]
)
def test_what_the_browser_measured_stands_beside_the_result_and_is_not_kept(served, page, note, is_shown):
    shown = page.trigger("recorder", "submit", {"clip": page.upload(b"clip"), "key": "k", "note": note})
    words = result_in(shown).words
    assert "This file cannot be read as a video." in words
    assert ("29.6 frames a second, 2 dropped" in words) == is_shown
    assert served.files_left() == []


@pytest.mark.parametrize("place", ["cards", "result"])
def test_an_example_is_read_by_its_number(estimator, page, place):
    name, event = {"cards": ("examples", "read"), "result": ("result", "again")}[place]
    shown = page.trigger(name, event, {"example": 1})
    assert estimator.seen == [EXAMPLES[1].path.read_bytes()]
    assert estimator.told == [Told()]
    result = result_in(shown)
    assert (result.data["example"], result.data["number"], result.data["key"]) == (EXAMPLES[1].path.name, 1, "")
    assert EXAMPLES[1].truth in result.words


@pytest.mark.parametrize("number", [-1, len(EXAMPLES), 10**30, 0.5, "0", None, [0], {"a": 0}, "../wall.mp4"], ids=repr)
def test_a_number_that_is_no_examples_is_refused(estimator, page, number):
    for event in ("read", "show"):
        assert result_in(page.trigger("examples", event, {"example": number})).all("data-status") == ["error"]
    assert page.call("examples", "is_ready", number).json() is False
    assert estimator.seen == []


def test_an_example_without_a_ready_answer_is_not_shown(page, estimator):
    shown = result_in(page.trigger("examples", "show", {"example": 0}))
    assert (shown.all("data-status"), shown.data) == (["error"], None)
    assert estimator.seen == []


def test_a_clip_of_many_is_answered_with_its_row_and_its_result(served, estimator, page):
    path = page.upload(b"one of many")
    shown = page.trigger("batch", "read", {"clip": path, "key": "a key"})
    answer = json.loads(completed(shown)[0])
    assert estimator.seen == [b"one of many"]
    assert answer["row"]["status"] == "error"
    result, *tabs = answer["parts"]
    assert Parsed(result).data["key"] == "a key"
    assert len(tabs) == 2
    assert str(served.uploads.folder) not in shown
    assert served.files_left() == []
    assert "neither an upload" in page.trigger("batch", "read", {"clip": "/etc/passwd"})


def test_examples_that_are_not_ready_are_not_compared(page):
    assert page.call("compare", "ready_examples", None).json() == []
    for number in (0, -1, 99, "0", None, [0]):
        assert page.call("compare", "example_result", number).json() == ""


def test_a_browser_can_have_a_file_of_the_result_it_was_shown(estimator, page):
    data = result_in(page.trigger("clip", "submit", {"clip": page.upload(b"clip")})).data
    made = page.call("result", "make_file", {"kind": "json", "package": data["package"], "cuff": None}).json()
    form = json.loads(base64.b64decode(made["content"]))
    assert (form["status"], form["reasons"][0]["code"]) == ("error", "not_a_video")
    assert made["name"].endswith(".json")


@pytest.mark.parametrize(
    "asked", [None, 7, [], {}, {"kind": "json", "package": "AAAA"}, {"path": "/etc/passwd", "meta": {"_type": "x"}}]
)
def test_what_is_no_wish_for_a_file_is_answered_in_a_sentence(page, asked):
    made = page.call("result", "make_file", asked).json()
    assert made.keys() == {"error"}
    assert "Traceback" not in made["error"]


def test_no_other_function_of_the_server_can_be_called(page):
    for name, function in (("result", "is_ready"), ("result", "__init__"), ("clip", "make_file")):
        answer = page.call(name, function, {})
        assert answer.status_code >= 400
        assert "Traceback" not in answer.text


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
