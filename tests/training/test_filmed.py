"""Rows of maps become what the network reads."""

import numpy as np
import pytest

from bpdemo.errors import DataError
from bpdemo.maps import store
from bpdemo.training import filmed
from bpdemo.training.filmed import collect, read_maps
from bpdemo.training.results import Windows
from bpdemo.weights.config import Clips
from tests.support.made_up_maps import add_maps, make_rows, write_maps


def test_windows_come_person_by_person_with_their_own_pressures():
    rows = make_rows(people=2, camera="front")
    shuffled = [rows[i] for i in (0, 1, 4, 5, 2, 3, 6, 7)]  # the second clip of each person comes later
    dataset = collect(shuffled).dataset
    assert dataset.person.tolist() == [0] * 4 + [1] * 4
    assert dataset.clip.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert dataset.truth[:, 0].tolist() == [90, 92, 94, 96, 102, 104, 106, 108]
    assert dataset.truth[:, 1].tolist() == [10 + high / 2 for high in dataset.truth[:, 0]]
    for i, row in enumerate(rows):
        np.testing.assert_array_equal(dataset.values[i].ravel(), row["beats"])
        np.testing.assert_array_equal(dataset.weight[i].ravel(), row["beats_weight"])
    assert [(clip.name, clip.task, clip.camera) for clip in dataset.clips] == [
        *(("F000/T1", "T1", "front"), ("F000/T2", "T2", "front")),
        *(("M000/T1", "T1", "front"), ("M000/T2", "T2", "front")),
    ]


def test_a_persons_pressures_are_the_mean_over_clips_and_not_over_windows():
    rows = make_rows(people=1)
    dataset = collect(rows[:3]).dataset  # 90 and 92 in one clip, 94 in the other
    assert dataset.people[0].systolic == (91 + 94) / 2
    assert dataset.people[0].sex == "female"
    assert dataset.people[0].traits == (30.0, 1.0, 170.0, 60.0)


def test_a_trait_is_that_of_the_first_row_that_has_it():
    rows = make_rows(people=1, age=None)
    rows[2]["age"] = 41.0
    assert collect(rows).dataset.people[0].age == 41.0


def test_windows_that_overlap_count_once_and_all_else_is_counted():
    rows = make_rows(people=3, clips=1, windows=3)
    rows[1]["start_s"] = 14.0  # the first ends at 15
    rows[5].update(status="refused", code="no_pulse", systolic=None)
    rows[4].update(systolic=None, pressure_fault="wave_flat")
    for row in rows[6:]:
        row.update(status="refused", code="too_dark")
    unread = {"person": "mmse_hr:M009", "recording": "M009/T1", "status": "error", "code": "not_a_video"}
    found = collect([*rows, unread])
    assert found.dataset.truth[:, 0].tolist() == [90, 94, 102]
    assert found.windows == Windows(read=3, refused={"no_pulse": 1, "no_pressure": 1, "too_dark": 3}, overlapping=1)
    assert found.clips == Clips(read=2, refused={"too_dark": 1, "not_a_video": 1})
    assert found.everybody == ("mmse_hr:F000", "mmse_hr:M000", "mmse_hr:F001", "mmse_hr:M009")


def test_a_window_that_begins_where_another_ends_does_not_overlap():
    rows = make_rows(people=1, clips=1, windows=2)
    rows[1]["start_s"] -= 0.04  # less than two frames
    assert len(collect(rows).dataset.person) == 2


def test_no_window_at_all_is_an_error():
    rows = make_rows(people=2, status="refused", code="no_pulse")
    with pytest.raises(DataError) as caught:
        collect(rows)
    assert caught.value.code == "no_clips"
    assert "no_pulse: 4" in str(caught.value)


def test_maps_are_read_back_and_nothing_of_them_that_is_not_needed(tmp_path, monkeypatch):
    rows, asked = make_rows(people=2), []

    def read_rows(source, columns):
        asked.extend(columns)
        return store.read_rows(source, columns)

    monkeypatch.setattr(filmed, "read_rows", read_rows)
    direct, back = collect(rows).dataset, collect(read_maps([write_maps(tmp_path, rows)])).dataset
    for name in ("values", "weight", "rate_hz", "truth", "person", "clip"):
        np.testing.assert_array_equal(getattr(back, name), getattr(direct, name))
    assert (back.people, back.clips) == (direct.people, direct.clips)
    assert not {"stmap", "mask", "pulse", "contact_pulse", "checks"} & set(asked)


def test_a_window_carries_its_map_where_a_model_reads_it(tmp_path):
    rows = add_maps(make_rows(people=2))
    dataset = collect(read_maps([write_maps(tmp_path, rows)], with_maps=True), with_maps=True).dataset
    assert (dataset.stmap.shape, dataset.stmap.dtype) == ((8, 4, 30, 450), np.float16)
    assert not dataset.mask[..., 300:].any()
    for i, row in enumerate(rows):
        np.testing.assert_array_equal(dataset.stmap[i, ..., :300].ravel(), row["stmap"])
        np.testing.assert_array_equal(dataset.mask[i, :, :300].ravel(), row["mask"])
    assert collect(rows).dataset.stmap is None
