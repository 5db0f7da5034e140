"""Cross-validation is judged with fits that only remember whom they were fitted on."""

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from bpdemo.models.config import BeatsConfig
from bpdemo.training import cross_validation
from bpdemo.training.cross_validation import cross_validate
from bpdemo.training.folds import make_folds
from bpdemo.training.predictions import Answers
from bpdemo.training.recipe import Recipe
from tests.support.small_dataset import make_dataset

CPU = torch.device("cpu")
SMALL = BeatsConfig(members=1, width=4, hidden=4, shape=2, features=4)
RECIPE = Recipe(epochs=1, batch=4)
PEOPLE = 7


@pytest.fixture(scope="module")
def sets():
    systolic = np.linspace(95, 165, PEOPLE)
    return make_dataset(systolic, each=2, seed=1), make_dataset(systolic, each=3, seed=2)


class Stopped(Exception):  # noqa: N818 - what happens to a run, not an error of it
    pass


class Remembered:
    """Stands in for `fit`: keeps what it was given; what it returns is given to `ask`."""

    def __init__(self, stop_after=None):
        self.fits, self.stop_after = [], stop_after

    def fit(self, dataset, people, config, recipe, seed, device, *, model, checkpoint, title, start):
        assert model == "beats"
        if len(self.fits) == self.stop_after:
            raise Stopped
        checkpoint.touch()
        self.fits.append((dataset, tuple(people), seed))
        windows = dataset.windows_of(people)
        aside = Answers(dataset.truth[windows]).beside(dataset, windows, dataset.truth[windows].mean(axis=0))
        return SimpleNamespace(model=frozenset(people), set_aside=aside)

    def ask(self, network, dataset, windows, device):
        assert not network & set(dataset.person[windows]), "asked about somebody it was fitted on"
        value = np.stack([dataset.person[windows], np.full(len(windows), len(network))], axis=1).astype(float)
        return Answers(value, value, value)


def remember(monkeypatch, **more):
    remembered = Remembered(**more)
    monkeypatch.setattr(cross_validation, "fit", remembered.fit)
    monkeypatch.setattr(cross_validation, "ask", remembered.ask)
    return remembered


@pytest.fixture
def fits(monkeypatch):
    return remember(monkeypatch)


def validate(sets, run, **more):
    return cross_validate(*sets, make_folds(sets[0].people, 3, 2, 5), SMALL, RECIPE, run, CPU, **more)


def assert_same(one, other):
    for name, column in one.columns.items():
        np.testing.assert_array_equal(column, other.columns[name], err_msg=name)


def test_every_map_is_answered_once_in_every_split(sets, fits, tmp_path):
    answers = validate(sets, tmp_path)
    _, tests = sets
    assert len(fits.fits) == 6
    for split in (0, 1):
        rows = answers.select(answers.split == split)
        assert Counter(rows.person.tolist()) == dict.fromkeys(range(PEOPLE), 3)
        assert (rows.value[:, 0] == rows.person).all()
        for person in range(PEOPLE):
            here = rows.person == person
            assert np.ptp(rows.fold[here]) == 0
            assert sorted(rows.quality[here]) == sorted(tests.quality[tests.windows_of([person])])
            assert rows.truth[here] == pytest.approx(tests.truth[tests.windows_of([person])])
    assert (answers.systolic_probability == answers.value).all()


def test_the_baseline_is_the_mean_of_those_fitted_on(sets, fits, tmp_path):
    answers = validate(sets, tmp_path)
    pressures = sets[0].pressures
    for number, (_, people, _) in enumerate(fits.fits):
        split, fold = divmod(number, 3)
        rows = (answers.split == split) & (answers.fold == fold)
        assert set(answers.person[rows]) == set(range(PEOPLE)) - set(people)
        assert answers.baseline[rows] == pytest.approx(np.tile(pressures[list(people)].mean(axis=0), (rows.sum(), 1)))


def test_splits_differ_and_so_do_their_fits(sets, fits, tmp_path):
    answers = validate(sets, tmp_path)
    first, second = (answers.fold[answers.split == split].tolist() for split in (0, 1))
    people = [{people for _, people, _ in fits.fits[start : start + 3]} for start in (0, 3)]
    assert len(first) == len(second)
    assert people[0] != people[1]
    assert [seed for _, _, seed in fits.fits] == [5, 5, 5, 6, 6, 6]


def test_a_finished_run_is_read_from_its_files(sets, tmp_path, monkeypatch):
    remember(monkeypatch)
    first = validate(sets, tmp_path)
    again = remember(monkeypatch, stop_after=0)
    assert_same(first, validate(sets, tmp_path))
    assert not again.fits
    (tmp_path / "folds_1_2.npz").unlink()
    one = remember(monkeypatch)
    assert_same(first, validate(sets, tmp_path))
    assert len(one.fits) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"folds_{s}_{f}.npz" for s in (0, 1) for f in range(3)]


def test_a_stopped_run_goes_on_with_what_is_missing(sets, tmp_path, monkeypatch):
    stopped = remember(monkeypatch, stop_after=4)
    with pytest.raises(Stopped):
        validate(sets, tmp_path)
    rest = remember(monkeypatch)
    resumed = validate(sets, tmp_path)
    assert (len(stopped.fits), len(rest.fits)) == (4, 2)
    assert_same(resumed, validate(sets, tmp_path / "elsewhere"))


def test_titles_keep_runs_apart(sets, fits, tmp_path):
    validate(sets, tmp_path)
    validate(sets, tmp_path, title="variant")
    assert len(fits.fits) == 12


def test_what_is_fitted_on_is_what_the_windows_should_give(sets, fits, tmp_path):
    dataset, tests = sets
    answers = validate((replace(dataset, truth=dataset.truth[::-1]), tests), tmp_path)
    assert answers.truth == pytest.approx(tests.pressures[answers.person])
    mean = dataset.truth[::-1][dataset.windows_of(fits.fits[0][1])].mean(axis=0)
    assert answers.baseline[0] == pytest.approx(mean)


def test_a_person_of_many_windows_counts_once_in_the_baseline(sets, fits, tmp_path):
    dataset, tests = sets
    fewer = dataset.select(np.arange(len(dataset.person)) != 1)  # the first person has one window only
    answers = validate((fewer, tests), tmp_path)
    for number, (_, people, _) in enumerate(fits.fits):
        rows = (answers.split == number // 3) & (answers.fold == number % 3)
        assert answers.baseline[rows][0] == pytest.approx(dataset.pressures[list(people)].mean(axis=0))


@pytest.mark.slow
def test_real_fits_in_processes_of_their_own_give_the_same(sets, tmp_path, monkeypatch):
    folds = make_folds(sets[0].people, 2, 1, 0)
    serial = cross_validate(*sets, folds, SMALL, RECIPE, tmp_path / "serial", CPU)
    monkeypatch.setattr(cross_validation, "_WORTH_A_POOL", 1)
    monkeypatch.setattr(cross_validation, "cores", lambda: 2)
    pooled = cross_validate(*sets, folds, SMALL, RECIPE, tmp_path / "pooled", CPU)
    assert pooled.value == pytest.approx(serial.value, abs=1e-3)
    assert pooled.person.tolist() == serial.person.tolist()
    assert np.isfinite(serial.value).all()
    assert len(list((tmp_path / "pooled").iterdir())) == 2
