import numpy as np
import openpyxl
import pytest

from bpdemo.data.mw_ppg import load_mw_ppg
from bpdemo.data.person import group_people
from bpdemo.data.ppg_bp import load_ppg_bp
from bpdemo.errors import DataError
from tests.support.small_tables import write_mw_ppg


def code_of(load, folder):
    with pytest.raises(DataError) as caught:
        load(folder)
    return caught.value.code


@pytest.fixture
def one_subject(ppg_bp, tmp_path):
    """PPG-BP with one recording, of subject 2."""
    (tmp_path / "0_subject").mkdir()
    (tmp_path / "0_subject" / "2_1.txt").write_text("1\t2\t3")
    (tmp_path / "PPG-BP dataset.xlsx").write_bytes((ppg_bp / "PPG-BP dataset.xlsx").read_bytes())
    return tmp_path


def test_ppg_bp_is_read_as_published(ppg_bp):
    loaded = group_people(load_ppg_bp(ppg_bp))
    assert [person.name for person in loaded] == [f"ppg_bp:{2 + 3 * i}" for i in range(6)]
    assert (loaded[1].systolic, loaded[1].diastolic) == (121.0, 67.0)
    assert (loaded[1].age, loaded[1].sex, loaded[1].height_cm) == (50, "female", None)
    assert loaded[1].traits == pytest.approx((50, 1, np.nan, np.nan), nan_ok=True)
    assert len(loaded[0].pulses) == 3
    assert loaded[0].pulses[0].rate_hz == 1000
    assert loaded[0].pulses[0].values.shape == (2100,)
    assert 1999 < loaded[0].pulses[0].values.min() < loaded[0].pulses[0].values.max() < 2400


def test_people_without_recordings_are_left_out(one_subject):
    (one_subject / "0_subject" / "22_1.txt").write_text("1\t2\t3")  # not of subject 2, and not in the table
    (recording,) = load_ppg_bp(one_subject)
    assert (recording.person, recording.name) == ("ppg_bp:2", "2_1")


def test_traits_of_ppg_bp_are_read_and_gaps_left_out(one_subject):
    book = openpyxl.Workbook()
    pressures = ("Systolic Blood Pressure(mmHg)", "Diastolic Blood Pressure(mmHg)")
    for row in (
        ("a title",),
        ("subject_ID", "Sex(M/F)", "Age(year)", "Height(cm)", "Weight(kg)", *pressures),
        (2, "Female", 45, 150, 45, 120, 80),
        (3, "Male", 60, 200, 80, 120, 80),
        (4, "Male", None, 200, 80, 120, 80),
        (5, "?", 60, 200, 80, 120, 80),
    ):
        book.active.append(row)
    book.save(one_subject / "PPG-BP dataset.xlsx")
    for subject in (3, 4, 5):
        (one_subject / "0_subject" / f"{subject}_1.txt").write_text("1\t2\t3")
    traits = np.array([person.traits for person in group_people(load_ppg_bp(one_subject))])
    expected = [(45, 1, 150, 45), (60, 0, 200, 80), (np.nan, 0, 200, 80), (60, np.nan, 200, 80)]
    np.testing.assert_array_equal(traits, expected)


def test_folders_without_the_sets_are_errors(tmp_path):
    assert code_of(load_ppg_bp, tmp_path) == "data_missing"
    assert code_of(load_mw_ppg, tmp_path) == "data_missing"


@pytest.mark.parametrize("samples", ["", "1\ttwo\t3", "1\tnan\t3"])
def test_samples_that_are_no_numbers_are_an_error(one_subject, samples):
    (one_subject / "0_subject" / "2_1.txt").write_text(samples)
    assert code_of(load_ppg_bp, one_subject) == "data_invalid"


@pytest.mark.parametrize(
    ("row", "column", "value"),
    [
        *[(3, 5, pressure) for pressure in ("high", None, 12.0, 900)],
        (3, 2, "two"),
        (3, 2, 2.5),
        (2, 2, "subject"),
        (2, 5, "pressure"),
    ],
)
def test_a_table_of_another_layout_is_an_error(one_subject, row, column, value):
    book = openpyxl.load_workbook(one_subject / "PPG-BP dataset.xlsx")
    book.active.cell(row, column).value = value
    book.save(one_subject / "PPG-BP dataset.xlsx")
    assert code_of(load_ppg_bp, one_subject) == "data_invalid"


def test_a_table_that_is_no_spreadsheet_is_an_error(one_subject):
    (one_subject / "PPG-BP dataset.xlsx").write_text("subject_ID")
    assert code_of(load_ppg_bp, one_subject) == "data_invalid"


def test_mw_ppg_has_a_recording_of_each_wavelength(tmp_path):
    people = group_people(load_mw_ppg(write_mw_ppg(tmp_path, age=np.array([21, 22, 23]))))
    assert [(person.name, person.age) for person in people] == [("mw_ppg:11", 21), ("mw_ppg:12", 22), ("mw_ppg:13", 23)]
    assert (people[2].systolic, people[2].diastolic) == (120, 68)
    assert [(len(one.values), one.rate_hz) for one in people[0].pulses] == [(2000, 200)] * 3
    peaks = [np.ptp(pulse.values) for pulse in people[0].pulses]
    assert peaks == pytest.approx([900] * 3, rel=0.01)
    assert not np.array_equal(people[0].pulses[0].values, people[0].pulses[1].values)


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
    assert code_of(load_mw_ppg, write_mw_ppg(tmp_path, **changed)) == "data_invalid"


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_a_file_that_is_not_mw_ppg_is_an_error(tmp_path, content):
    (tmp_path / "mwppg_200hz.npz").write_bytes(content)
    assert code_of(load_mw_ppg, tmp_path) == "data_invalid"
