import numpy as np
import pytest

from bpdemo.beats import cut_slices
from bpdemo.data.person import Person, Recording
from bpdemo.data.registry import load_people
from bpdemo.errors import DataError
from bpdemo.stmap import STMap
from bpdemo.training.dataset import MapSet, join, keep_usable, render_set, slice_set, thin
from experiments.negative_controls import rows_only
from tests.support.small_slices import made_slices


@pytest.fixture(scope="module")
def people(ppg_bp):
    return load_people({"ppg_bp": ppg_bp})


@pytest.fixture(scope="module")
def both(people):
    return render_set(people[:2], ("strong", "poor"), 0, "training")


def test_renderings_depend_on_nobody_else(people, both):
    alone = render_set(people[1:2], ("strong", "poor"), 0, "training")
    other = render_set(people[1:2], ("strong", "poor"), 0, "evaluation")
    np.testing.assert_array_equal(both.values[both.of_people([1])], alone.values)
    assert not np.array_equal(alone.values, other.values)
    assert both.quality.tolist() == ["strong", "poor"] * 2
    assert np.isfinite(both.values).all()


def test_slices_are_those_of_each_map(both):
    slices = slice_set(both)
    for i in (0, 3):
        columns = both.mask.shape[2]
        stmap = STMap(both.values[i], both.mask[i], np.arange(columns) / 30, 1.0, (), ())
        alone = cut_slices(stmap)
        np.testing.assert_array_equal(slices.values[i], alone.values)
        np.testing.assert_array_equal(slices.weight[i], alone.weight)
        assert slices.rate_hz[i] == pytest.approx(alone.rate_hz)
    assert (slices.values.dtype, slices.rate_hz.dtype) == (np.float32, np.float32)
    assert slices.person.tolist() == [0, 0, 1, 1]
    np.testing.assert_array_equal(slices.truth, both.truth)


def test_people_without_a_beat_are_left_out(people):
    flat = Person("flat", (Recording(np.ones(500), 100.0),), 120, 80)
    assert keep_usable([people[0], flat, people[1]]) == [people[0], people[1]]
    with pytest.raises(DataError) as caught:
        keep_usable([flat])
    assert caught.value.code == "no_beats"


def test_the_first_maps_of_everybody_are_kept():
    slices = made_slices([100, 120, 140], each=4)
    few = thin(slices, 3)
    assert few.person.tolist() == [0] * 3 + [1] * 3 + [2] * 3
    for person in range(3):
        np.testing.assert_array_equal(
            few.values[few.of_people([person])], slices.values[slices.of_people([person])[:3]]
        )
    assert thin(slices, 9).person.tolist() == slices.person.tolist()


def test_sets_are_joined_with_each_maps_own_pressures():
    def of(numbers, persons, own):
        people = tuple(Person(f"{i}", (), 100.0 + i, 60.0 + i) for i in numbers)
        maps = len(persons)
        values = np.full((maps, 4, 1, 2), numbers[0], np.float16)
        return MapSet(values, np.ones((maps, 1, 2), bool), np.array(persons), np.full(maps, "x"), people, own)

    own = np.array([[130.0, 90.0], [140.0, 95.0]], np.float32)
    joined = join(of([1, 2], [0, 1, 1], None), of([7], [0, 0], own))
    assert [person.name for person in joined.people] == ["1", "2", "7"]
    assert joined.person.tolist() == [0, 1, 1, 2, 2]
    assert joined.truth.tolist() == [[101, 61], [102, 62], [102, 62], [130, 90], [140, 95]]
    assert joined.values[:, 0, 0, 0].tolist() == [1, 1, 1, 7, 7]


def test_of_rows_only_nothing_is_left_to_slice(both):
    assert slice_set(both).weight.any(axis=(1, 2)).all()
    assert not slice_set(rows_only(both)).weight.any()
