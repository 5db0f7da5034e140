import json
import pickle

import numpy as np
import pytest

from bpdemo.data.pure import LOADER
from bpdemo.sources import Pictures
from tests.support.data_sets.parts import add_leftovers, error_of, upper_endings, wave
from tests.support.data_sets.pure import NAMES, write_pure


@pytest.fixture
def folder(tmp_path):
    return write_pure(tmp_path / "set")


def load(folder):
    return {one.name: one for one in LOADER.load(folder, "mine")}


def test_each_value_is_read(folder):
    found = load(folder)
    assert [*found] == [*NAMES]
    one = found["10-03"]
    assert (one.person, one.clip) == ("pure:10", Pictures(folder / "10-03" / "10-03"))
    assert (one.heart_rate_bpm, one.task, one.pressure, one.missing) == (60.5, "slow translation", None, ())
    assert [found[name].task for name in NAMES] == ["steady", "talking", "medium rotation", "slow translation"]
    assert [found[name].person for name in NAMES] == ["pure:01", "pure:01", "pure:02", "pure:10"]
    samples = pickle.loads(pickle.dumps(one.pulse)).read()
    assert samples.values.tolist() == wave(21, 3)
    # To the nanosecond: time stamps have more digits than a float64.
    assert samples.time_s == pytest.approx((-50000000 + np.arange(21) * 16666667) / 1e9, abs=1e-12)
    assert LOADER.recognises(folder)


def test_pictures_beside_their_labels_are_read(folder, tmp_path):
    beside = tmp_path / "beside"
    beside.mkdir()
    for name in NAMES:
        (folder / name / name).rename(beside / name)
        (folder / name / f"{name}.json").rename(beside / f"{name}.json")
    found = load(beside)
    assert [*found] == [*NAMES]
    assert found["10-03"].clip == Pictures(beside / "10-03")
    assert found["10-03"].pulse.read().values.tolist() == wave(21, 3)
    assert {one.missing for one in found.values()} == {()}
    assert LOADER.recognises(beside)


def test_times_start_with_the_first_picture_that_is_there(folder):
    before = load(folder)["10-03"].pulse.read().time_s
    first, second, *_ = sorted((folder / "10-03" / "10-03").iterdir())
    first.unlink()
    second.unlink()
    assert load(folder)["10-03"].pulse.read().time_s == pytest.approx(before - 2 * 0.033333333, abs=1e-9)


def test_labels_among_their_pictures_are_read(folder):
    (folder / "10-03" / "10-03.json").rename(folder / "10-03" / "10-03" / "10-03.json")
    assert load(folder)["10-03"].pulse.read().values.tolist() == wave(21, 3)


def test_what_is_not_there_is_missing(folder):
    for path in (folder / "01-02" / "01-02").iterdir():
        path.unlink()
    (folder / "02-06" / "02-06.json").unlink()
    found = load(folder)
    assert (found["01-02"].clip, found["01-02"].missing) == (None, ("01-02/01-02/Image<nanoseconds>.png",))
    assert found["01-02"].pulse.read().values.tolist() == wave(21, 1)
    assert (found["02-06"].pulse, found["02-06"].heart_rate_bpm) == (None, None)
    assert found["02-06"].missing == ("02-06/02-06.json",)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.pop("/Image"),
        lambda content: content["/Image"].clear(),
        lambda content: content.pop("/FullPackage"),
        lambda content: content["/FullPackage"].clear(),
        lambda content: content["/FullPackage"][3].pop("Value"),
        lambda content: content["/FullPackage"].reverse(),
        lambda content: [one["Value"].update(waveform=60) for one in content["/FullPackage"]],
    ],
)
def test_a_pulse_that_is_none_is_told(folder, change):
    label = folder / "01-01" / "01-01.json"
    content = json.loads(label.read_text())
    change(content)
    label.write_text(json.dumps(content))
    one = load(folder)["01-01"]
    assert one.clip is not None
    assert error_of(one.pulse.read).code == "data_invalid"


def test_a_file_that_was_cut_off_is_told(folder):
    label = folder / "01-01" / "01-01.json"
    label.write_text(label.read_text()[:200])
    one = load(folder)["01-01"]
    assert one.heart_rate_bpm is None
    assert error_of(one.pulse.read).code == "data_invalid"


def test_half_a_set_names_what_was_looked_for(folder, tmp_path):
    for path in folder.rglob("*.png"):
        path.unlink()
    assert "no 01-01/01-01/Image<nanoseconds>.png" in str(error_of(LOADER.load, folder, "mine"))
    error = error_of(LOADER.load, tmp_path, "mine")
    assert (error.code, "no 01-01/01-01/Image<nanoseconds>.png" in str(error)) == ("data_missing", True)
    assert not LOADER.recognises(tmp_path)


def test_leftovers_and_capitals_do_not_disturb(folder):
    for path in (folder / "01-02" / "01-02").iterdir():
        path.unlink()  # what is left behind is no picture
    add_leftovers(folder)
    (folder / "01-02" / "01-02" / "._Image1.png").write_bytes(b"\0")
    upper_endings(folder)
    found = load(folder)
    assert [*found] == [*NAMES]
    assert [one.clip is None for one in found.values()] == [False, True, False, False]
    assert found["10-03"].pulse.read().values.tolist() == wave(21, 3)
