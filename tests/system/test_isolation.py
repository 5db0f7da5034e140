"""isolation.py: a clip is read in a process of its own, as it would be in this one, and harms nobody."""

import multiprocessing
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client, handle_file

from bpdemo.capture import read_capture
from bpdemo.crops import CropForm, read_crops
from bpdemo.errors import ClipError
from bpdemo.system import isolation
from bpdemo.system.isolation import read_crops_in_subprocess, read_in_subprocess
from tests.support.serve_app import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a clip is read in this process")


FORM = CropForm(side=64, rate_hz=25.0, width=1.2, height=1.4, follows=True)
PLACES = [(0.0, 1.0), (0.8, 1.8), (1.6, 2.6)]


class LeftError(Exception):
    """Nobody waits any more."""


def readers():
    """The processes that read a clip for this one; other tests' clusters are none."""
    kind = multiprocessing.get_context("forkserver").Process
    return [process for process in multiprocessing.active_children() if isinstance(process, kind)]


def test_it_gives_what_reading_here_gives_and_leaves_no_process(short_clip):
    here, there = read_capture(short_clip.path), read_in_subprocess(short_clip.path)
    assert readers() == []
    assert there.report == here.report
    for name, values in vars(here.traces).items():
        np.testing.assert_array_equal(getattr(there.traces, name), values)
    assert [one.time_s for one in there.thumbnails] == [one.time_s for one in here.thumbnails]
    np.testing.assert_array_equal(there.thumbnails[1].image, here.thumbnails[1].image)
    np.testing.assert_array_equal(there.thumbnails[1].landmarks, here.thumbnails[1].landmarks)


def test_what_it_is_forked_from_has_everything_loaded_and_no_thread(short_clip):
    """A thread would be missing in the forks, and whoever waits for it would wait for ever."""
    code = (
        "import sys, threading, bpdemo.system.fork_server; from pathlib import Path;"
        "known = set(sys.modules); print(len(list(Path('/proc/self/task').iterdir())));"
        f"from bpdemo.capture import read_capture; read_capture({str(short_clip.path)!r});"
        "print(sorted(set(sys.modules) - known))"
    )
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}  # that library makes its own threads ready for a fork
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert ran.stdout.split("\n")[:2] == ["1", "[]"]


def test_it_can_be_started_where_temporary_files_lie_deep(tmp_path):
    deep = tmp_path / ("a" * 100)
    deep.mkdir()
    code = (
        "import tempfile; from multiprocessing.util import get_temp_dir; from bpdemo.system import isolation, runtime;"
        "runtime.shorten_socket_folder(); isolation.prepare(); print(tempfile.gettempdir(), get_temp_dir())"
    )
    environment = os.environ | {"TMPDIR": str(deep)}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    folder, of_socket = ran.stdout.split()
    assert folder == str(deep)
    assert of_socket.startswith("/tmp/")


def test_it_may_not_go_on_for_ever_and_is_what_goes_where_memory_is_short(short_clip):
    import resource  # there is none on Windows

    seen = []

    def look(*_):
        (reader,) = (process.pid for process in readers())
        spent_s = resource.prlimit(reader, resource.RLIMIT_CPU)[0]
        seen.append((spent_s, Path(f"/proc/{reader}/oom_score_adj").read_text().strip()))

    read_in_subprocess(short_clip.path, look)
    assert 0 < seen[-1][0] <= 1000
    assert seen[-1][1] == "1000"


def test_what_nobody_foresaw_there_is_logged_without_its_words(tmp_path):
    (tmp_path / "failing.py").write_text(
        "from bpdemo.system import isolation\n\n\ndef fail(*_):\n    raise RuntimeError('a_persons_name')\n\n\n"
        "isolation.read_capture = fail\n"
    )
    script = (
        "from bpdemo.system import isolation; isolation._LOADED[:] = ['failing'];"
        "isolation.read_in_subprocess('clip.mp4')"
    )
    path = os.pathsep.join((str(tmp_path), str(ROOT)))
    ran = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True
    )
    assert ran.stderr.splitlines()[-1] == "RuntimeError: reading a clip failed in its own process"
    assert "failing.py" in ran.stderr, "its place is logged"
    assert "a_persons_name" not in ran.stderr


def test_it_tells_how_far_it_is(short_clip):
    told = []
    read_in_subprocess(short_clip.path, lambda share, step: told.append((share, step)))
    assert told == sorted(told)
    assert len({share for share, _ in told}) > 5
    assert {step for _, step in told} == {"face"}


def test_what_is_no_clip_gives_the_same_error(text_file, tmp_path):
    for path in (text_file, tmp_path / "nowhere.mp4"):
        with pytest.raises(ClipError) as here:
            read_capture(path)
        with pytest.raises(ClipError) as raised:
            read_in_subprocess(path)
        assert raised.value.reason == here.value.reason


@pytest.fixture(scope="module")
def track(short_clip):
    return read_capture(short_clip.path).track


def test_it_gives_the_crops_that_reading_here_gives_one_window_after_another(short_clip, track):
    here = [*read_crops(short_clip.path, track, FORM, PLACES)]
    there = read_crops_in_subprocess(short_clip.path, track, FORM, PLACES)
    first = next(there)
    assert len(readers()) == 1
    np.testing.assert_array_equal([first, *there], here)
    assert readers() == []
    assert [*read_crops_in_subprocess(short_clip.path, track, FORM, [])] == []


def test_of_crops_that_nobody_wants_no_process_is_left(short_clip, track, monkeypatch):
    there = read_crops_in_subprocess(short_clip.path, track, FORM, PLACES)
    next(there)
    there.close()
    assert readers() == []

    def leave(*_):
        raise LeftError

    monkeypatch.setattr(isolation, "_POLL_S", 0.001)
    there = read_crops_in_subprocess(short_clip.path, track, FORM, PLACES, leave)
    with pytest.raises(LeftError):
        next(there)
    assert readers() == []


def test_a_crash_between_windows_or_within_one_is_an_error(short_clip, track):
    there = read_crops_in_subprocess(short_clip.path, track, FORM, PLACES)
    next(there)
    os.kill(readers()[0].pid, signal.SIGSEGV)  # the next window is larger than what lies in the pipe
    with pytest.raises(ClipError) as raised:
        next(there)
    assert raised.value.code == "crashed"
    assert readers() == []


def test_crops_of_what_is_no_clip_give_the_same_error(text_file, track):
    with pytest.raises(ClipError) as raised:
        next(read_crops_in_subprocess(text_file, track, FORM, PLACES))
    assert raised.value.code == "not_a_video"


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGSEGV, signal.SIGKILL, signal.SIGXCPU])
def test_a_reading_that_crashes_costs_no_other(short_clip, wall_clip, end):
    def crash(*_):
        for process in readers():
            if process.pid not in others:
                os.kill(process.pid, end)

    with ThreadPoolExecutor() as threads:
        others, started = set(), []

        def note(*_):
            if not started:
                started.append(others.update(process.pid for process in readers()))

        other = threads.submit(read_in_subprocess, short_clip.path, note)
        while not started and not other.done():
            pass
        with pytest.raises(ClipError) as raised:
            read_in_subprocess(wall_clip.path, crash)
        assert raised.value.code == "crashed"
        assert other.result().report.file.frames == 90
    assert readers() == []


@pytest.mark.slow
def test_in_the_app_a_crash_is_its_own_requests_error(app, pulse_clip, wall_clip):
    client, other = (Client(app.url, verbose=False, analytics_enabled=False) for _ in range(2))
    crashing = client.submit(handle_file(str(pulse_clip.path)), api_name="/estimate")
    while not app.readers():
        assert not crashing.done()
    (reader,) = app.readers()
    read = other.submit(handle_file(str(wall_clip.path)), api_name="/estimate")
    os.kill(reader, signal.SIGSEGV)
    crashed = crashing.result()
    assert (crashed["status"], crashed["reasons"][0]["code"]) == ("error", "crashed")
    assert [reason["code"] for reason in read.result()["reasons"]] == ["no_face"]
    assert client.predict(handle_file(str(pulse_clip.path)), api_name="/estimate")["status"] == "reading"
    assert app.readers() == []


def test_a_reading_that_nobody_waits_for_is_over_at_once(short_clip):
    def leave(*_):
        raise LeftError

    with pytest.raises(LeftError):
        read_in_subprocess(short_clip.path, leave)
    assert readers() == []


def test_whoever_waits_for_a_reading_that_hangs_can_leave(short_clip):
    asked = []

    def wait_a_little(*_):
        asked.append(os.kill(readers()[0].pid, signal.SIGSTOP))
        if len(asked) == 5:
            raise LeftError

    with pytest.raises(LeftError):
        read_in_subprocess(short_clip.path, wait_a_little)
    assert readers() == []
