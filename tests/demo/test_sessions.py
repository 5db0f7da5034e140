"""What Gradio keeps of a session goes after a while, and what a page still needs stays. The estimator is a stand-in."""

import asyncio
import os
import time
from types import SimpleNamespace

import pytest

from bpdemo.demo.server import sessions
from bpdemo.demo.server.gradio_internals import file_upload_statuses, forget_sessions
from bpdemo.demo.server.sessions import session_cleanup
from bpdemo.demo.server.uploads import KEEP_S
from tests.support.stand_in import StandIn, serve_stand_in

A_WHILE_S = 600


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    with serve_stand_in(tmp_path_factory.mktemp("temporary"), StandIn()) as served:
        yield served.page.app


@pytest.fixture
def session(app):
    """A session that was heard of just now, and has results that nobody fetched."""
    yield app.state_holder["someone"]
    app.state_holder.session_data.pop("someone", None)


def is_kept(app, keep_s):
    app.get_blocks()._queue.pending_messages_per_session["someone"] = ["a result"]
    forget_sessions(app, keep_s)
    kept = "someone" in app.state_holder
    assert ("someone" in app.get_blocks()._queue.pending_messages_per_session) == kept
    assert ("someone" in app.state_holder.time_last_used) == kept
    return kept


def test_a_session_is_forgotten_after_a_while_and_not_before(app, session):
    assert is_kept(app, A_WHILE_S)
    assert not is_kept(app, -1)


def test_a_session_whose_clip_is_being_read_stays(app, session):
    events = app.get_blocks()._queue.event_ids_to_events
    events["its event"] = SimpleNamespace(session_hash="someone")
    assert is_kept(app, -1)
    del events["its event"]
    assert not is_kept(app, -1)


def test_how_far_uploads_were_is_forgotten_once_they_ended(app):
    for name in ("ended", "under way"):
        file_upload_statuses.append(name, "a_persons_name.mp4", b"x")
    file_upload_statuses.set_done("ended")
    forget_sessions(app)
    assert "ended" not in file_upload_statuses._statuses
    assert "ended" not in file_upload_statuses._signals
    assert not file_upload_statuses.is_done("under way")


def test_sessions_and_files_are_cleaned_up_again_and_again_while_the_app_runs(monkeypatch, uploads):
    cleaned = []
    monkeypatch.setattr(sessions, "_EVERY_S", 0.001)
    monkeypatch.setattr(sessions, "forget_sessions", cleaned.append)
    left = uploads.new_file("clip.mp4")
    left.write_bytes(b"clip")
    os.utime(left, (time.time() - KEEP_S - 100,) * 2)

    async def run():
        async with session_cleanup(uploads)("the app"):
            while len(cleaned) < 3 or left.exists():
                await asyncio.sleep(0.001)
        await asyncio.sleep(0.01)
        ended = len(cleaned)
        await asyncio.sleep(0.05)
        assert len(cleaned) == ended

    asyncio.run(asyncio.wait_for(run(), 60))
    assert set(cleaned) == {"the app"}
