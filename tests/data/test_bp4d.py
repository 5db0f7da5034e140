import zipfile

import numpy as np
import pytest

from bpdemo.data.arterial import ArterialPulse
from bpdemo.data.bp4d import LOADER
from bpdemo.data.pressure import BeatSteps, Wave
from bpdemo.data.signals import TextColumn
from bpdemo.errors import DataError
from bpdemo.sources import Pictures
from tests.support.small_faces_sets import Session, write_bp4d, write_column

SESSIONS = [
    *(Session("M001", "T1", 131, 82), Session("F001", "T10", 122, 71), Session("F001", "T1", 115, 64)),
    Session("F002", "T2", 109, 61),
]
NAMES = ["F001/T1", "F001/T10", "F002/T2", "M001/T1"]
WINDOW = [(1.0, 11.0)]


def load(folder):
    return LOADER.load(folder, "mine")


def error_of(folder):
    with pytest.raises(DataError) as caught:
        load(folder)
    assert caught.value.code == "data_missing"
    assert "'Physiology'" in caught.value.reason.remedy
    return caught.value.reason.message


@pytest.fixture
def bp4d(tmp_path):
    return write_bp4d(tmp_path, SESSIONS)


def test_zips_are_read_to_the_last_value_without_unpacking(bp4d):
    before = sorted(bp4d.rglob("*"))
    assert LOADER.recognises(bp4d)
    recordings = load(bp4d)
    assert [one.name for one in recordings] == NAMES
    assert sorted(bp4d.rglob("*")) == before
    one = recordings[1]
    assert (one.person, one.sex, one.task, one.age, one.missing) == ("bp4d:F001", "female", "T10", None, ())
    assert one.clip == Pictures(bp4d / "2D+3D" / "F001.zip", "F001/T10", 25.0)
    texts = [
        TextColumn(bp4d / "Physiology/F001/T10" / name, 1000.0)
        for name in ("LA Systolic BP_mmHg.txt", "BP Dia_mmHg.txt", "BP_mmHg.txt")
    ]
    assert (one.pressure, one.pulse) == (BeatSteps(*texts), ArterialPulse(texts[2]))
    np.testing.assert_allclose(one.pulse.read().values, SESSIONS[1].wave, atol=1e-6)
    assert one.pressure.systolic.read().values[0] == 124  # the first sample is one
    assert (recordings[3].person, recordings[3].sex) == ("bp4d:M001", "male")


def test_steps_are_the_truth_without_their_drop_outs(bp4d):
    (truth,) = load(bp4d)[1].pressure.of_windows([(0.0, 12.0)])
    # Steps are 2 mmHg higher and lower for 800 samples by turns; 26 of 12000 are lost, of a low one.
    high = 12_000 // 2 + 400
    shift = (2 * high - 2 * (12_000 - 26 - high)) / (12_000 - 26)
    assert (truth.systolic, truth.diastolic) == pytest.approx((122 + shift, 71 + shift), abs=1e-4)
    assert (truth.fault, truth.note) == ("", "")


def test_the_wave_stands_in_for_steps(bp4d):
    write_column(bp4d / "Physiology/F001/T1/BP Dia_mmHg.txt", np.zeros(12_000))
    (bp4d / "Physiology/F001/T10/LA Systolic BP_mmHg.txt").unlink()
    first, tenth, *_ = load(bp4d)
    (truth,) = first.pressure.of_windows(WINDOW)
    assert (truth.systolic, truth.diastolic, truth.note) == (*map(pytest.approx, (115, 64)), "from_wave")
    assert isinstance(tenth.pressure, Wave)
    assert tenth.missing == ("Physiology/F001/T10/LA Systolic BP_mmHg.txt",)
    (truth,) = tenth.pressure.of_windows(WINDOW)
    assert (truth.systolic, truth.diastolic, truth.note) == (*map(pytest.approx, (122, 71)), "")


def test_steps_without_a_wave_are_enough_for_a_pressure(bp4d):
    (bp4d / "Physiology/F002/T2/BP_mmHg.txt").unlink()
    one = load(bp4d)[2]
    assert (one.pulse, one.missing) == (None, ("Physiology/F002/T2/BP_mmHg.txt",))
    assert one.pressure.of_windows(WINDOW)[0].fault == ""


def test_files_that_are_not_there_are_told(bp4d):
    (bp4d / "2D+3D/F002.zip").unlink()
    write_column(bp4d / "Physiology/F001/T11/BP_mmHg.txt", SESSIONS[1].wave)  # as F042/T11: no clip is with it
    with zipfile.ZipFile(bp4d / "2D+3D/M001.zip", "a") as archive:
        archive.writestr("M001/T5/0000.jpg", b"\0")
        archive.writestr("M002/T6/0000.jpg", b"\0")  # another's
        archive.writestr("M001/T7/mesh.obj", b"\0")  # no picture
    found = {one.name: one for one in load(bp4d)}
    assert sorted(found) == sorted([*NAMES, "F001/T11", "M001/T5"])
    assert (found["F002/T2"].clip, found["F002/T2"].missing) == (None, ("2D+3D/F002.zip",))
    assert found["F001/T11"].clip is None
    assert found["F001/T11"].missing[0] == "2D+3D/F001.zip/F001/T11"
    assert found["F001/T10"].missing == ()
    assert found["M001/T5"].clip == Pictures(bp4d / "2D+3D/M001.zip", "M001/T5", 25.0)
    assert found["M001/T5"].pressure is None
    assert found["M001/T5"].missing == tuple(
        f"Physiology/M001/T5/{name}" for name in ("BP_mmHg.txt", "LA Systolic BP_mmHg.txt", "BP Dia_mmHg.txt")
    )


def test_a_broken_zip_costs_its_clips_only(bp4d, caplog):
    (bp4d / "2D+3D/F001.zip").write_bytes(b"PK\3\4 cut off")
    recordings = load(bp4d)
    assert [one.clip is None for one in recordings] == [True, True, False, False]
    assert "F001.zip" in caplog.text


@pytest.mark.parametrize("top", ["", "./", "BP4D+/", "2D+3D\\F002\\"])
def test_archives_may_be_packed_from_another_folder(bp4d, top):
    with zipfile.ZipFile(bp4d / "2D+3D/F002.zip", "w") as archive:
        archive.writestr(f"{top}T2/0000.JPG", b"\0")
    one = load(bp4d)[2]
    assert one.clip == Pictures(bp4d / "2D+3D/F002.zip", f"{top}T2".replace("\\", "/"), 25.0)


def test_unpacked_folders_are_read(tmp_path):
    write_bp4d(tmp_path, SESSIONS, unpacked=True)
    (tmp_path / "2D+3D/F002").rename(tmp_path / "2D+3D/away")
    (tmp_path / "2D+3D/F002").mkdir()
    (tmp_path / "2D+3D/away").rename(tmp_path / "2D+3D/F002/F002")  # unpacked into a folder of its own
    recordings = load(tmp_path)
    assert [(one.name, one.missing) for one in recordings] == [(name, ()) for name in NAMES]
    assert recordings[1].clip == Pictures(tmp_path / "2D+3D/F001/T10", rate_hz=25.0)
    assert recordings[2].clip == Pictures(tmp_path / "2D+3D/F002/F002/T2", rate_hz=25.0)


def test_names_without_blanks_are_found(bp4d):
    for path in sorted((bp4d / "Physiology").rglob("* *.txt")):
        path.rename(path.with_name(path.name.replace(" ", "_")))
    assert [one.missing for one in load(bp4d)] == [()] * 4


@pytest.mark.parametrize(
    ("half", "looked_for"), [("2D+3D", "2D+3D/F001.zip"), ("Physiology", "Physiology/F001/T1/BP_mmHg.txt")]
)
def test_half_of_the_set_is_an_error_that_names_the_first_file(bp4d, half, looked_for):
    (bp4d / half).rename(bp4d / "away")
    assert f"This is not the whole of BP4D+: there is no {looked_for} in" in error_of(bp4d)


def test_another_folder_is_an_error(tmp_path):
    assert "This is not BP4D+: there is no 2D+3D/F001.zip in" in error_of(tmp_path)
    (tmp_path / "F001.zip").write_bytes(b"\0")
    assert "2D+3D/F001.zip" in error_of(tmp_path)
    assert not LOADER.recognises(tmp_path)
    assert not LOADER.may_share
