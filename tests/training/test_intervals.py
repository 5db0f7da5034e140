import dataclasses

import numpy as np
import pytest

from bpdemo.training.intervals import (
    by_width,
    conformal_half_width,
    cross_half_widths,
    interval_factors,
    scaled_half_widths,
)
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
    rows = make(splits=2, scaled=True)
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
    assert interval_factors(spoiled, "standard") == pytest.approx(interval_factors(rows, "standard"))
    assert cross_half_widths(spoiled, "standard") == pytest.approx(cross_half_widths(rows, "standard"))
    assert (interval_factors(spoiled, "filmed") > 300).all()  # nothing is of that quality: all count


def test_the_factor_is_a_quantile_of_the_error_over_the_scale():
    rows = make(splits=1, renderings=1, scaled=True)
    here = rows.quality == "standard"
    relative = np.sort(np.abs(rows.value - rows.truth)[here] / rows.scale[here], axis=0)
    assert interval_factors(rows, "standard") == pytest.approx(relative[int(np.ceil(176 * 0.9)) - 1])  # of 175 people
    assert scaled_half_widths(rows, np.array([2.0, 3.0])) == pytest.approx(rows.scale * [2, 3])
    assert scaled_half_widths(dataclasses.replace(rows, scale=None), np.array([2.0, 3.0]))[5].tolist() == [2, 3]


def test_a_good_scale_makes_intervals_narrower_at_the_same_coverage():
    rows = make(people=400, splits=1, share=1.0, scaled=True)  # errors are scale x noise and nothing else
    blind = dataclasses.replace(rows, scale=None)
    here = rows.quality == "standard"
    error = np.abs(rows.value - rows.truth)[here, 0]
    scaled, constant = (cross_half_widths(each, "standard")[here, 0] for each in (rows, blind))
    assert (error <= scaled).mean() == pytest.approx((error <= constant).mean(), abs=0.02)
    assert scaled.mean() < 0.95 * constant.mean()
    narrowest, _, widest = by_width(rows.truth[here, 0], rows.value[here, 0], scaled)
    assert narrowest.mae < 0.6 * widest.mae
    assert narrowest.coverage == pytest.approx(widest.coverage, abs=0.06)


def test_thirds_by_width():
    truth, width = np.zeros(6), np.array([3.0, 1, 2, 6, 5, 4])
    thirds = by_width(truth, np.array([4.0, 1, 1, 0, 9, 9]), width)
    assert [third.interval for third in thirds] == [1.5, 3.5, 5.5]
    assert [third.coverage for third in thirds] == [1, 0, 0.5]
    assert [third.mae for third in thirds] == [1, 6.5, 4.5]
    assert by_width(truth[:2], truth[:2], width[:2]) == []


def test_one_fold_has_nobody_to_take_an_interval_from():
    rows = make(splits=1)
    with pytest.raises(ValueError, match="only one fold"):
        cross_half_widths(dataclasses.replace(rows, fold=0 * rows.fold), "standard")
