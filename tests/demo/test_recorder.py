"""What the server hands out for the guided recorder; what it believes is in `test_page`."""

import base64
import json
import re

import pytest

from bpdemo.demo.recorder import SCRIPTS
from tests.support.page_events import PageEvents
from tests.support.stand_in import StandIn, serve_stand_in

pytestmark = pytest.mark.slow

WORDS = json.loads((SCRIPTS / "words.json").read_text())


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serve_stand_in(tmp_path_factory.mktemp("temporary"), StandIn()) as served:
        yield served


@pytest.fixture(scope="module")
def page(served):
    return PageEvents(served.url)


def test_the_browser_gets_the_servers_own_face_detector(page):
    given = page.call("recorder", "face_detector", None).json()
    assert base64.b64decode(given["model"])[4:8] == b"TFL3", "a TensorFlow Lite model"
    assert "onmessage" in given["script"]


def test_there_are_words_for_everything_the_scripts_can_say(page):
    props = next(part["props"] for part in page.config["components"] if part["props"].get("elem_id") == "recorder")
    script = props["js_on_load"]
    for group, codes in {
        "problems": re.findall(r'(?:fail\(|Problem\(|Error: )"(\w+)"', script),
        "instructions": re.findall(r'(?:return|framing === |give\(|propose\(unchecked \?) "(\w+)"', script),
    }.items():
        assert len(codes) > 3
        assert set(codes) <= set(WORDS[group]), group
    template = props["html_template"]
    assert set(re.findall(r'data-do="(\w+)"', template)) == set(WORDS["buttons"])
    spoken = json.dumps(WORDS)
    assert "<" not in spoken, "the recorder shows its words as text"
