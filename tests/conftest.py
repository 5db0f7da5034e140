"""Clips of which everything is known, each rendered once for all tests."""

import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pytest

from bpdemo.synthesis.encode import CODECS, write_sound
from bpdemo.synthesis.scenes import Scene, irregular_times, render_clip
from tests.support import small_pulse as small_pulse_model
from tests.support.serve_app import serve_app
from tests.support.small_ppg_bp import write_ppg_bp


@dataclass(frozen=True)
class KnownClip:
    """A rendered clip: its file, its scene, and what is true of it (see `render_clip`)."""

    path: Path
    scene: Scene
    truth: dict


SMALL = {"width": 320, "height": 240, "noise": 1.5}


@pytest.fixture(autouse=True)
def usual_priority():
    """No test leaves its process a real-time one, as SVT-AV1 does to whoever encodes as root (see `encode`)."""
    yield
    if hasattr(os, "sched_getscheduler"):
        assert os.sched_getscheduler(0) == os.SCHED_OTHER


@pytest.fixture
def run_here(tmp_path, monkeypatch, capsys):
    """Return what runs a command in this process, where what takes seconds to load is loaded already."""
    from bpdemo.cli import main
    from bpdemo.system import runtime

    def run(*arguments):
        monkeypatch.setattr(runtime, "silence_native_stderr", lambda: None)  # which is for good
        monkeypatch.setattr(sys, "argv", ["bpdemo", *map(str, arguments)])
        monkeypatch.chdir(tmp_path)
        with pytest.raises(SystemExit) as ended:
            main()
        return subprocess.CompletedProcess(arguments, ended.value.code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def clips(tmp_path_factory):
    """A folder for the session's clips."""
    return tmp_path_factory.mktemp("clips")


def _render(folder: Path, name: str, **scene) -> KnownClip:
    scene = Scene(**{**SMALL, **scene})
    path = folder / (name + CODECS[scene.codec].suffix)
    return KnownClip(path, scene, asdict(render_clip(path, scene)))


@pytest.fixture(scope="session")
def pulse_clip(clips):
    """A face for 15 s at 30 frames a second, 72 bpm, H.264."""
    return _render(clips, "pulse", seed=11, heart_rate_bpm=72.0)


@pytest.fixture(scope="session")
def pulse_clip_24(clips):
    """A face for 12 s at 24 frames a second, 66 bpm, H.264 with a sound track, stored turned as phones do."""
    return _render(
        clips,
        "pulse_24",
        seed=12,
        heart_rate_bpm=66.0,
        frame_rate_hz=24.0,
        duration_s=12.0,
        rotation_degrees=90,
        sound=True,
    )


@pytest.fixture(scope="session")
def pulse_clip_60(clips):
    """A face for 12 s at 60 frames a second, 84 bpm, H.264."""
    return _render(clips, "pulse_60", seed=13, heart_rate_bpm=84.0, frame_rate_hz=60.0, duration_s=12.0)


@pytest.fixture(scope="session")
def vfr_clip(clips):
    """A face for 14 s at irregular intervals around 30 frames a second, 75 bpm, VP8 webm with a sound track."""
    times_s = irregular_times(14.0, 30.0, jitter=0.35, dropped=0.1, seed=14)
    return _render(clips, "vfr", seed=14, heart_rate_bpm=75.0, times_s=times_s, codec="vp8", sound=True)


@pytest.fixture(scope="session")
def still_clip(clips):
    """A photograph of the same face in a hand that shakes regularly, with gloss, for 12 s: no pulse."""
    return _render(
        clips, "still", seed=15, heart_rate_bpm=None, duration_s=12.0, tremor=0.006, tremor_hz=1.2, gloss=1.5
    )


@pytest.fixture(scope="session")
def wall_clip(clips):
    """An empty wall for 10 s."""
    return _render(clips, "wall", seed=16, subject="wall", duration_s=10.0)


@pytest.fixture(scope="session")
def dark_clip(clips):
    """A face in almost no light for 10 s."""
    return _render(clips, "dark", seed=17, duration_s=10.0, brightness=0.12, noise=2.0)


@pytest.fixture(scope="session")
def short_clip(clips):
    """A face for 3 s: too short for a reading."""
    return _render(clips, "short", seed=18, duration_s=3.0)


@pytest.fixture(scope="session")
def away_clip(clips):
    """A face for 12 s that is out of the picture from 3 s to 7 s."""
    return _render(clips, "away", seed=19, duration_s=12.0, away_s=(3.0, 7.0))


@pytest.fixture(scope="session")
def sound_only(clips):
    """A file with sound and no picture."""
    path = clips / "sound.mp4"
    write_sound(path, 2.0)
    return path


@pytest.fixture(scope="session")
def text_file(clips):
    """A text file called .mp4."""
    path = clips / "text.mp4"
    path.write_text("This is not a video.\n" * 50)
    return path


@pytest.fixture(scope="session")
def empty_file(clips):
    """A file without a byte in it."""
    path = clips / "empty.mp4"
    path.touch()
    return path


@pytest.fixture(scope="session")
def truncated_file(clips, short_clip):
    """The first half of an mp4 file, whose index is at the end."""
    path, data = clips / "truncated.mp4", short_clip.path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    return path


@pytest.fixture(scope="session")
def quarters():
    """A picture [48, 64, 3] with a colour in each quarter: red, green / blue, white - so that a turn can be told."""
    image = np.zeros((48, 64, 3), np.uint8)
    image[:24, :32], image[:24, 32:], image[24:, :32], image[24:, 32:] = (
        (200, 20, 20),
        (20, 200, 20),
        (20, 20, 200),
        (230, 230, 230),
    )
    return image


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    """The app in a process of its own; its start takes as long as many requests."""
    with serve_app(tmp_path_factory.mktemp("app")) as served:
        yield served


@pytest.fixture(scope="session")
def small_weights(tmp_path_factory) -> Path:
    """A small weights folder; not to be changed."""
    from tests.support.small_weights import write_small  # here, as importing torch takes a second

    folder = tmp_path_factory.mktemp("small_weights")
    write_small(folder)
    return folder


@pytest.fixture(scope="session")
def ppg_bp(tmp_path_factory) -> Path:
    """Six people, the higher the pressure the lower the second wave."""
    people = [(2 + 3 * i, 105.0 + 16 * i, 62.0 + 5 * i, 60.0 + 6 * i, 0.6 - 0.1 * i) for i in range(6)]
    return write_ppg_bp(tmp_path_factory.mktemp("ppg_bp"), people)


@pytest.fixture
def small_pulse(monkeypatch):
    """The model of `support.small_pulse`, registered for as long as the test lasts."""
    small_pulse_model.register(monkeypatch)
