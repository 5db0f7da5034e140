"""recording.py: a recording's rows are the windows that the demo reads, with their truth."""

import shutil
from dataclasses import dataclass
from zipfile import ZipFile

import numpy as np
import pytest

from bpdemo.capture import read_capture
from bpdemo.crops import CropForm, read_crops
from bpdemo.data.person import Recording
from bpdemo.data.pressure import Cuff, WindowPressure
from bpdemo.data.signals import InMemory, Samples, TextColumn
from bpdemo.maps import recording as module
from bpdemo.maps.recording import CLIP_MISSING, hash_source, read_recording, size_of_source
from bpdemo.sources import Pictures
from bpdemo.window import read_windows

CONTACT_BPM = 66.0
FORM = CropForm(side=24, rate_hz=25.0, width=1.2, height=1.2, follows=True)


@dataclass(frozen=True)
class PressureOfTheSecond:
    """Only the second window has a pressure."""

    kind: str = "wave"

    def of_windows(self, places):
        self_known = WindowPressure(131.0, 82.0, note="wrong_sign")
        return [self_known if i == 1 else WindowPressure(np.nan, np.nan, "dropout") for i in range(len(places))]


@pytest.fixture(scope="module")
def capture(pulse_clip):
    return read_capture(pulse_clip.path)


@pytest.fixture(scope="module")
def rows_24(pulse_clip_24):
    """The rows of a clip with crops, read in this process; not to be changed."""
    return read_recording(a_recording(pulse_clip_24.path), crops=FORM)


@pytest.fixture
def read_once(monkeypatch, capture):
    """Decoding takes nearly all of the time."""
    monkeypatch.setattr(module, "read_capture", lambda _: capture)


def a_recording(clip, **known):
    return Recording("ours:7", "a/b", clip, **known)


def test_maps_are_those_of_the_demo_rounded_to_half_precision(pulse_clip_24, rows_24):
    windows = read_windows(read_capture(pulse_clip_24.path))
    assert len(rows_24) == len(windows) > 0
    for number, (row, window) in enumerate(zip(rows_24, windows, strict=True)):
        shape = window.stmap.values.shape
        np.testing.assert_array_equal(np.reshape(row["stmap"], shape), window.stmap.values.astype(np.float16))
        np.testing.assert_array_equal(np.reshape(row["mask"], shape[1:]), window.stmap.mask)
        assert (row["columns"], row["scale"]) == (shape[2], window.stmap.scale)
        np.testing.assert_array_equal(np.reshape(row["beats"], window.beats.values.shape), window.beats.values)
        np.testing.assert_array_equal(row["beats_weight"], window.beats.weight.ravel())
        np.testing.assert_array_equal(row["pulse"], window.pulse.wave.astype(np.float32))
        assert (row["window"], row["start_s"], row["end_s"]) == (number, window.start_s, window.end_s)
        assert (row["status"], row["code"], row["has_pulse"]) == (window.status, "", window.has_pulse)
        assert [check["name"] for check in row["checks"]] == [check.name for check in window.checks]
    assert rows_24[0]["pulse_heart_rate_bpm"] == pytest.approx(66, abs=1)
    assert rows_24[0]["frame_rate_hz"] == pytest.approx(24, abs=0.1)


def test_a_subprocess_reads_the_same_with_the_same_crops(pulse_clip_24, rows_24):
    there = read_recording(a_recording(pulse_clip_24.path), isolate=True, crops=FORM)
    for one, other in zip(rows_24, there, strict=True):
        np.testing.assert_equal(other, one)
        assert other["crops"]
        assert other.get("crops_contact") is None


def test_a_cuff_holds_for_every_window(pulse_clip, read_once):
    about = {"age": 41.0, "sex": "female", "skin_tone": "Fitzpatrick 3", "task": "rest", "camera": "front"}
    rows = read_recording(a_recording(pulse_clip.path, pressure=Cuff(118, 71), **about))
    for row in rows:
        assert (row["systolic"], row["diastolic"], row["pressure_kind"], row["pressure_fault"]) == (118, 71, "cuff", "")
        assert {name: row[name] for name in about} == about
        assert (row["data_set"], row["person"], row["recording"]) == ("ours", "ours:7", "a/b")
        assert row["contact_fault"] == "missing"


def test_each_window_has_its_own_truth(pulse_clip, read_once, monkeypatch):
    monkeypatch.setattr(module, "read_windows", lambda capture: 2 * read_windows(capture))
    first, second = read_recording(a_recording(pulse_clip.path, pressure=PressureOfTheSecond()))
    assert first["pressure_fault"] == "dropout"
    assert first.get("systolic") is first.get("diastolic") is None
    assert (second["systolic"], second["diastolic"], second["pressure_fault"]) == (131, 82, "")
    assert (first["pressure_note"], second["pressure_note"], second["pressure_kind"]) == ("", "wrong_sign", "wave")


def test_without_a_pressure_the_fault_says_so(pulse_clip, read_once):
    (row,) = read_recording(a_recording(pulse_clip.path))
    assert (row["pressure_fault"], row["pressure_kind"]) == ("missing", None)


def test_the_contact_pulse_is_taken_at_the_maps_columns(pulse_clip, read_once):
    time_s = np.arange(-1, 20, 1 / 100)
    wave = np.sin(2 * np.pi * CONTACT_BPM / 60 * time_s)
    (row,) = read_recording(a_recording(pulse_clip.path, pulse=InMemory(Samples(wave, time_s))))
    expected = np.sin(2 * np.pi * CONTACT_BPM / 60 * (row["start_s"] + np.arange(row["columns"]) / 30))
    np.testing.assert_allclose(row["contact_pulse"], expected, atol=0.02)
    assert row["contact_heart_rate_bpm"] == pytest.approx(CONTACT_BPM, abs=0.5)
    assert row["contact_fault"] == ""


def test_what_is_wrong_with_a_contact_pulse_is_a_code(pulse_clip, read_once, tmp_path):
    half = Samples.evenly(np.sin(np.arange(500) / 10), 100.0)
    for pulse, fault in ((InMemory(half), "incomplete"), (TextColumn(tmp_path / "none.txt", 64.0), "data_missing")):
        (row,) = read_recording(a_recording(pulse_clip.path, pulse=pulse))
        assert row["contact_fault"] == fault
        assert row.get("contact_heart_rate_bpm") is None


def test_crops_are_kept_on_request_with_the_contact_pulse_at_their_times(pulse_clip, read_once, capture):
    time_s = np.arange(-1, 20, 1 / 100)
    wave = np.sin(2 * np.pi * CONTACT_BPM / 60 * time_s)
    recording = a_recording(pulse_clip.path, pulse=InMemory(Samples(wave, time_s)))
    (without,), (row,) = read_recording(recording), read_recording(recording, crops=FORM)
    assert without.keys() == {name for name in row if not name.startswith("crops")}
    (expected,) = read_crops(pulse_clip.path, capture.track, FORM, [(row["start_s"], row["end_s"])])
    shape = row["crops_frames"], FORM.side, FORM.side, 3
    np.testing.assert_array_equal(np.frombuffer(row["crops"], np.uint8).reshape(shape), expected)
    assert CropForm.from_json(row["crops_form"]) == FORM
    at = row["start_s"] + np.arange(len(expected)) / FORM.rate_hz
    np.testing.assert_allclose(row["crops_contact"], np.sin(2 * np.pi * CONTACT_BPM / 60 * at), atol=0.02)


def test_refused_windows_keep_their_map_and_their_reason(still_clip):
    rows = read_recording(a_recording(still_clip.path))
    assert {row["status"] for row in rows} == {"refused"}
    assert all(row["code"] and len(row["stmap"]) for row in rows)
    assert any(not check["passed"] for check in rows[0]["checks"])


@pytest.mark.parametrize(
    ("clip", "status", "code"), [("wall_clip", "refused", "no_face"), ("text_file", "error", "not_a_video")]
)
def test_without_a_window_there_is_one_row_that_says_why(request, clip, status, code):
    clip = request.getfixturevalue(clip)
    (row,) = read_recording(a_recording(getattr(clip, "path", clip)))
    assert (row["status"], row["code"], row.get("window")) == (status, code, None)
    assert len(row["source_sha256"]) == 64


def test_a_clip_that_is_not_there_is_one_row(tmp_path):
    for clip, code in ((None, CLIP_MISSING), (tmp_path / "none.mp4", "not_readable")):
        (row,) = read_recording(a_recording(clip))
        assert (row["status"], row["code"], row["source_bytes"]) == ("error", code, None)


def test_hash_and_size_are_of_the_content_wherever_it_lies(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "1.png").write_bytes(b"one")
    (folder / "2.png").write_bytes(b"three")
    with ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(folder / "1.png", "1.png")
        archive.write(folder / "2.png", "2.png")
        archive.writestr("other/3.png", b"another clip's")
    first = hash_source(Pictures(folder))
    assert size_of_source(Pictures(folder)) == 8
    assert hash_source(folder / "1.png") != hash_source(folder / "2.png")
    zipped = hash_source(Pictures(tmp_path / "all.zip"))
    assert zipped == first
    assert hash_source(Pictures(tmp_path / "all.zip", "other")) != zipped
    shutil.move(folder / "2.png", folder / "3.png")
    assert hash_source(Pictures(folder)) != first, "a missing picture is a gap in time"
    before = hash_source(Pictures(folder)), size_of_source(Pictures(folder))
    (folder / "@eaDir").mkdir()  # as network disks leave them
    (folder / "4.png").symlink_to("nowhere")
    assert (hash_source(Pictures(folder)), size_of_source(Pictures(folder))) == before
