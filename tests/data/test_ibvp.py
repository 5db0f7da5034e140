import pickle
import shutil

import numpy as np
import pytest

from bpdemo.data.ibvp import LOADER
from bpdemo.sources import Pictures
from tests.support.data_sets.ibvp import HEADER, write_ibvp
from tests.support.data_sets.parts import add_leftovers, error_of, upper_endings, wave

NAMES = ["p01_a", "p01_b", "p02_d", "p08_c"]


@pytest.fixture
def folder(tmp_path):
    return write_ibvp(tmp_path / "set")


def load(folder):
    return {one.name: one for one in LOADER.load(folder, "mine")}


def test_each_value_is_read(folder):
    found = load(folder)
    assert [*found] == NAMES
    one = found["p02_d"]
    assert (one.person, one.clip) == ("ibvp:p02", Pictures(folder / "p02_d" / "p02_d_rgb", rate_hz=30))
    assert (one.task, one.pressure, one.missing) == ("d head movement", None, ())
    assert [one.person for one in found.values()] == ["ibvp:p01", "ibvp:p01", "ibvp:p02", "ibvp:p08"]
    samples = pickle.loads(pickle.dumps(one.pulse)).read()
    assert samples.values.tolist() == wave(12, 2)
    assert samples.time_s == pytest.approx(np.arange(12) / 30)
    assert LOADER.recognises(folder)
    assert "p08" in LOADER.licence


def test_people_who_consented_to_less_are_found_and_counted_once(folder):
    apart = folder / "Confidential_No-media-use"
    one = load(folder)["p08_c"]
    assert one.clip == Pictures(apart / "p08_c" / "p08_c_rgb", rate_hz=30)
    assert one.pulse.read().values.tolist() == wave(12, 3)  # its labels have no header
    assert [*load(apart)] == ["p08_c"]
    shutil.copytree(apart / "p08_c", folder / "p08_c")
    assert sorted(one.name for one in LOADER.load(folder, "mine")) == NAMES


@pytest.mark.parametrize("column", [1, 2, 3])
def test_samples_of_poor_quality_are_none(folder, column):
    rows = [[f"{value}", "1", "1", "1", "0.2"] for value in wave(5)]
    for line, quality in enumerate(("0.31", "0.3", "", "0")):
        rows[line][column] = quality
    text = "".join(",".join(row) + "\n" for row in rows)
    value = wave(5)
    expected = [value[0], np.nan, value[2], np.nan, value[4]]  # no label says nothing
    for header in (HEADER, ""):
        (folder / "p01_a" / "p01_a_bvp.csv").write_text(header + text)
        assert load(folder)["p01_a"].pulse.read().values == pytest.approx(expected, nan_ok=True)


def test_columns_are_found_by_name(folder):
    text = "Perfusion_Value,SQ2,BVP\n0,1,5\n0,0,6\n0,1,7\n0,1\n"
    (folder / "p01_a" / "p01_a_bvp.csv").write_text("\ufeff" + text, "utf-8")
    values = load(folder)["p01_a"].pulse.read().values
    assert values == pytest.approx([5, np.nan, 7, np.nan], nan_ok=True)


@pytest.mark.parametrize(
    "text",
    [
        *("", HEADER, "PPG,A,B,C\n5,1,1,1\n6,1,1,1\n", HEADER + "5,1,1,1,0\n" * 9, HEADER + "5,0,0,0,0\n6,0,0,0,0\n"),
        "1,5,1,1,1,0\n2,6,1,1,1,0\n3,7,1,1,1,0\n",  # a column too many
    ],
)
def test_a_pulse_that_is_none_is_told(folder, text):
    (folder / "p01_a" / "p01_a_bvp.csv").write_text(text)
    assert error_of(load(folder)["p01_a"].pulse.read).code == "data_invalid"


def test_pictures_named_by_milliseconds_keep_their_times(folder):
    pictures = folder / "p01_a" / "p01_a_rgb"
    for n, path in enumerate(sorted(pictures.iterdir())):
        path.rename(pictures / f"{1670000000000 + 33 * n}.bmp")
    assert load(folder)["p01_a"].clip == Pictures(pictures, stamps_hz=1000)


def test_what_is_not_there_is_missing(folder):
    shutil.rmtree(folder / "p01_a" / "p01_a_rgb")
    for path in (folder / "p01_b" / "p01_b_rgb").iterdir():
        path.unlink()
    (folder / "p02_d" / "p02_d_bvp.csv").unlink()
    found = load(folder)
    assert (found["p01_a"].clip, found["p01_a"].missing) == (None, ("p01_a/p01_a_rgb/*.bmp",))
    assert (found["p01_b"].clip, found["p01_b"].missing) == (None, ("p01_b/p01_b_rgb/*.bmp",))
    assert (found["p02_d"].pulse, found["p02_d"].missing) == (None, ("p02_d/p02_d_bvp.csv",))


def test_half_a_set_names_what_was_looked_for(folder, tmp_path):
    for path in folder.rglob("*.bmp"):
        path.unlink()
    assert "no p01_a/p01_a_rgb/*.bmp" in str(error_of(LOADER.load, folder, "mine"))
    (tmp_path / "empty").mkdir()
    error = error_of(LOADER.load, tmp_path / "empty", "mine")
    assert (error.code, "no p01_a/p01_a_rgb/*.bmp" in str(error)) == ("data_missing", True)
    assert not LOADER.recognises(tmp_path / "empty")


def test_leftovers_and_capitals_do_not_disturb(folder):
    add_leftovers(folder)
    (folder / "__MACOSX" / "p08_c" / "p08_c_rgb").mkdir(parents=True)
    (folder / "__MACOSX" / "p09_a").mkdir()
    upper_endings(folder)
    found = load(folder)
    assert [*found] == NAMES
    assert {one.missing for one in found.values()} == {()}
    assert found["p02_d"].pulse.read().values.tolist() == wave(12, 2)
