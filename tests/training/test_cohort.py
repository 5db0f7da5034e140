"""Who is learned from: people of data sets and of maps."""

import numpy as np
import pytest

from bpdemo.data.person import Recording
from bpdemo.data.pressure import Cuff
from bpdemo.data.signals import InMemory, Samples
from bpdemo.errors import DataError
from bpdemo.training import cohort as module
from bpdemo.training.cohort import prepare
from tests.support.made_up_maps import make_rows, write_maps
from tests.support.small_ppg_bp import finger_pulse
from tests.support.small_tables import write_recordings

FLAT = np.ones(500)
PULSE = finger_pulse(70, 0.4, 4, 100)


def recording(person, wave, clip=None):
    return Recording(person, "1", clip, Cuff(120.0, 80.0), InMemory(Samples.evenly(wave, 100.0)))


@pytest.fixture
def loaded(monkeypatch):
    """What a data set called `set` is said to hold."""
    recordings = []
    monkeypatch.setattr(module, "load", lambda data: recordings if data else [])
    return recordings


def test_people_without_a_beat_are_left_out(loaded):
    loaded += [recording("set:1", PULSE), recording("set:flat", FLAT), recording("set:2", PULSE)]
    cohort = prepare({"set": "DIR"})
    assert [person.name for person in cohort.people] == ["set:1", "set:2"]
    assert cohort.recorded == cohort.people
    assert (cohort.name, cohort.left_out, cohort.filmed, cohort.clips) == ("set", 1, None, None)
    del loaded[0], loaded[1]
    with pytest.raises(DataError) as caught:
        prepare({"set": "DIR"})
    assert caught.value.code == "no_beats"


def test_a_finger_pulse_is_no_substitute_for_a_lost_clip(loaded, tmp_path, text_file):
    loaded += [recording("set:1", PULSE, text_file), recording("set:2", PULSE)]
    cohort = prepare({"set": "DIR"}, [write_maps(tmp_path, make_rows(people=3))])
    assert cohort.recorded == ()
    assert (cohort.left_out, cohort.clips.refused) == (2, {"not_a_video": 1, "clip_missing": 1})


def test_a_clip_without_a_pressure_is_not_read(loaded, tmp_path):
    loaded.append(Recording("set:1", "1", tmp_path / "nowhere.mp4"))
    cohort = prepare({"set": "DIR"}, [write_maps(tmp_path, make_rows(people=3))])
    assert cohort.clips.refused == {"no_pressure": 1}


def test_maps_stand_behind_recordings(tmp_path):
    (tmp_path / "pulses").mkdir()
    data = {"pulses": write_recordings(tmp_path / "pulses", people=2)}
    first = write_maps(tmp_path / "a", make_rows("mmse_hr", people=2, windows=1))
    second = write_maps(tmp_path / "b", make_rows("mcd_rppg", people=1, clips=1, windows=1))
    cohort = prepare(data, [first, second])
    assert cohort.data_sets == ("pulses", "mmse_hr", "mcd_rppg")
    both = cohort.render(("standard", "poor"), 0, "training")
    names = ["pulses:0", "pulses:1", "mmse_hr:F000", "mmse_hr:M000", "mcd_rppg:F000"]
    assert [person.name for person in both.people] == names
    assert both.person.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4]
    assert both.quality.tolist() == ["standard", "poor"] * 2 + ["filmed"] * 5
    assert both.clip.tolist() == [-1] * 4 + [0, 1, 2, 3, 4]
    assert both.clips[4].person == "mcd_rppg:F000"


def test_sets_cut_from_the_same_sessions_are_not_learned_from_together(tmp_path):
    rows = [*make_rows("mmse_hr", people=1), *make_rows("v4v", people=1)]
    with pytest.raises(DataError) as caught:
        prepare({}, [write_maps(tmp_path, rows)])
    assert caught.value.code == "data_invalid"


def test_nobody_is_recorded_in_one_set_and_filmed_in_another(tmp_path):
    (tmp_path / "pulses").mkdir()
    data = {"pulses": write_recordings(tmp_path / "pulses", people=2)}
    rows = make_rows("pulses", people=1, person="pulses:1")
    with pytest.raises(DataError) as caught:
        prepare(data, [write_maps(tmp_path / "maps", rows)])
    assert caught.value.code == "data_invalid"
    assert "pulses:1" in str(caught.value)


def test_only_who_is_wanted_counts(tmp_path):
    maps = [write_maps(tmp_path / name, make_rows(name, people=2)) for name in ("mmse_hr", "v4v")]
    cohort = prepare({}, maps, lambda person: person.startswith("v4v:"))
    assert cohort.data_sets == ("v4v",)
    assert (len(cohort.people), cohort.left_out, cohort.clips.read) == (2, 0, 4)
