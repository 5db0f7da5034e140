import pickle

import numpy as np
import pytest

from bpdemo.data.ubfc_phys import LOADER
from tests.support.data_sets.parts import add_leftovers, error_of, upper_endings, wave
from tests.support.data_sets.ubfc_phys import write_ubfc_phys

NAMES = [f"{person}/T{task}" for person in ("s1", "s2", "s10") for task in (1, 2, 3)]


@pytest.fixture
def folder(tmp_path):
    return write_ubfc_phys(tmp_path / "set")


def load(folder):
    return {one.name: one for one in LOADER.load(folder, "mine")}


def test_each_value_is_read(folder):
    found = load(folder)
    assert [*found] == NAMES
    one = found["s10/T3"]
    assert (one.person, one.clip) == ("ubfc_phys:s10", folder / "s10" / "vid_s10_T3.avi")
    assert (one.sex, one.task, one.pressure, one.missing) == ("female", "T3 arithmetic", None, ())
    assert [found[f"s1/T{task}"].task for task in (1, 2)] == ["T1 rest", "T2 speech"]
    assert found["s1/T1"].sex == "male"
    samples = pickle.loads(pickle.dumps(one.pulse)).read()
    assert samples.values.tolist() == wave(30, 5)
    assert samples.time_s == pytest.approx(np.arange(30) / 64)
    assert LOADER.recognises(folder)


def test_three_recordings_are_of_one_person(folder):
    assert [one.person for one in load(folder).values()] == [f"ubfc_phys:{name.split('/')[0]}" for name in NAMES]


def test_a_mirrors_layout_and_doubled_folders_are_read(folder, tmp_path):
    (folder / "s2").rename(tmp_path / "inner")
    (folder / "s2").mkdir()
    (tmp_path / "inner").rename(folder / "s2" / "s2")
    folder.rename(tmp_path / "Data")
    found = load(tmp_path)
    assert [*found] == NAMES
    assert found["s2/T1"].clip == tmp_path / "Data" / "s2" / "s2" / "vid_s2_T1.avi"
    assert {one.missing for one in found.values()} == {()}
    assert LOADER.recognises(tmp_path)


def test_what_is_not_there_is_missing(folder):
    (folder / "s2" / "vid_s2_T2.avi").unlink()
    (folder / "s2" / "bvp_s2_T3.csv").unlink()
    (folder / "s2" / "info_s2.txt").unlink()
    found = load(folder)
    assert (found["s2/T2"].clip, found["s2/T2"].missing) == (None, ("s2/vid_s2_T2.avi",))
    assert (found["s2/T3"].pulse, found["s2/T3"].missing) == (None, ("s2/bvp_s2_T3.csv",))
    assert (found["s2/T1"].sex, found["s2/T1"].missing) == (None, ())


def test_pulses_that_are_none_are_told(folder):
    label = folder / "s1" / "bvp_s1_T1.csv"
    label.write_text("7\n" * 30)
    assert error_of(load(folder)["s1/T1"].pulse.read).code == "data_invalid"
    label.write_text("")
    assert error_of(load(folder)["s1/T1"].pulse.read).code == "data_invalid"
    for text in ("0,5\n0,75\n1,5\n", "0;5\n1;7\n2;5\n"):  # decimals after a comma, a column too many
        label.write_text(text)
        assert error_of(load(folder)["s1/T1"].pulse.read).code == "data_invalid"
    label.write_text("1,\r\n2,\r\n3,\r\n")
    assert load(folder)["s1/T1"].pulse.read().values.tolist() == [1, 2, 3]
    label.write_text("1\nbroken\n3\n")
    assert load(folder)["s1/T1"].pulse.read().values == pytest.approx([1, np.nan, 3], nan_ok=True)


def test_half_a_set_names_what_was_looked_for(folder, tmp_path):
    for path in folder.rglob("*.avi"):
        path.unlink()
    assert "no s1/vid_s1_T1.avi" in str(error_of(LOADER.load, folder, "mine"))
    (tmp_path / "empty").mkdir()
    error = error_of(LOADER.load, tmp_path / "empty", "mine")
    assert (error.code, "no s1/vid_s1_T1.avi" in str(error)) == ("data_missing", True)
    assert not LOADER.recognises(tmp_path / "empty")


def test_leftovers_and_capitals_do_not_disturb(folder):
    add_leftovers(folder)
    upper_endings(folder)
    found = load(folder)
    assert [*found] == NAMES
    assert {one.missing for one in found.values()} == {()}
    assert found["s10/T3"].sex == "female"
    assert found["s10/T3"].pulse.read().values.tolist() == wave(30, 5)
