"""After a request, however it ends, nothing of the clip is left: not on the disk, not in what the process refers to."""

import importlib.util
import json
import os
import re
import signal
import struct
import time
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file

from tests.support.page_events import PageEvents
from tests.support.probed_app import AGE, MARK
from tests.support.serve_app import serve_app

pytestmark = pytest.mark.slow

PATIENCE_S = 180
NAME = f"{MARK} of a person <b>'\".mp4"


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("probed")
    with serve_app(folder, command=("tests/support/probed_app.py", str(folder))) as served:
        yield served


class Visitor:
    """Sends clips to the app in every way that ends differently.

    Args:
        app: served.
        folder: for the clips it sends.
        round_: makes its clips differ from those of another round.
    """

    def __init__(self, app, folder, round_):
        self.app, self.folder, self.round = app, folder, round_
        self.api = f"{app.url}/gradio_api"
        self.client = Client(app.url, verbose=False, analytics_enabled=False, download_files=False)

    def clip(self, source):
        """Return a clip with the mark in its name and in its content, after the last of its pictures."""
        mark = f"{MARK} {self.round}".encode()
        self.folder.mkdir(exist_ok=True)
        path = self.folder / NAME
        path.write_bytes(source.read_bytes() + struct.pack(">I4s", 8 + len(mark), b"free") + mark)
        return path

    def upload(self, source):
        content = self.clip(source).read_bytes()
        return httpx.post(f"{self.api}/upload", files={"files": (NAME, content)}).raise_for_status().json()[0]

    def ask(self, source, endpoint="estimate"):
        data = [{"path": self.upload(source), "meta": {"_type": "gradio.FileData"}}]
        asked = httpx.post(f"{self.api}/call/{endpoint}", json={"data": data})
        return f"{self.api}/call/{endpoint}/{asked.json()['event_id']}"

    def estimate(self, source):
        return self.client.predict(handle_file(str(self.clip(source))), age=AGE, api_name="/estimate")

    def stmap(self, source):
        self.client.predict(handle_file(str(self.clip(source))), api_name="/stmap")

    def page(self, source):
        """Have a clip read as the page does; return all that the page is shown."""
        page = PageEvents(f"{self.app.url}/", f"page {self.round}")
        shown = page.trigger("clip", "submit", {"clip": self.upload(source), "key": MARK}, told_age=AGE)
        package = re.search(r'\\"package\\":\\"([\w+/=]+)', shown).group(1)
        for kind, is_made in (("pdf", True), ("figures", True), ("npz", True), ("csv", True), ("exe", False)):
            made = page.call("result", "make_file", {"kind": kind, "package": package}).json()
            assert ("content" in made) == is_made, made.get("error")
        return shown

    def cancel(self, source):
        job = self.client.submit(handle_file(str(self.clip(source))), api_name="/estimate")
        wait_for(lambda: job.status().progress_data)
        job.cancel()

    def leave(self, source):
        with (
            pytest.raises(httpx.ReadTimeout),
            httpx.stream("GET", self.ask(source), timeout=0.3) as stream,
        ):
            list(stream.iter_raw())

    def break_off(self, source):
        def half():
            yield b'--b\r\nContent-Disposition: form-data; name="files"; filename="' + NAME.encode() + b'"\r\n\r\n'
            yield self.clip(source).read_bytes()
            raise ConnectionResetError

        kind = {"content-type": "multipart/form-data; boundary=b"}
        with pytest.raises(ConnectionResetError):
            httpx.post(f"{self.api}/upload", content=half(), headers=kind)


def wait_for(is_so):
    until_s = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < until_s
        time.sleep(0.05)


def census(app, sign):
    """Have the app write down what it holds."""
    path = app.folder / "census.json"
    path.unlink(missing_ok=True)
    os.kill(app.process, sign)
    wait_for(path.exists)
    return json.loads(path.read_text())


def visit(app, folder, round_, face, other_face, wall, text):
    """Send a clip in every way; return what was shown of them."""
    visitor = Visitor(app, folder, round_)
    reading = visitor.estimate(face)
    assert (reading["status"], reading["told"]["person"]) == ("reading", {"age": AGE})
    assert visitor.estimate(wall)["status"] == "refused"
    assert visitor.estimate(text)["status"] == "error"
    shown = visitor.page(face)
    assert "data:image/jpeg" in shown or "data:image/png" in shown
    assert "With what you told" in shown
    visitor.stmap(face)
    visitor.cancel(other_face)
    visitor.leave(other_face)
    visitor.break_off(other_face)
    wait_for(lambda: not app.files_left())


def files_that_hold(app, *pieces):
    """Return every file that holds one of the pieces: of those the app may write, and all that it has open."""
    opened = list(Path(f"/proc/{app.process}/fd").iterdir())
    written = [path for path in (*app.temporary.rglob("*"), *app.folder.joinpath("tmp").rglob("*")) if path.is_file()]
    holding = []
    for path in (*written, *opened):
        try:
            content = path.read_bytes() if path.is_file() else b""
        except OSError:
            continue
        if any(piece in content for piece in pieces):
            holding.append(path)
    return holding


def test_nothing_of_a_clip_is_left_however_its_request_ends(
    app, tmp_path, pulse_clip, pulse_clip_24, wall_clip, text_file
):
    clips = (pulse_clip.path, pulse_clip_24.path, wall_clip.path, text_file)
    # The first round has everything loaded that is loaded once.
    visit(app, tmp_path / "first", 1, *clips)
    before = census(app, signal.SIGUSR2)
    visit(app, tmp_path / "second", 2, *clips[1::-1], *clips[2:])
    pieces = [clip.read_bytes()[at : at + 48] for clip in clips[:3] for at in (40_000, 60_000)]
    assert files_that_hold(app, MARK.encode(), str(AGE).encode(), *pieces) == []
    assert app.readers() == []
    wait_for(lambda: not new_and_large(before, census(app, signal.SIGUSR1)))
    # What is not asked for lies there, alone and private, for ten minutes; so does a result that nobody fetches.
    visitor = Visitor(app, tmp_path / "third", 3)
    left = Path(visitor.upload(pulse_clip.path))
    visitor.ask(wall_clip.path)
    wait_for(lambda: app.files_left() == [left])
    assert files_that_hold(app, MARK.encode()) == [left]
    wait_for(lambda: not (after := census(app, signal.SIGUSR2))["marked"] and not new_and_large(before, after))
    assert files_that_hold(app, MARK.encode(), *pieces) == []


def new_and_large(before, after):
    known = {tuple(thing) for thing in before["large"]}
    return [thing for thing in after["large"] if tuple(thing) not in known]


def test_logs_name_nobody_and_nothing_is_told_elsewhere(app, tmp_path, pulse_clip, wall_clip, text_file):
    log = app.log.read_text()
    assert "The page is at" in log, "this must be the log"
    assert MARK not in log
    assert str(AGE) not in log
    assert "Traceback" not in log
    assert len(list(app.folder.glob("probed.*"))) == 2, "the app, and what its readings are forked from"
    addresses = app.folder / "addresses.txt"
    assert not addresses.exists() or addresses.read_text() == ""


def test_the_landmark_library_brings_no_reporting_client():
    """Python's audit hooks do not see what a library in C++ does; this one's later releases report their use."""
    folder = Path(next(iter(importlib.util.find_spec("mediapipe").submodule_search_locations)))
    libraries = list(folder.rglob("libmediapipe*"))
    assert libraries
    for library in libraries:
        content = library.read_bytes()
        assert b"play.googleapis.com" not in content
        assert b"http_logging_client" not in content
