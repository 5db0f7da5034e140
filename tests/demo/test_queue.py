"""The queue: full, cancelled, left by whoever waited - and no clip stays behind."""

import time

import httpx
import pytest
from gradio_client import Client, handle_file

from bpdemo.demo.server.queue import CLIPS_AT_ONCE, QUEUE_LENGTH
from tests.support.stand_in import SlowStandIn, serve_stand_in

pytestmark = pytest.mark.slow

PATIENCE_S = 20


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serve_stand_in(tmp_path_factory.mktemp("temporary"), SlowStandIn()) as served:
        yield served
        served.estimator.may_end.set()


@pytest.fixture(autouse=True)
def idle(served):
    """Begin and end with nothing under way."""
    served.estimator.may_end.clear()
    yield
    served.estimator.may_end.set()
    until(lambda: not served.page.clip_queue.event_ids_to_events and not served.files_left())


def until(is_so):
    for _ in range(20 * PATIENCE_S):
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError(f"not so within {PATIENCE_S} s")


def upload(served):
    return httpx.post(f"{served.url}gradio_api/upload", files={"files": ("a.mp4", b"clip")}).json()[0]


def ask(served, session=None, endpoint="estimate"):
    """Ask for an estimate as a program does; return the answer to that, not yet the estimate."""
    data = {"data": [{"path": upload(served), "meta": {"_type": "gradio.FileData"}}], "session_hash": session}
    if session is None:
        return httpx.post(f"{served.url}gradio_api/call/{endpoint}", json=data)
    fn = next(number for number, fn in served.page.fns.items() if fn.api_name == endpoint)
    return httpx.post(f"{served.url}gradio_api/queue/join", json=data | {"fn_index": fn})


def fill(served, waiting=0):
    """Have as many clips read as may be at once, and so many wait."""
    events = [ask(served).json()["event_id"] for _ in range(CLIPS_AT_ONCE)]
    until(lambda: served.estimator.reading == CLIPS_AT_ONCE)
    return events + [ask(served).json()["event_id"] for _ in range(waiting)]


def test_one_too_many_is_refused_in_a_sentence_and_all_others_are_served(served):
    events = fill(served, QUEUE_LENGTH)
    answer = ask(served)
    assert answer.status_code == 503
    assert f"{QUEUE_LENGTH} clips are waiting" in answer.json()["detail"]
    assert "Send it again" in answer.json()["detail"]
    assert len(served.files_left()) == CLIPS_AT_ONCE + QUEUE_LENGTH, "the refused one must be gone, all others there"
    served.estimator.may_end.set()
    for event in events:
        answer = httpx.get(f"{served.url}gradio_api/call/estimate/{event}", timeout=60).text
        assert "not_a_video" in answer
    assert ask(served).status_code == 200


def test_a_page_that_finds_the_queue_full_is_told_so_once_and_its_clip_is_gone(served):
    fill(served, QUEUE_LENGTH)
    assert ask(served, "late").status_code == 503
    # The guided recorder names its clip in its event, and not among the inputs.
    event = {"data": [None], "event_data": {"clip": upload(served)}, "fn_index": 0, "session_hash": "late"}
    assert httpx.post(f"{served.url}gradio_api/queue/join", json=event).status_code == 503
    assert len(served.files_left()) == CLIPS_AT_ONCE + QUEUE_LENGTH
    assert served.page.clip_queue.why_unserved("another") == "failed"
    assert [served.page.clip_queue.why_unserved("late") for _ in range(3)] == ["busy", "busy", "failed"]


def test_a_client_that_leaves_ends_its_reading(served):
    event = ask(served).json()["event_id"]
    with httpx.stream("GET", f"{served.url}gradio_api/call/estimate/{event}", timeout=0.3) as stream:
        until(lambda: served.estimator.reading == 1)
        with pytest.raises(httpx.ReadTimeout):
            list(stream.iter_raw())
    until(lambda: served.estimator.reading == 0 and not served.files_left())


def test_a_cancelled_job_ends_its_reading(served, tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"clip")
    client = Client(served.url, verbose=False, analytics_enabled=False)
    job = client.submit(handle_file(str(tmp_path / "a.mp4")), api_name="/estimate")
    until(lambda: job.status().progress_data)  # only now does the client know what to cancel
    job.cancel()
    until(lambda: served.estimator.reading == 0 and not served.files_left())


def test_a_waiting_clip_goes_with_whoever_leaves(served):
    fill(served)
    ask(served, "leaver")
    assert len(served.page.clip_queue) == 1
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{served.url}gradio_api/queue/data", params={"session_hash": "leaver"}, timeout=0.3)
    until(lambda: len(served.page.clip_queue) == 0 and len(served.files_left()) == CLIPS_AT_ONCE)
    assert served.estimator.reading == CLIPS_AT_ONCE, "nobody else's reading may end"


def test_a_waiting_clip_goes_with_a_cancel(served):
    fill(served)
    event = ask(served, "waiting").json()["event_id"]
    body = {"session_hash": "waiting", "fn_index": 0, "event_id": event}
    httpx.post(f"{served.url}gradio_api/cancel", json=body).raise_for_status()
    until(lambda: len(served.page.clip_queue) == 0 and len(served.files_left()) == CLIPS_AT_ONCE)
    assert served.estimator.reading == CLIPS_AT_ONCE


def test_what_is_counted_of_requests_does_not_grow(served):
    served.estimator.may_end.set()
    for _ in range(5):
        event = ask(served).json()["event_id"]
        httpx.get(f"{served.url}gradio_api/call/estimate/{event}", timeout=60)
    assert len(served.page.clip_queue.event_analytics) <= 1
    assert served.page.upload_file_set == set()
