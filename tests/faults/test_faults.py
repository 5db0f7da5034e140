"""Every bad and odd input of the corpus, read in one process of its own that is watched."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from bpdemo.clip import Clip
from tests.faults.corpus import make_corpus, rendered_face
from tests.faults.fault import READING, Fault, ramp, times_of, write
from tests.faults.pictures import FORMATS, suffix
from tests.faults.reading import Decoy, Listener, read_all

pytestmark = [pytest.mark.skipif(sys.platform != "linux", reason="limits and watching are Linux's"), pytest.mark.slow]

LEAST_INPUTS = 150
MOST_MB = 400


@pytest.fixture(scope="module")
def came(tmp_path_factory):
    """What came of each input, whether the decoy was opened, how often the address was visited, and what was left."""
    folder = tmp_path_factory.mktemp("faults")
    face = rendered_face()
    decoy = write(folder / "decoy.mp4", ramp(10), times_of(10))
    (folder / "corpus").mkdir()
    with Listener() as listener:
        faults = make_corpus(folder / "corpus", face, decoy, listener.address)
        with Decoy(decoy) as watch:
            outcomes = list(read_all(faults, folder / "work"))
            opened = watch.opened()
        return outcomes, opened, listener.visits, list((folder / "work").rglob("*"))


def test_every_input_comes_to_what_it_should(came):
    outcomes, *_ = came
    assert len(outcomes) >= LEAST_INPUTS
    wrong = [
        f"{o.fault.kind}, {o.fault.name}: {o.outcome} {o.heart_rate_bpm} {o.said}" for o in outcomes if not o.right
    ]
    assert wrong == []


def test_no_input_eats_the_memory(came):
    greedy = {outcome.fault.name: outcome.peak_mb for outcome in came[0] if outcome.peak_mb > MOST_MB}
    assert greedy == {}


def test_nothing_that_an_input_names_is_opened(came):
    _, opened, visits, _ = came
    assert (opened, visits) == (0, 0)


def test_nothing_is_left_on_disk(came):
    assert came[3] == []


def test_what_is_no_clip_gives_no_number(came):
    for outcome in came[0]:
        if READING not in outcome.fault.outcomes:
            assert outcome.outcome != READING
        if outcome.fault.heart_rate_bpm is None:
            assert outcome.heart_rate_bpm is None or "fps" in outcome.fault.name, outcome.fault.name


def test_what_is_cut_or_changes_is_said(came):
    notes = {outcome.fault.name: outcome.notes for outcome in came[0]}
    for name in ("hours.mp4", "flood.mp4", "times_far.mkv", "240_fps.mp4"):
        assert ("clip_cut" in notes[name]) == (name == "flood.mp4"), name
        assert "damaged" not in notes[name], name
    for name in ("grows.mkv", "shrinks.mkv", "face_shrinks.ts"):
        assert "size_changed" in notes[name]
    for name in ("face_late_last.mkv", "joined.ts", "joined_short.ts", "times_leap.mkv"):
        assert "interrupted" in notes[name], name
    for name in ("face_hour_later.mkv", "face_epoch.mkv", "face_stray.mkv", "b_frames.avi", "sound_longer.mp4"):
        assert set(notes[name]) <= {"like_average"}, name
    assert "slow_motion" in notes["slow_motion.mp4"]
    assert "damaged" in notes["vp8_16k_later.webm"]


def test_a_process_that_dies_or_hangs_would_be_seen(tmp_path, monkeypatch):
    """The watch itself, tried on a reader that does what must not be."""
    (tmp_path / "bpdemo").mkdir()
    (tmp_path / "bpdemo" / "__init__.py").write_text(
        "import os, time\n"
        "class BloodPressureEstimator:\n"
        "    @classmethod\n"
        "    def from_pretrained(cls, _): return cls()\n"
        "    def answer(self, path):\n"
        "        if path == 'dies': os.abort()\n"
        "        if path == 'hangs': time.sleep(600)\n"
        "        if path == 'fills':\n"
        "            with open('full', 'wb') as file: file.write(bytes(2 ** 21))\n"
        "        raise KeyError(path)\n"
    )
    (tmp_path / "bpdemo" / "weights").mkdir()
    (tmp_path / "bpdemo" / "weights" / "__init__.py").touch()
    (tmp_path / "bpdemo" / "weights" / "store.py").write_text("def embedded_folder(): return None\n")
    monkeypatch.setattr("tests.faults.reading.PATH", (str(tmp_path), str(Path(__file__).resolve().parents[2])))
    monkeypatch.setattr("tests.faults.reading.WAIT_S", 2.0)
    faults = [Fault("", name, "", name, frozenset({READING})) for name in ("dies", "odd", "hangs", "fills")]
    outcomes = list(read_all(faults, tmp_path / "work"))
    assert [outcome.outcome for outcome in outcomes] == ["died", "KeyError", "hung", "OSError"]
    assert not any(outcome.right for outcome in outcomes)


def test_the_decoy_would_be_seen_opened(tmp_path):
    path = tmp_path / "decoy"
    path.write_bytes(b"")
    with Decoy(path) as watch:
        assert watch.opened() == 0
        os.close(os.open(path, os.O_RDONLY))
        assert watch.opened() == 1


@pytest.mark.parametrize(("name", "encoder", "pix_fmt", "more"), [(f[0], *f[2:]) for f in FORMATS])
def test_colours_are_the_same_however_they_are_stored(tmp_path, name, encoder, pix_fmt, more):
    image = np.zeros((96, 128, 3), np.uint8)
    colours = ((210, 150, 120), (150, 90, 70), (90, 160, 200), (128, 128, 128))  # skin, darker skin, sky, grey
    parts = [(slice(48 * y, 48 * y + 48), slice(64 * x, 64 * x + 64)) for y in (0, 1) for x in (0, 1)]
    for part, colour in zip(parts, colours, strict=True):
        image[part] = colour
    path = write(tmp_path / f"clip{suffix(encoder)}", [image] * 3, times_of(3), encoder, pix_fmt, **more)
    with Clip(path) as clip:
        pixels = [frame.image for frame in clip.frames()][1]
    for (rows, columns), colour in zip(parts, colours, strict=True):
        middle = pixels[rows.start + 12 : rows.stop - 12, columns.start + 12 : columns.stop - 12]
        np.testing.assert_allclose(middle.mean(axis=(0, 1)), colour, atol=4)
