import pickle
import shutil

import numpy as np
import pytest

from bpdemo.data.ubfc_rppg import LOADER
from bpdemo.sources import TimedVideo
from tests.support.data_sets.parts import add_leftovers, error_of, upper_endings, wave
from tests.support.data_sets.ubfc_rppg import FRAME_TIMES, write_second, write_ubfc_rppg

NAMES = ["1/5-gt", "1/12-gt", "1/after-exercise", "2/subject1", "2/subject2", "2/subject10"]


@pytest.fixture
def folder(tmp_path):
    return write_ubfc_rppg(tmp_path / "set")


def load(folder):
    return {one.name: one for one in LOADER.load(folder, "mine")}


def test_each_value_of_the_second_part_is_read(folder):
    one = load(folder)["2/subject10"]
    assert one.person == "ubfc_rppg:2/subject10"
    assert one.clip == TimedVideo(folder / "DATASET_2" / "subject10" / "vid.avi", tuple(FRAME_TIMES))
    assert (one.heart_rate_bpm, one.pressure, one.missing) == (71.5, None, ())
    samples = pickle.loads(pickle.dumps(one.pulse)).read()
    assert samples.values.tolist() == wave(6, 2)
    assert samples.time_s.tolist() == FRAME_TIMES
    assert LOADER.recognises(folder)
    assert "21 and 27" in LOADER.licence


def test_each_value_of_the_first_part_is_read(folder):
    one = load(folder)["1/12-gt"]
    assert (one.person, one.clip) == ("ubfc_rppg:1/12-gt", folder / "DATASET_1" / "12-gt" / "vid-12.avi")
    assert (one.heart_rate_bpm, one.pressure, one.missing) == (90.5, None, ())
    samples = pickle.loads(pickle.dumps(one.pulse)).read()
    assert samples.values.tolist() == wave(20, 1)
    assert samples.time_s == pytest.approx(np.arange(20) / 62.5)


def test_people_come_in_the_order_of_their_numbers(folder):
    assert [*load(folder)] == NAMES
    assert len({one.person for one in load(folder).values()}) == 6


def test_each_part_may_be_alone(folder, tmp_path):
    for part, inside in (("1", folder / "DATASET_1"), ("2", folder / "DATASET_2")):
        assert [*load(inside)] == [name for name in NAMES if name[0] == part]
        assert LOADER.recognises(inside)
        (tmp_path / part).mkdir()
        shutil.copytree(inside, tmp_path / part / inside.name)
        assert [*load(tmp_path / part)] == [name for name in NAMES if name[0] == part]


def test_a_person_copied_beside_the_parts_counts_once(folder):
    write_second(folder / "subject1")
    assert len(LOADER.load(folder, "mine")) == 6


def test_times_start_with_the_first_frame(folder):
    label = folder / "DATASET_2" / "subject1" / "ground_truth.txt"
    rows = [line.split() for line in label.read_text().splitlines()]
    rows[2] = [f"{time + 2.5}" for time in FRAME_TIMES]
    label.write_text("\n".join(" ".join(row) for row in rows) + "\n\n")
    one = load(folder)["2/subject1"]
    assert one.clip.times_s == pytest.approx(FRAME_TIMES)
    assert one.pulse.read().time_s == pytest.approx(FRAME_TIMES)


def test_times_that_are_no_seconds_are_told(folder):
    label = folder / "DATASET_2" / "subject1" / "ground_truth.txt"
    label.write_text("1 2 3\n70 71 72\n0 33.3 66.7\n")
    one = load(folder)["2/subject1"]
    assert one.clip == folder / "DATASET_2" / "subject1" / "vid.avi"
    assert error_of(one.pulse.read).code == "data_invalid"


def test_an_empty_cell_moves_no_other(folder):
    (folder / "DATASET_1" / "5-gt" / "gtdump.xmp").write_text("0,90,98,5,1\n16,,98,6,1\n32,92,,7,1\n")
    one = load(folder)["1/5-gt"]
    assert (one.heart_rate_bpm, one.pulse.read().values.tolist()) == (91, [5, 6, 7])


def test_doubled_folders_and_capitals_are_the_same_person(folder):
    person = folder / "DATASET_2" / "subject1"
    person.rename(folder / "inner")
    (folder / "DATASET_2" / "Subject1").mkdir()
    (folder / "inner").rename(folder / "DATASET_2" / "Subject1" / "Subject1")
    one = load(folder)["2/subject1"]
    assert (one.person, one.missing) == ("ubfc_rppg:2/subject1", ())
    assert one.clip.path == folder / "DATASET_2" / "Subject1" / "Subject1" / "vid.avi"


@pytest.mark.parametrize(
    "rows", ["1 2 3\n4 5 6\n", "1 2 3\n4 5 6\n0 1\n", "1 2 3\n4 5 6\n0 2 1\n", "1 1 1\n4 5 6\n0 1 2\n", "", "x"]
)
def test_labels_that_are_none_are_told_when_they_are_read(folder, rows):
    (folder / "DATASET_2" / "subject1" / "ground_truth.txt").write_text(rows)
    one = load(folder)["2/subject1"]
    assert error_of(one.pulse.read).code == "data_invalid"
    if not rows.startswith("1 1"):
        assert one.clip == folder / "DATASET_2" / "subject1" / "vid.avi"


@pytest.mark.parametrize("rows", ["0,90,98\n16,90,98\n", "", "0,90,98,5\n16,90,98,5\n", "16,90,98,5\n0,90,98,6\n"])
def test_dumps_that_are_none_are_told_when_they_are_read(folder, rows):
    (folder / "DATASET_1" / "5-gt" / "gtdump.xmp").write_text(rows)
    assert error_of(load(folder)["1/5-gt"].pulse.read).code == "data_invalid"


def test_what_is_not_there_is_missing(folder):
    (folder / "DATASET_2" / "subject1" / "vid.avi").unlink()
    (folder / "DATASET_2" / "subject2" / "ground_truth.txt").unlink()
    (folder / "DATASET_1" / "5-gt" / "gtdump.xmp").unlink()
    found = load(folder)
    assert [*found] == NAMES
    assert (found["2/subject1"].clip, found["2/subject1"].missing) == (None, ("DATASET_2/subject1/vid.avi",))
    assert (found["2/subject2"].pulse, found["2/subject2"].missing) == (None, ("DATASET_2/subject2/ground_truth.txt",))
    assert found["2/subject2"].clip == folder / "DATASET_2" / "subject2" / "vid.avi"
    assert found["1/5-gt"].missing == ("DATASET_1/5-gt/gtdump.xmp",)


def test_half_a_set_names_what_was_looked_for(folder, tmp_path):
    for path in folder.rglob("*.avi"):
        path.unlink()
    assert "no DATASET_1/5-gt/vid.avi" in str(error_of(LOADER.load, folder, "mine"))
    (tmp_path / "s1").mkdir()
    (tmp_path / "s1" / "vid_s1_T1.avi").write_bytes(b"\0")
    error = error_of(LOADER.load, tmp_path / "s1", "mine")
    assert (error.code, "no DATASET_2/subject1/vid.avi" in str(error)) == ("data_missing", True)
    assert not LOADER.recognises(tmp_path / "s1")


def test_leftovers_and_capitals_do_not_disturb(folder):
    add_leftovers(folder)
    for part in ("DATASET_1", "DATASET_2"):
        add_leftovers(folder / part)
    upper_endings(folder)
    found = load(folder)
    assert [*found] == NAMES
    assert {one.missing for one in found.values()} == {()}
    assert found["2/subject10"].pulse.read().values.tolist() == wave(6, 2)
    assert found["1/12-gt"].pulse.read().values.tolist() == wave(20, 1)
