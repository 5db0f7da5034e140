import json
import pickle

import numpy as np
import pytest

from bpdemo.data.person import group_people
from bpdemo.data.pressure import Cuff
from bpdemo.data.vital_videos import LOADER
from bpdemo.sources import TimedVideo
from tests.support.data_sets.parts import add_leftovers, error_of, upper_endings, wave
from tests.support.data_sets.vital_videos import FIRST, SECOND, THIRD, write_vital_videos


@pytest.fixture
def folder(tmp_path):
    return write_vital_videos(tmp_path)


def load(folder):
    return {one.name: one for one in LOADER.load(folder, "mine")}


def test_each_value_is_read(folder):
    found = load(folder)
    assert [*found] == [f"{FIRST}_1", f"{FIRST}_2", f"{SECOND}_1", f"{SECOND}_2", f"{THIRD}_1"]
    one = found[f"{FIRST}_2"]
    assert (one.person, one.pressure, one.heart_rate_bpm) == (f"vital_videos:{FIRST}", Cuff(151, 83.5), 65)
    assert (one.age, one.sex, one.skin_tone, one.task) == (71, "female", "Fitzpatrick 3", "Sitting, No movement, N")
    assert (one.height_cm, one.weight_kg, one.camera, one.missing) == (None, None, None, ())
    other = found[f"{SECOND}_2"]
    assert (other.person, other.pressure, other.heart_rate_bpm) == (f"vital_videos:{SECOND}", Cuff(118, 76), 71.5)
    assert (other.age, other.sex, other.skin_tone) == (34, "male", "Fitzpatrick 5")
    assert other.clip == folder / f"{SECOND}_2.mp4"
    last = found[f"{THIRD}_1"]
    assert (last.pressure, last.pulse, last.age, last.sex, last.skin_tone) == (None, None, None, None, None)
    assert LOADER.recognises(folder)
    assert not LOADER.may_share


def test_two_recordings_are_of_one_person(folder):
    assert {one.person for one in LOADER.load(folder, "mine")} == {f"vital_videos:{g}" for g in (FIRST, SECOND, THIRD)}
    cuffs = [one for one in LOADER.load(folder, "mine") if one.pressure and one.name != f"{SECOND}_2"]
    assert [person.name for person in group_people(cuffs)] == [f"vital_videos:{FIRST}"]


def test_a_pressure_of_some_recordings_only(folder):
    found = load(folder)
    assert [name for name, one in found.items() if one.pressure] == [f"{FIRST}_2", f"{SECOND}_2"]


def test_times_are_in_seconds_from_the_first_frame(folder):
    found = load(folder)
    samples = found[f"{FIRST}_1"].pulse.read()
    assert samples.values.tolist() == wave(40)
    assert samples.time_s == pytest.approx(np.arange(40) * 0.017)
    second = found[f"{FIRST}_2"]
    assert second.clip == TimedVideo(folder / f"{FIRST}_2.mp4", second.clip.times_s)
    assert second.clip.times_s == pytest.approx(np.arange(6) * 0.033)
    samples = pickle.loads(pickle.dumps(second.pulse)).read()
    assert samples.values.tolist() == wave(40, 1)
    assert samples.time_s == pytest.approx(-0.02 + np.arange(40) * 0.017)
    samples = found[f"{SECOND}_1"].pulse.read()
    assert samples.values == pytest.approx([*wave(39, 2), np.nan], nan_ok=True)
    assert samples.time_s == pytest.approx(np.arange(40) / 60)


def test_a_dead_pulse_is_told(folder):
    assert error_of(load(folder)[f"{SECOND}_2"].pulse.read).code == "data_invalid"


def test_a_video_that_was_withdrawn_is_missing(folder):
    (folder / f"{FIRST}_2.mp4").unlink()
    one = load(folder)[f"{FIRST}_2"]
    assert (one.clip, one.missing, one.pressure) == (None, (f"{FIRST}_2.mp4",), Cuff(151, 83.5))


def test_other_json_files_are_left_alone(folder):
    (folder / "about.json").write_text('{"scenarios": "two"}')
    (folder / "list.json").write_text("[]")
    (folder / "notes.json").write_text("to do")
    assert len(load(folder)) == 5


@pytest.mark.parametrize("text", ['{"GUID": "0', "[]", "\0\xff"])
def test_a_file_that_was_cut_off_is_an_error(folder, text):
    (folder / f"{FIRST}.json").write_bytes(text.encode("latin-1"))
    error = error_of(LOADER.load, folder, "mine")
    assert (error.code, FIRST in str(error)) == ("data_invalid", True)


def test_files_of_odd_content_are_read(folder):
    content = json.loads((folder / f"{FIRST}.json").read_text())
    content["scenarios"] = [7, {"recordings": None, "scenario_settings": None}, *content["scenarios"]]
    content["participant"] = None
    content["scenarios"][3]["recordings"]["RGB"]["timeseries"] = [[5], [5], "x", []]
    (folder / f"{FIRST}.json").write_text("\ufeff" + json.dumps(content), "utf-8")
    found = load(folder)
    assert found[f"{FIRST}_1"].pulse.read().values.tolist() == wave(40)  # what is no scenario takes no file
    assert found[f"{FIRST}_2"].clip == folder / f"{FIRST}_2.mp4"
    assert found[f"{FIRST}_2"].pulse.read().values.tolist() == wave(40, 1)


def test_a_scenario_that_is_none_moves_no_other(folder):
    content = json.loads((folder / f"{SECOND}.json").read_text())
    content["scenarios"][0] = None
    content["scenarios"][1]["recordings"]["RGB"]["filename"] = None
    (folder / f"{SECOND}.json").write_text(json.dumps(content))
    found = load(folder)
    assert (found[f"{SECOND}_2"].pressure, f"{SECOND}_1" in found) == (Cuff(118, 76), False)


def test_people_without_a_guid_are_not_one(folder):
    for guid in (FIRST, THIRD):
        content = json.loads((folder / f"{guid}.json").read_text())
        (folder / f"{guid}.json").write_text(json.dumps({**content, "GUID": " "}))
    found = load(folder)
    assert [found[f"{guid}_1"].person for guid in (FIRST, THIRD)] == [f"vital_videos:{g}" for g in (FIRST, THIRD)]


def test_a_video_of_two_people_is_an_error(folder):
    text = (folder / f"{THIRD}.json").read_text()
    (folder / f"{THIRD}.json").write_text(text.replace(f"{THIRD}_1.mp4", f"{FIRST}_1.mp4"))
    error = error_of(LOADER.load, folder, "mine")
    assert (error.code, f"{FIRST}_1 is of" in str(error)) == ("data_invalid", True)


def test_half_a_set_names_what_was_looked_for(folder, tmp_path):
    for path in folder.glob("*.mp4"):
        path.unlink()
    assert f"no {FIRST}_1.mp4" in str(error_of(LOADER.load, folder, "mine"))
    assert not LOADER.recognises(folder)
    for path in folder.glob("*.json"):
        path.unlink()
    error = error_of(LOADER.load, folder, "mine")
    assert (error.code, "no <GUID>.json" in str(error)) == ("data_missing", True)


def test_leftovers_and_capitals_do_not_disturb(folder):
    add_leftovers(folder)
    upper_endings(folder)
    found = load(folder)
    assert len(found) == 5
    assert {one.missing for one in found.values()} == {()}
    assert found[f"{FIRST}_2"].pulse.read().values.tolist() == wave(40, 1)
