"""Figures by window, clip and person, and of groups, against what is worked out by hand."""

import numpy as np
import pytest

from bpdemo.data.person import Person
from bpdemo.training.dataset import Dataset, FilmedClip
from bpdemo.training.levels import NOT_KNOWN, add_filmed, score_groups
from bpdemo.training.predictions import Predictions, average_clips
from bpdemo.training.results import Windows
from bpdemo.training.scoring import EDGES, About, score_rows, summarise
from bpdemo.weights.config import Intervals

# Person, clip, systolic truth and answer of each window; the diastolic are half of these.
WINDOWS = np.array(
    [
        (0, 0, 100, 110),
        (0, 0, 104, 112),  # a clip of two windows: 102 and 111
        (0, 1, 120, 121),  # this person: 111 and 116
        (1, 2, 140, 125),
        (1, 2, 140, 127),
        (1, 2, 146, 129),  # this one: 142 and 127
        (2, 3, 90, 115),
        (3, 4, 150, 130),
        (3, 5, 154, 134),  # this one: 152 and 132
    ],
    float,
)
MEAN = 120.0


@pytest.fixture
def windows():
    person, clip = WINDOWS[:, :2].astype(int).T
    truth, value = (np.stack((column, column / 2), axis=1) for column in WINDOWS[:, 2:].T)
    zeros, n = np.zeros(len(person), int), len(person)
    baseline = np.broadcast_to((MEAN, MEAN / 2), (n, 2))
    return Predictions(person, np.full(n, "filmed"), truth, zeros, zeros, baseline, value, clip=clip)


def make_dataset(sexes, tasks, skin_tones=(None,) * 4):
    people = tuple(
        Person(f"mmse_hr:{i}", 120, 80, sex=sex, skin_tone=tone)
        for i, (sex, tone) in enumerate(zip(sexes, skin_tones, strict=True))
    )
    owners = (0, 0, 1, 2, 3, 3)
    clips = tuple(FilmedClip(f"mmse_hr:{owners[i]}", str(i), task) for i, task in enumerate(tasks))
    empty = np.empty(0)
    return Dataset(*(empty,) * 8, people, clips)


BY_HAND = {  # truth and answer
    "window": WINDOWS[:, 2:],
    "clip": [(102, 111), (120, 121), (142, 127), (90, 115), (150, 130), (154, 134)],
    "person": [(111, 116), (142, 127), (90, 115), (152, 132)],
}


@pytest.fixture
def results(windows):
    dataset = make_dataset(("female",) * 4, ("T1",) * 6)
    intervals = Intervals(coverage=0.9, systolic=30.0, diastolic=15.0)
    about = About("mmse_hr", windows=Windows(read=9, refused={}, overlapping=0))
    return add_filmed(summarise(average_clips(windows), about, intervals=intervals), windows, dataset, EDGES)


@pytest.mark.parametrize("level", BY_HAND)
def test_every_level_has_the_figures_of_its_answers(results, level):
    truth, value = np.array(BY_HAND[level], float).T
    for pressure, unit in (("systolic", 1), ("diastolic", 0.5)):
        found = results.levels[level][pressure]
        assert (found.people, found.predictions) == (4, len(truth))
        error = unit * (value - truth)
        expected = {
            "mae": np.abs(error).mean(),
            "rmse": np.sqrt((error**2).mean()),
            "mean_error": error.mean(),
            "sd_error": error.std(),
            "r": np.corrcoef(truth, value)[0, 1],
            "baseline_mae": unit * np.abs(MEAN - truth).mean(),
            "sd_answers": unit * value.std(),
            "sd_truth": unit * truth.std(),
        }
        assert {name: getattr(found, name) for name in expected} == pytest.approx(expected, abs=1e-4)
        low, high = found.bootstrap.mae
        assert low < found.mae < high


def test_levels_are_in_the_json_form_and_come_back(results):
    assert type(results).model_validate(results.to_json()) == results
    assert list(results.to_json()["levels"]) == ["window", "clip", "person"]


def test_without_clips_there_is_nothing_to_add(results, windows):
    rendered = Predictions(**windows.columns | {"quality": np.full(len(windows.person), "standard")})
    bare = results.model_copy(update={"levels": {}, "groups": {}})
    assert add_filmed(bare, rendered, make_dataset((None,) * 4, (None,) * 6), EDGES) is bare


def test_groups_are_of_clips_that_have_something_in_common(windows):
    tasks = ("T1", "T2", "T2", "T1", "T1", "T2")
    groups = score_groups(average_clips(windows), make_dataset(("female",) * 4, tasks))
    assert list(groups) == ["task", "sex"]  # of no clip the camera is known, of nobody the skin tone
    assert list(groups["task"]) == ["T1", "T2"]
    first, second = groups["task"].values()
    assert (first.people, first.clips, second.people, second.clips) == (3, 3, 3, 3)
    truth, value = np.array([(102, 111), (90, 115), (150, 130)]).T
    error = value - truth
    figures = first.figures["systolic"]
    assert (figures.mae, figures.mean_error) == (np.abs(error).mean(), error.mean())
    assert figures.rmse == pytest.approx(np.sqrt((error**2).mean()))
    assert figures.sd_error == pytest.approx(error.std())
    assert figures.r == pytest.approx(np.corrcoef(truth, value)[0, 1])
    assert figures.baseline_mae == np.abs(MEAN - truth).mean()
    assert second.figures["diastolic"].mean_error == pytest.approx((121 - 120 + 127 - 142 + 134 - 154) / 6)


def test_figures_of_few_people_are_withheld_also_where_the_rest_would_give_them_away(windows):
    clips = average_clips(windows)
    three = score_groups(clips, make_dataset(("female", "male", "female", "female"), (None,) * 6))["sex"]
    assert {name: (group.people, group.figures) for name, group in three.items()} == {
        "female": (3, None),
        "male": (1, None),
    }
    known = score_groups(clips, make_dataset(("female",) * 4, (None,) * 6, ("Fitzpatrick 3",) * 3 + (None,)))
    assert [(name, group.people, group.figures) for name, group in known["skin tone"].items()] == [
        ("Fitzpatrick 3", 3, None),
        (NOT_KNOWN, 1, None),
    ]


def test_answers_that_are_all_alike_have_no_spread(windows):
    same = Predictions(**windows.columns | {"value": np.full_like(windows.value, 100.0)})
    assert score_rows(same, EDGES)["systolic"].sd_answers == 0
