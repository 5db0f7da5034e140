import numpy as np
import pytest

from bpdemo.training.dataset import MapSet
from experiments.negative_controls import permute, rows_only, shuffle_columns

MAPS, CELLS, COLUMNS = 3, 5, 40


@pytest.fixture(scope="module")
def maps():
    """Every column of every row is told by its value; a part is not measured."""
    values = np.arange(MAPS * 4 * CELLS * COLUMNS, dtype=np.float32).reshape(MAPS, 4, CELLS, COLUMNS) % 1999
    mask = np.ones((MAPS, CELLS, COLUMNS), bool)
    mask[0, 2, 10:25] = False
    mask[1, 4] = False
    values = np.where(mask[:, None], values, 0).astype(np.float32)
    return MapSet(values, mask, np.array([0, 0, 1]), np.array(["strong", "poor", "poor"]), ())


def test_shuffled_columns_stay_whole(maps):
    shuffled = shuffle_columns(maps, 0)
    for i in range(MAPS):
        # A column is all its channels and cells, and which of them were measured.
        before, after = (
            np.concatenate((of.values[i].reshape(-1, COLUMNS), of.mask[i])).T.tolist() for of in (maps, shuffled)
        )
        assert before != after
        assert sorted(before) == sorted(after)


def test_shuffled_columns_keep_no_order(maps):
    shuffled = shuffle_columns(maps, 0)
    orders = [shuffled.values[i, 0, 0] - maps.values[i, 0, 0].min() for i in range(MAPS)]
    for order in orders:
        assert np.abs(np.corrcoef(order, np.arange(COLUMNS))[0, 1]) < 0.5
        assert np.abs(np.corrcoef(order[1:], order[:-1])[0, 1]) < 0.5
    assert orders[0].tolist() != orders[1].tolist()


def test_shuffling_is_fixed_by_its_seed_and_leaves_the_maps_alone(maps):
    before = maps.values.copy()
    first, again, other = (shuffle_columns(maps, seed).values for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    np.testing.assert_array_equal(maps.values, before)


def test_rows_only_are_constant_where_measured(maps):
    still = rows_only(maps)
    np.testing.assert_array_equal(still.mask, maps.mask)
    for i in range(MAPS):
        for channel in range(4):
            for cell in range(CELLS):
                measured = maps.mask[i, cell]
                row = still.values[i, channel, cell]
                assert not row[~measured].any()
                if measured.any():
                    assert np.ptp(row[measured]) == 0
                    assert row[measured][0] == pytest.approx(maps.values[i, channel, cell, measured].mean(), rel=1e-5)


def test_what_is_not_measured_has_no_say_in_a_rows_mean(maps):
    values = np.where(maps.mask[:, None], maps.values, np.nan).astype(np.float32)
    told = rows_only(MapSet(values, maps.mask, maps.person, maps.quality, ()))
    np.testing.assert_array_equal(np.nan_to_num(told.values), rows_only(maps).values)


def test_pressures_are_handed_to_others():
    pressures = np.stack([100 + np.arange(50.0), 60 + np.arange(50.0) / 2], axis=1)
    handed = permute(pressures, 0)
    assert sorted(handed.tolist()) == pressures.tolist()  # pairs stay pairs
    assert (handed[:, 0] == pressures[:, 0]).mean() < 0.2
    assert permute(pressures, 0).tolist() == handed.tolist() != permute(pressures, 1).tolist()
