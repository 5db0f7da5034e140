import pickle

import numpy as np
import pytest

from bpdemo.data.mcd_rppg import LOADER
from bpdemo.data.person import group_people
from bpdemo.data.pressure import Cuff
from tests.support.data_sets.mcd_rppg import POINTER, write_mcd_rppg, write_pulse, write_pulse_of_frames
from tests.support.data_sets.parts import add_leftovers, error_of, upper_endings, wave


@pytest.fixture
def folder(tmp_path):
    return write_mcd_rppg(tmp_path)


def load(folder):
    return {one.name: one for one in LOADER.load(folder, "mine")}


def test_each_value_is_read(folder):
    found = load(folder)
    assert len(found) == 18
    one = found["1020_USBVideo_after"]
    assert (one.person, one.clip) == ("mcd_rppg:1020", folder / "video" / "1020_USBVideo_after.avi")
    assert (one.pressure, one.heart_rate_bpm) == (Cuff(113, 78), 100)
    assert (one.age, one.sex, one.height_cm, one.weight_kg) == (23, "female", 170, 55)
    assert (one.task, one.camera, one.skin_tone, one.missing) == ("after", "USBVideo", None, ())
    assert found["1020_IriunWebcam_before"].pressure == Cuff(105, 77)
    assert found["4571_FullHDwebcam_after"].sex == "male"
    samples = pickle.loads(pickle.dumps(one.pulse)).read()
    assert samples.values.tolist() == wave(50, 1)
    assert samples.time_s == pytest.approx(np.arange(50) / 100)
    assert LOADER.recognises(folder)
    assert LOADER.may_share


def test_all_cameras_and_states_are_of_one_person(folder):
    assert [one.person for one in LOADER.load(folder, "mine")] == [
        f"mcd_rppg:{patient}" for patient in (1020, 4571, 7412) for _ in range(6)
    ]
    people = group_people([one for one in LOADER.load(folder, "mine") if one.person != "mcd_rppg:7412"])
    assert [(one.systolic, one.diastolic) for one in people] == [(109, 77.5), (148, 91)]


def test_pressures_that_are_not_there_or_impossible_are_none(folder):
    found = load(folder)
    assert found["4571_USBVideo_before"].pressure is None
    assert found["7412_USBVideo_after"].pressure is None
    assert found["7412_USBVideo_before"].pressure is None
    assert found["7412_USBVideo_after"].heart_rate_bpm is None
    assert found["7412_USBVideo_before"].heart_rate_bpm is None


def test_columns_may_come_in_any_order_and_spelling(folder):
    text = (folder / "db.csv").read_text().replace("1020,55", "1020.0,55").replace("video/", "data\\video\\")
    turned = "\r\n".join(",".join(reversed(line.split(","))) for line in text.splitlines())
    (folder / "db.csv").write_bytes(f"\ufeff{turned}\r\n\r\n".encode())
    one = load(folder)["1020_USBVideo_after"]
    assert (one.person, one.pressure, one.weight_kg) == ("mcd_rppg:1020", Cuff(113, 78), 55)
    assert one.clip == folder / "video" / "1020_USBVideo_after.avi"


def test_a_table_that_a_spreadsheet_has_saved_is_read(folder):
    names, *lines = (folder / "db.csv").read_text().splitlines()
    lines = [line.replace("1020,55", "01020,55").replace(",after,", ",After,") for line in lines]
    text = "\n".join([names.replace("step", " Step"), *lines, "," * names.count(",")])
    (folder / "db.csv").write_text(text)
    one = load(folder)["1020_USBVideo_after"]
    assert (one.person, one.task) == ("mcd_rppg:1020", "after")


def test_a_header_is_no_sample(folder):
    (folder / "ppg_sync" / "1020_USBVideo_after.txt").write_text("value;seconds\n1;0.5\n2;0.01\n3;0.01\n")
    samples = load(folder)["1020_USBVideo_after"].pulse.read()
    assert (samples.values.tolist(), samples.time_s.tolist()) == ([1, 2, 3], [0, 0.01, 0.02])


def test_a_dead_pulse_is_told(folder):
    found = load(folder)
    assert error_of(found["7412_USBVideo_after"].pulse.read).code == "data_invalid"
    assert found["7412_USBVideo_before"].pulse.read().rate_hz == 100


def test_times_follow_the_steps(folder):
    (folder / "ppg_sync" / "1020_USBVideo_after.txt").write_text("1 0.5\n2 0.01\nx 0.02\n4 0\n5 0.03\n")
    samples = load(folder)["1020_USBVideo_after"].pulse.read()
    assert samples.values == pytest.approx([1, 2, np.nan, 5], nan_ok=True)
    assert samples.time_s == pytest.approx([0, 0.01, 0.03, 0.06])


@pytest.mark.parametrize(
    "text",
    [
        *("", "1 0.01\n", "1\n2\n3\n", "1 0.01\n2 -0.01\n3 0.01\n", "1 0.01\n2 x\n3 0.01\n", "a b\nc d\n"),
        "0 7 0.01\n1 8 0.01\n2 9 0.01\n",  # a column too many
        "7,5;0,01\n8,5;0,01\n9,5;0,01\n",  # decimals after a comma
        "7 10\n8 10\n9 10\n",  # milliseconds
    ],
)
def test_a_pulse_that_is_none_is_told(folder, text):
    (folder / "ppg_sync" / "1020_USBVideo_after.txt").write_text(text)
    assert error_of(load(folder)["1020_USBVideo_after"].pulse.read).code == "data_invalid"


def test_a_pulse_of_frames_gets_the_frames_times(folder):
    # Its second column is how far the sample was from the frame: added up, a minute would pass in seconds.
    write_pulse_of_frames(folder, "1020_USBVideo_after", wave(60, 1), 61)
    samples = load(folder)["1020_USBVideo_after"].pulse.read()
    assert samples.values.tolist() == wave(60, 1)
    assert samples.time_s == pytest.approx(np.arange(60) / 24, abs=1e-5)
    (folder / "meta" / "1020_USBVideo_after.txt").unlink()
    error = error_of(load(folder)["1020_USBVideo_after"].pulse.read)
    assert error.code == "data_invalid"
    assert "1020_USBVideo_after.txt of the folder meta" in error.reason.remedy
    write_pulse(folder, "1020_USBVideo_after", wave(60, 1))
    (folder / "meta" / "1020_USBVideo_after.txt").write_text("1 morning\n" * 60)
    assert load(folder)["1020_USBVideo_after"].pulse.read().rate_hz == 100


def test_what_is_not_there_is_missing(folder):
    (folder / "video" / "1020_USBVideo_after.avi").unlink()
    (folder / "ppg_sync" / "1020_USBVideo_after.txt").unlink()
    (folder / "video" / "4571_USBVideo_after.avi").write_text(POINTER)
    (folder / "ppg_sync" / "4571_FullHDwebcam_after.txt").write_text(POINTER)
    (folder / "video" / "1020_IriunWebcam_after.avi").unlink()
    (folder / "video" / "1020_IriunWebcam_after.avi").symlink_to(folder / "blob")  # as in a cache that was cleaned
    (folder / "video" / "1020_IriunWebcam_before.avi").rename(folder / "other blob")
    (folder / "video" / "1020_IriunWebcam_before.avi").symlink_to(folder / "other blob")
    found = load(folder)
    assert found["1020_IriunWebcam_after"].missing == ("video/1020_IriunWebcam_after.avi",)
    assert found["1020_IriunWebcam_before"].missing == ()
    one = found["1020_USBVideo_after"]
    assert (one.clip, one.pulse, one.pressure) == (None, None, Cuff(113, 78))
    assert one.missing == ("video/1020_USBVideo_after.avi", "ppg_sync/1020_USBVideo_after.txt")
    assert (found["4571_USBVideo_after"].clip, found["4571_USBVideo_after"].missing) == (
        None,
        ("video/4571_USBVideo_after.avi",),
    )
    assert found["4571_FullHDwebcam_after"].missing == ("ppg_sync/4571_FullHDwebcam_after.txt",)


def test_pointers_instead_of_videos_are_told(folder):
    for path in (folder / "video").iterdir():
        path.write_text(POINTER)
    error = error_of(LOADER.load, folder, "mine")
    assert error.code == "data_missing"
    assert "video/1020_FullHDwebcam_after.avi" in error.reason.message
    assert "git lfs pull" in error.reason.remedy
    (folder / "db.csv").write_text(POINTER)
    error = error_of(LOADER.load, folder, "mine")
    assert error.code == "data_missing"
    assert "git lfs pull" in error.reason.remedy


def test_half_a_set_names_what_was_looked_for(folder, tmp_path_factory):
    for path in (folder / "video").iterdir():
        path.unlink()
    error = error_of(LOADER.load, folder, "mine")
    assert (error.code, "video/1020_FullHDwebcam_after.avi" in str(error)) == ("data_missing", True)
    assert "lfs" not in str(error)
    assert not LOADER.recognises(folder)
    (folder / "db.csv").unlink()
    assert "no db.csv" in str(error_of(LOADER.load, folder, "mine"))
    assert "no db.csv" in str(error_of(LOADER.load, folder / "nowhere", "mine"))


def test_the_layout_that_no_delivery_has_is_told_apart(tmp_path):
    (tmp_path / "subject_001" / "rest").mkdir(parents=True)
    (tmp_path / "subject_001" / "rest" / "camera_1.avi").write_bytes(b"\0")
    error = error_of(LOADER.load, tmp_path, "mine")
    assert (error.code, "no db.csv" in str(error)) == ("data_missing", True)
    assert "subject folders" in error.reason.remedy


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("upper_ap", "sys"),
        ("video/1020_USBVideo_before.avi", "video/1020_USBVideo_after.avi"),
        ("4571,66.0", ",66.0"),
        ("video/1020_USBVideo_before.avi", ""),
    ],
)
def test_a_table_of_another_layout_is_an_error(folder, old, new):
    (folder / "db.csv").write_text((folder / "db.csv").read_text().replace(old, new))
    assert error_of(LOADER.load, folder, "mine").code == "data_invalid"


def test_leftovers_and_capitals_do_not_disturb(folder):
    expected = [one.name for one in LOADER.load(folder, "mine")]
    add_leftovers(folder)
    assert [one.name for one in LOADER.load(folder, "mine")] == expected
    upper_endings(folder)
    found = LOADER.load(folder, "mine")
    assert [one.name for one in found] == expected
    assert [one.missing for one in found] == [()] * 18
