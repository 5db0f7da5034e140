import numpy as np
import pytest

from bpdemo.data.arterial import ArterialPulse
from bpdemo.data.binghamton import SHARED_PEOPLE
from bpdemo.data.pressure import Wave
from bpdemo.data.signals import TextColumn
from bpdemo.data.v4v import LOADER
from bpdemo.errors import DataError
from tests.support.small_faces_sets import PHASE_1, PHASE_2, Session, write_column, write_v4v, write_v4v_by_session

TRAIN = [Session("M047", "T10", 128, 77, 66), Session("M047", "T1", 124, 73), Session("F001", "T1", 117, 68)]
PARTS = {"train": TRAIN, "valid": [Session("M010", "T4", 135, 85, 81)], "test": [Session("F099", "T3", 111, 62, 90)]}
NAMES = ["F001/T1", "F099/T3", "M010/T4", "M047/T1", "M047/T10"]
BP_RAW = f"{PHASE_1}/Ground truth/BP_raw_1KHz"


def load(folder):
    return LOADER.load(folder, "mine")


def error_of(folder):
    with pytest.raises(DataError) as caught:
        load(folder)
    assert caught.value.code == "data_missing"
    assert "'train_val/data'" in caught.value.reason.remedy
    return caught.value.reason.message


def check_truths(recordings, sessions):
    for recording, session in zip(recordings, sessions, strict=True):
        (truth,) = recording.pressure.of_windows([(1.0, 11.0)])
        assert (truth.systolic, truth.diastolic) == pytest.approx((session.systolic, session.diastolic), abs=0.01)


SORTED = [TRAIN[2], *PARTS["test"], *PARTS["valid"], TRAIN[1], TRAIN[0]]


def test_all_three_namings_of_the_challenge_are_read_to_the_last_value(tmp_path):
    write_v4v(tmp_path, PARTS)
    assert LOADER.recognises(tmp_path)
    recordings = load(tmp_path)
    assert [one.name for one in recordings] == NAMES
    assert [one.missing for one in recordings] == [()] * 5
    last = recordings[-1]
    assert (last.person, last.sex, last.task, last.age) == ("v4v:M047", "male", "T10", None)
    assert last.clip == tmp_path / PHASE_1 / "Videos/train-001_of_002/M047_T10.mkv"
    wave = TextColumn(tmp_path / BP_RAW / "M047-T10-BP.txt", 1000.0)
    assert (last.pressure, last.pulse) == (Wave(wave), ArterialPulse(wave))
    np.testing.assert_allclose(last.pulse.read().values, TRAIN[0].wave, atol=1e-6)
    assert recordings[1].clip == tmp_path / PHASE_2 / "Videos/Test/test/F099_T3.mkv"
    assert recordings[2].clip == tmp_path / PHASE_1 / "Videos/valid/M010_T4.mkv"
    assert recordings[2].pressure.signal.path == tmp_path / PHASE_2 / "blood_pressure/val_set_bp/M010-T4.txt"
    # Those of the frames are 3 higher and lower by turns; breaths, in the lines between, are none.
    assert [one.heart_rate_bpm for one in recordings] == pytest.approx([75, 90, 81, 75, 66])
    check_truths(recordings, SORTED)


def test_the_second_archive_of_training_videos_is_read_as_well(tmp_path):
    write_v4v(tmp_path, PARTS)
    other = tmp_path / PHASE_1 / "Videos/train-002_of_002"
    other.mkdir()
    (tmp_path / PHASE_1 / "Videos/train-001_of_002/M047_T1.mkv").rename(other / "M047_T1.MKV")
    assert load(tmp_path)[3].clip == other / "M047_T1.MKV"


def test_folders_within_may_be_links_to_another_disk(tmp_path):
    write_v4v(tmp_path, PARTS)
    inner = tmp_path / PHASE_2 / "Videos/Test/test"
    inner.rename(tmp_path / "disk")
    inner.symlink_to(tmp_path / "disk")
    assert load(tmp_path)[1].clip == inner / "F099_T3.mkv"


def test_hwangs_arrangement_is_read(tmp_path):
    write_v4v(tmp_path, PARTS, rearranged=True)
    assert LOADER.recognises(tmp_path)
    (tmp_path / "val/signal/._M010-T4.txt").write_text("0\n")
    recordings = load(tmp_path)
    assert [(one.name, one.missing, one.heart_rate_bpm) for one in recordings] == [(name, (), None) for name in NAMES]
    assert recordings[2].clip == tmp_path / "val/video/M010_T4.mkv"
    check_truths(recordings, SORTED)


def test_the_arrangement_by_session_is_read(tmp_path):
    write_v4v_by_session(tmp_path, TRAIN)
    assert LOADER.recognises(tmp_path)
    (tmp_path / "train_val/data/F001_T1/label.txt").unlink()
    (tmp_path / "test/Videos/Test/test").mkdir(parents=True)
    (tmp_path / "test/Videos/Test/test/F099_T3.mkv").touch()
    (tmp_path / "test/test_set_gt_release.txt").write_text("F099_T3.mkv,HR,8.0e1,82,0,nan,\nF099_T3.mkv,RR,15,15\n")
    first, test, second, tenth = load(tmp_path)
    assert (first.pressure, first.missing) == (None, ("train_val/data/F001_T1/label.txt",))
    assert (test.heart_rate_bpm, test.missing) == (81, ("test/blood_pressure/F099-T3.txt",))
    assert tenth.clip == tmp_path / "train_val/data/M047_T10/video.mkv"
    check_truths([second, tenth], [TRAIN[1], TRAIN[0]])


def test_sessions_are_paired_by_name_whatever_is_missing(tmp_path):
    write_v4v(tmp_path, PARTS)
    (tmp_path / BP_RAW / "M047-T1-BP.txt").unlink()  # T10's name contains T1's
    (tmp_path / PHASE_1 / "Videos/train-001_of_002/F001_T1.mkv").unlink()
    (tmp_path / PHASE_2 / "blood_pressure/test_set_bp/F099-T3.txt").unlink()
    first, test, _, second, tenth = load(tmp_path)
    assert (first.clip, first.missing) == (None, (f"{PHASE_1}/Videos/train*/F001_T1.mkv",))
    assert (test.pressure, test.missing) == (None, (f"{PHASE_2}/blood_pressure/test_set_bp/F099-T3.txt",))
    assert (second.pressure, second.pulse) == (None, None)
    assert second.missing == (f"{BP_RAW}/M047-T1-BP.txt",)
    check_truths([tenth], [TRAIN[0]])


def test_pressures_of_all_parts_may_lie_in_one_folder(tmp_path):
    write_v4v(tmp_path, PARTS)
    for name in ("val_set_bp/M010-T4.txt", "test_set_bp/F099-T3.txt"):
        file = tmp_path / PHASE_2 / "blood_pressure" / name
        file.rename(tmp_path / BP_RAW / file.name)
    recordings = load(tmp_path)
    assert [(one.name, one.missing) for one in recordings] == [(name, ()) for name in NAMES]
    check_truths(recordings, SORTED)


def test_a_wave_of_the_wrong_sign_is_turned(tmp_path):
    write_v4v(tmp_path, PARTS)
    write_column(tmp_path / BP_RAW / "F001-T1-BP.txt", -TRAIN[2].wave)
    first = load(tmp_path)[0]
    check_truths([first], [TRAIN[2]])
    assert first.pressure.of_windows([(1.0, 11.0)])[0].note == "turned"
    np.testing.assert_allclose(first.pulse.read().values[:800].argmax(), TRAIN[2].wave[:800].argmax())
    write_column(tmp_path / BP_RAW / "F001-T1-BP.txt", 190 - TRAIN[2].wave)
    assert load(tmp_path)[0].pressure.of_windows([(1.0, 11.0)])[0].fault == "upside_down"


def test_one_phase_alone_is_read(tmp_path):
    write_v4v(tmp_path, {"test": PARTS["test"]})
    assert [one.missing for one in load(tmp_path)] == [()]
    write_v4v(tmp_path / "first", {"train": TRAIN})
    assert len(load(tmp_path / "first")) == 3


def test_half_of_the_set_is_an_error_that_names_the_first_file(tmp_path):
    write_v4v(tmp_path, {"train": TRAIN})
    (tmp_path / BP_RAW).rename(tmp_path / "away")
    assert f"the whole of V4V: there is no {BP_RAW}/F001-T1-BP.txt in" in error_of(tmp_path)
    (tmp_path / "away").rename(tmp_path / BP_RAW)
    (tmp_path / PHASE_1 / "Videos").rename(tmp_path / "away")
    assert f"there is no {PHASE_1}/Videos/train*/F001_T1.mkv in" in error_of(tmp_path)


def test_another_folder_is_an_error(tmp_path):
    assert f"This is not V4V: there is no {PHASE_1}/Videos/train-001_of_002/F001_T1.mkv in" in error_of(tmp_path)
    (tmp_path / "F001_T1.mkv").touch()  # re-arranged otherwise
    (tmp_path / "F001-T1-BP.txt").write_text("93\n")
    assert "F001_T1.mkv" in error_of(tmp_path)
    assert not LOADER.recognises(tmp_path)
    assert not LOADER.may_share


def test_the_sets_that_share_people_are_named():
    assert set(SHARED_PEOPLE) == {"bp4d", "mmse_hr", "v4v"}
