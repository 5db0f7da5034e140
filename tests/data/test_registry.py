import shutil
from itertools import combinations

import numpy as np
import openpyxl
import pytest

from bpdemo.data.registry import (
    Person,
    Recording,
    check_apart,
    cite,
    load_mw_ppg,
    load_people,
    load_ppg_bp,
    split_by_person,
)
from bpdemo.errors import DataError
from tests.support.small_tables import write_mw_ppg, write_recordings

SIGNAL = Recording(np.zeros(10), 100.0)


def people(count: int) -> list[Person]:
    return [Person(f"set:{i}", (SIGNAL,), 120.0, 80.0) for i in range(count)]


def test_ppg_bp_is_read_as_published(ppg_bp):
    loaded = load_ppg_bp(ppg_bp)
    assert [person.name for person in loaded] == [f"ppg_bp:{2 + 3 * i}" for i in range(6)]
    assert (loaded[1].systolic, loaded[1].diastolic) == (121.0, 67.0)
    assert len(loaded[0].recordings) == 3
    assert loaded[0].recordings[0].rate_hz == 1000
    assert loaded[0].recordings[0].samples.shape == (2100,)
    assert 1999 < loaded[0].recordings[0].samples.min() < loaded[0].recordings[0].samples.max() < 2400


def test_people_without_recordings_are_left_out(ppg_bp, tmp_path):
    (tmp_path / "0_subject").mkdir()
    (tmp_path / "0_subject" / "5_1.txt").write_text("1\t2\t3")
    (tmp_path / "0_subject" / "55_1.txt").write_text("1\t2\t3")  # not of subject 5, and not in the table
    (tmp_path / "PPG-BP dataset.xlsx").write_bytes((ppg_bp / "PPG-BP dataset.xlsx").read_bytes())
    (person,) = load_ppg_bp(tmp_path)
    assert person.name == "ppg_bp:5"
    assert len(person.recordings) == 1


def test_a_folder_without_the_set_is_an_error(tmp_path):
    with pytest.raises(DataError) as caught:
        load_ppg_bp(tmp_path)
    assert caught.value.code == "data_missing"


def test_an_unknown_set_is_an_error(tmp_path):
    with pytest.raises(DataError) as caught:
        load_people({"ppg_xy": tmp_path})
    assert caught.value.code == "data_unknown"
    assert "ppg_bp" in str(caught.value)


@pytest.mark.parametrize("samples", ["", "1\ttwo\t3", "1\tnan\t3"])
def test_samples_that_are_no_numbers_are_an_error(ppg_bp, tmp_path, samples):
    (tmp_path / "0_subject").mkdir()
    (tmp_path / "0_subject" / "2_1.txt").write_text(samples)
    (tmp_path / "PPG-BP dataset.xlsx").write_bytes((ppg_bp / "PPG-BP dataset.xlsx").read_bytes())
    with pytest.raises(DataError) as caught:
        load_ppg_bp(tmp_path)
    assert caught.value.code == "data_invalid"


@pytest.mark.parametrize("pressure", ["high", None, 12.0, 900])
def test_pressures_that_are_none_are_an_error(ppg_bp, tmp_path, pressure):
    (tmp_path / "0_subject").mkdir()
    (tmp_path / "0_subject" / "2_1.txt").write_text("1\t2\t3")
    book = openpyxl.load_workbook(ppg_bp / "PPG-BP dataset.xlsx")
    book.active.cell(3, 5).value = pressure
    book.save(tmp_path / "PPG-BP dataset.xlsx")
    with pytest.raises(DataError) as caught:
        load_ppg_bp(tmp_path)
    assert caught.value.code == "data_invalid"


def test_a_table_that_is_no_spreadsheet_is_an_error(tmp_path):
    (tmp_path / "0_subject").mkdir()
    (tmp_path / "PPG-BP dataset.xlsx").write_text("subject_ID")
    with pytest.raises(DataError) as caught:
        load_ppg_bp(tmp_path)
    assert caught.value.code == "data_invalid"


def test_splits_keep_people_apart_and_test_everybody_once():
    splits = list(split_by_person(people(23), 5, seed=3))
    assert len(splits) == 5
    for train, test in splits:
        assert not set(train) & set(test)
        assert len(train) + len(test) == 23
        assert 4 <= len(test) <= 5
    tests = [set(test) for _, test in splits]
    assert not any(a & b for a, b in combinations(tests, 2))
    assert set().union(*tests) == set(range(23))


def test_splits_follow_the_seed():
    assert list(split_by_person(people(20), 5, 1)) == list(split_by_person(people(20), 5, 1))
    assert list(split_by_person(people(20), 5, 1)) != list(split_by_person(people(20), 5, 2))


def test_a_person_given_twice_stays_on_one_side():
    twice = people(10) + people(10)
    for train, test in split_by_person(twice, 5, 0):
        assert not {twice[i].name for i in train} & {twice[i].name for i in test}


def test_too_few_people_are_an_error():
    with pytest.raises(DataError) as caught:
        list(split_by_person(people(3), 5, 0))
    assert caught.value.code == "too_few_people"


def test_a_person_on_both_sides_is_an_error():
    check_apart(["a", "b"], ["c"])
    with pytest.raises(DataError) as caught:
        check_apart(["a", "b"], ["b"])
    assert caught.value.code == "person_on_both_sides"


def test_a_person_met_twice_is_an_error(ppg_bp, tmp_path):
    shutil.copytree(ppg_bp, tmp_path / "again")
    with pytest.raises(DataError) as caught:
        load_people({"ppg_bp": ppg_bp, "again": tmp_path / "again"})
    assert caught.value.code == "data_invalid"


def test_published_people_keep_their_names_under_any_name_of_the_set(ppg_bp, tmp_path):
    people = load_people({"hospital": ppg_bp, "students": write_mw_ppg(tmp_path)})
    assert [people[0].name, people[-1].name] == ["ppg_bp:2", "mw_ppg:13"]


def test_every_set_is_cited(ppg_bp, tmp_path):
    cited = cite({"hospital": ppg_bp, "mine": write_recordings(tmp_path, people=1)})
    assert "Scientific Data" in cited
    assert "mine" in cited


def test_mw_ppg_has_a_recording_of_each_wavelength(tmp_path):
    people = load_mw_ppg(write_mw_ppg(tmp_path))
    assert [person.name for person in people] == ["mw_ppg:11", "mw_ppg:12", "mw_ppg:13"]
    assert (people[2].systolic, people[2].diastolic) == (120, 68)
    assert [(len(one.samples), one.rate_hz) for one in people[0].recordings] == [(2000, 200)] * 3
    peaks = [np.ptp(recording.samples) for recording in people[0].recordings]
    assert peaks == pytest.approx([900] * 3, rel=0.01)
    assert not np.array_equal(people[0].recordings[0].samples, people[0].recordings[1].samples)


@pytest.mark.parametrize(
    "changed",
    [
        {"x": None},
        {"sbp": None},
        {"x": np.zeros((3, 100))},
        {"x": np.zeros((4, 100, 3))},
        {"x": np.full((3, 100, 3), np.nan)},
        {"x": np.array([None] * 3, dtype=object)},
        {"fs": np.array(100)},
        {"fs": np.array([200, 200])},
        {"sbp": np.array([100.0, np.nan, 120.0])},
        {"sbp": np.array([100.0, 1200.0, 120.0])},
        {"dbp": np.array([60.0, 200.0, 60.0])},
        {"dbp": np.array(["low", "low", "low"])},
    ],
)
def test_arrays_other_than_mw_ppgs_are_an_error(tmp_path, changed):
    with pytest.raises(DataError) as caught:
        load_mw_ppg(write_mw_ppg(tmp_path, **changed))
    assert caught.value.code == "data_invalid"


@pytest.mark.parametrize("content", [None, b"", b"no archive", b"PK\x03\x04 cut off"])
def test_a_file_that_is_not_mw_ppg_is_an_error(tmp_path, content):
    if content is not None:
        (tmp_path / "mwppg_200hz.npz").write_bytes(content)
    with pytest.raises(DataError) as caught:
        load_mw_ppg(tmp_path)
    assert caught.value.code == ("data_missing" if content is None else "data_invalid")
