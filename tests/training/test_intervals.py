import dataclasses

import numpy as np
import pytest

from bpdemo.training.intervals import conformal_half_width, cross_half_widths, half_widths
from tests.support.made_up import make


def test_intervals_hold_new_people_as_often_as_they_say():
    rng = np.random.default_rng(0)
    held = []
    for _ in range(400):
        half_width = conformal_half_width(rng.standard_normal(60), 60, 0.9)
        held.append((np.abs(rng.standard_normal(50)) <= half_width).mean())
    assert np.mean(held) == pytest.approx(0.9, abs=0.015)


def test_intervals_of_few_people_take_the_largest_error():
    assert conformal_half_width(np.array([1.0, -9.0, 3.0]), 3, 0.9) == 9.0


def test_a_folds_interval_knows_nothing_of_its_people():
    rows = make(splits=2)
    before = cross_half_widths(rows, "standard")
    mine = (rows.split == 0) & (rows.fold == 2)
    spoiled = dataclasses.replace(rows, truth=np.where(mine[:, None], 500.0, rows.truth))
    after = cross_half_widths(spoiled, "standard")
    assert after[mine] == pytest.approx(before[mine])
    assert after[rows.split == 1] == pytest.approx(before[rows.split == 1])
    assert (after[(rows.split == 0) & ~mine] > before[(rows.split == 0) & ~mine]).all()


def test_only_errors_at_the_reference_quality_count():
    rows = make(splits=1)
    others = rows.quality != "standard"
    spoiled = dataclasses.replace(rows, value=np.where(others[:, None], 500.0, rows.value))
    assert half_widths(spoiled, "standard") == pytest.approx(half_widths(rows, "standard"))
    assert cross_half_widths(spoiled, "standard") == pytest.approx(cross_half_widths(rows, "standard"))
    assert (half_widths(spoiled, "filmed") > 300).all()  # nothing is of that quality: all count


def test_the_half_width_is_a_quantile_of_the_error():
    rows = make(splits=1, renderings=1)
    error = np.sort(np.abs(rows.value - rows.truth)[rows.quality == "standard"], axis=0)
    assert half_widths(rows, "standard") == pytest.approx(error[int(np.ceil(176 * 0.9)) - 1])  # of 175 people


def test_one_fold_has_nobody_to_take_an_interval_from():
    rows = make(splits=1)
    with pytest.raises(ValueError, match="only one fold"):
        cross_half_widths(dataclasses.replace(rows, fold=0 * rows.fold), "standard")
