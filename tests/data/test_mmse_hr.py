import pickle
import shutil

import numpy as np
import pytest

from bpdemo.data.arterial import ArterialPulse
from bpdemo.data.mmse_hr import LOADER
from bpdemo.data.pressure import Wave
from bpdemo.data.signals import TextColumn
from bpdemo.errors import DataError
from bpdemo.sources import Pictures
from tests.support.small_faces_sets import (
    MMSE_HR_FIRST,
    MMSE_HR_OTHERS,
    MMSE_HR_REARRANGED,
    Session,
    write_column,
    write_mmse_hr,
)

FIRST = [Session("F013", "T1", 118, 66), Session("F013", "T8", 121, 69), Session("M002", "T10", 133, 84)]
OTHERS = [Session("F005", "T10", 127, 75, 64), Session("F005", "T11", 125, 73), Session("F005", "T2", 126, 74)]


def load(folder):
    return LOADER.load(folder, "mine")


def error_of(folder):
    with pytest.raises(DataError) as caught:
        load(folder)
    assert caught.value.code == "data_missing"
    assert "'signal'" in caught.value.reason.remedy
    return caught.value.reason.message


@pytest.mark.parametrize("layout", [MMSE_HR_FIRST, MMSE_HR_OTHERS, MMSE_HR_REARRANGED])
def test_each_layout_is_read_to_the_last_value(tmp_path, layout):
    write_mmse_hr(tmp_path, OTHERS, layout)
    assert LOADER.recognises(tmp_path)
    recordings = load(tmp_path)
    assert [one.name for one in recordings] == ["F005/T2", "F005/T10", "F005/T11"]
    one = recordings[1]
    assert (one.person, one.sex, one.task, one.age, one.missing) == ("mmse_hr:F005", "female", "T10", None, ())
    assert one.clip == Pictures(tmp_path / layout[0] / "F005" / "T10", rate_hz=25.0)
    wave = TextColumn(tmp_path / layout[1] / "F005" / "T10" / "BP_mmHg.txt", 1000.0)
    assert (one.pressure, one.pulse) == (Wave(wave), ArterialPulse(wave))
    pulse = one.pulse.read()
    np.testing.assert_allclose(pulse.values, OTHERS[0].wave, atol=1e-6)  # the first sample is one
    assert (len(pulse.values), pulse.rate_hz, pulse.time_s[0]) == (12_000, 1000.0, 0.0)
    for recording, session in zip(recordings, (OTHERS[2], OTHERS[0], OTHERS[1]), strict=True):
        (truth,) = pickle.loads(pickle.dumps(recording)).pressure.of_windows([(1.0, 11.0)])
        assert (truth.systolic, truth.diastolic) == pytest.approx((session.systolic, session.diastolic), abs=0.01)


def test_both_deliveries_lie_side_by_side(tmp_path):
    write_mmse_hr(tmp_path, FIRST, MMSE_HR_FIRST)
    write_mmse_hr(tmp_path, [*OTHERS, Session("F013", "T10"), FIRST[2]], MMSE_HR_OTHERS)
    recordings = load(tmp_path)
    assert [one.name for one in recordings] == [
        *("F005/T2", "F005/T10", "F005/T11", "F013/T1", "F013/T8", "F013/T10", "M002/T10")
    ]
    assert [one.sex for one in recordings] == ["female"] * 6 + ["male"]
    assert len({one.person for one in recordings}) == 3
    # M002/T10 is in both; without its frames in the first, the second's is taken.
    assert MMSE_HR_FIRST[0] in str(recordings[-1].clip.path)
    shutil.rmtree(tmp_path / MMSE_HR_FIRST[0] / "M002")
    last = load(tmp_path)[-1]
    assert (MMSE_HR_OTHERS[0] in str(last.clip.path), last.missing) == (True, ())


def test_sessions_are_paired_by_name_whatever_is_missing(tmp_path):
    write_mmse_hr(tmp_path, OTHERS, MMSE_HR_REARRANGED)
    (tmp_path / "signal/F005/T10/BP_mmHg.txt").unlink()
    write_column(tmp_path / "signal/F005/T10/LA Systolic BP_mmHg.txt", [120.0] * 50)  # it is no wave
    for picture in (tmp_path / "video/F005/T2").glob("0*.jpg"):
        picture.unlink()
    second, tenth, eleventh = load(tmp_path)
    assert (second.clip, second.missing) == (None, ("video/F005/T2",))
    assert (tenth.pressure, tenth.pulse, tenth.missing) == (None, None, ("signal/F005/T10/BP_mmHg.txt",))
    assert tenth.clip is not None
    assert eleventh.missing == ()
    (truth,) = eleventh.pressure.of_windows([(1.0, 11.0)])
    assert truth.systolic == pytest.approx(125, abs=0.01)


def test_frames_and_waves_may_lie_in_different_deliveries(tmp_path):
    write_mmse_hr(tmp_path, FIRST)
    (tmp_path / MMSE_HR_FIRST[1]).rename(tmp_path / MMSE_HR_OTHERS[1])
    recordings = load(tmp_path)
    assert [(one.name, one.missing) for one in recordings] == [("F013/T1", ()), ("F013/T8", ()), ("M002/T10", ())]
    assert recordings[0].pressure.of_windows([(1.0, 11.0)])[0].fault == ""


def test_a_clip_longer_than_its_wave_is_told_by_window(tmp_path):
    write_mmse_hr(tmp_path, OTHERS)
    (one, *_) = load(tmp_path)
    assert [truth.fault for truth in one.pressure.of_windows([(0.0, 10.0), (5.0, 15.0)])] == ["", "not_covered"]


def test_names_in_another_case_or_without_blanks_are_found(tmp_path):
    write_mmse_hr(tmp_path, FIRST)
    (tmp_path / MMSE_HR_FIRST[0]).rename(tmp_path / "first10subjects_2D")
    (tmp_path / "first 10 subjects Phydata released").rename(tmp_path / "First_10_subjects_Phydata_released")
    one = tmp_path / "first10subjects_2D" / "F013"
    (one / "T1").rename(one / "t1")
    for picture in sorted((one / "t1").glob("0*.jpg")):
        picture.rename(picture.with_suffix(".JPG"))
    text = tmp_path / "First_10_subjects_Phydata_released/Phydata/F013/T1/BP_mmHg.txt"
    text.rename(text.with_name("bp_mmHg.TXT"))
    recordings = load(tmp_path)
    assert [(one.name, one.missing) for one in recordings] == [("F013/T1", ()), ("F013/T8", ()), ("M002/T10", ())]


def test_half_of_the_set_is_an_error_that_names_the_first_file(tmp_path):
    write_mmse_hr(tmp_path, OTHERS, MMSE_HR_OTHERS)
    for half, looked_for in zip(MMSE_HR_OTHERS, ("F005/T2 in", "F005/T2/BP_mmHg.txt in"), strict=True):
        (tmp_path / half).rename(tmp_path / "away")
        assert f"there is no {half}/{looked_for}" in error_of(tmp_path)
        (tmp_path / "away").rename(tmp_path / half)
    assert len(load(tmp_path)) == 3


def test_another_folder_is_an_error(tmp_path):
    assert "This is not MMSE-HR: there is no first 10 subjects 2D/" in error_of(tmp_path)
    assert "first 10 subjects 2D/" in error_of(tmp_path / "nowhere")
    write_mmse_hr(tmp_path, FIRST, ("frames", "bp"))  # re-arranged otherwise
    (tmp_path / "video" / "notes").mkdir(parents=True)
    assert "first 10 subjects 2D/" in error_of(tmp_path)
    assert not LOADER.recognises(tmp_path)


def test_the_licence_is_said():
    assert not LOADER.may_share
    assert "Binghamton" in LOADER.licence
    assert "CVPR 2016" in LOADER.citation
