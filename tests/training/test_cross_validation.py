"""Cross-validation is judged with fits that only remember whom they were fitted on."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch

from bpdemo.models.beats import NetworkConfig
from bpdemo.training import cross_validation as folds
from bpdemo.training.cross_validation import cross_validate
from bpdemo.training.fit import Recipe
from experiments.negative_controls import permute
from tests.support.small_slices import made_slices

CPU = torch.device("cpu")
SMALL = NetworkConfig(members=1, stem_width=2, width=4, hidden=4)
RECIPE = Recipe(epochs=1, batch=4, folds=3, repetitions=2)
PEOPLE = 7


@pytest.fixture(scope="module")
def sets():
    systolic = np.linspace(95, 165, PEOPLE)
    return made_slices(systolic, each=2, seed=1), made_slices(systolic, each=3, seed=2)


class Stopped(Exception):  # noqa: N818 - what happens to a run, not an error of it
    pass


class Remembered:
    """Stands in for `fit`: keeps what it was given; what it returns is told to `predict`."""

    def __init__(self, stop_after=None):
        self.fits, self.stop_after = [], stop_after

    def fit(self, slices, people, config, recipe, seed, device, *, checkpoint, title):
        if len(self.fits) == self.stop_after:
            raise Stopped
        checkpoint.touch()
        self.fits.append((slices, tuple(people), seed))
        return frozenset(people)

    def predict(self, network, slices, indices, device):
        assert not network & set(slices.person[indices]), "asked about somebody it was fitted on"
        value = np.stack([slices.person[indices], np.full(len(indices), len(network))], axis=1).astype(float)
        return value, (value, value), value + 1


def remember(monkeypatch, **more):
    remembered = Remembered(**more)
    monkeypatch.setattr(folds, "fit", remembered.fit)
    monkeypatch.setattr(folds, "predict", remembered.predict)
    return remembered


@pytest.fixture
def fits(monkeypatch):
    return remember(monkeypatch)


def validate(sets, run, seed=5, **more):
    return cross_validate(*sets, SMALL, RECIPE, seed, run, CPU, **more)


def assert_same(one, other):
    for name in ("person", "quality", "truth", "split", "fold", "baseline", "value", "scale"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def test_every_map_is_answered_once_in_every_split(sets, fits, tmp_path):
    answers = validate(sets, tmp_path)
    _, tests = sets
    assert len(fits.fits) == 6
    for split in (0, 1):
        of = answers.select(answers.split == split)
        assert Counter(of.person.tolist()) == dict.fromkeys(range(PEOPLE), 3)
        assert (of.value[:, 0] == of.person).all()
        for person in range(PEOPLE):
            here = of.person == person
            assert np.ptp(of.fold[here]) == 0
            assert sorted(of.quality[here]) == sorted(tests.quality[tests.of_people([person])])
            assert of.truth[here] == pytest.approx(tests.truth[tests.of_people([person])])
    assert (answers.scale == answers.value + 1).all()
    assert (answers.probability[0] == answers.value).all()


def test_the_baseline_is_the_mean_of_those_fitted_on(sets, fits, tmp_path):
    answers = validate(sets, tmp_path)
    pressures = sets[0].pressures
    for number, (_, people, _) in enumerate(fits.fits):
        split, fold = divmod(number, 3)
        of = (answers.split == split) & (answers.fold == fold)
        assert set(answers.person[of]) == set(range(PEOPLE)) - set(people)
        assert answers.baseline[of] == pytest.approx(np.tile(pressures[list(people)].mean(axis=0), (of.sum(), 1)))


def test_splits_differ_and_so_do_their_fits(sets, fits, tmp_path):
    answers = validate(sets, tmp_path)
    first, second = (answers.fold[answers.split == split].tolist() for split in (0, 1))
    people = [{people for _, people, _ in fits.fits[start : start + 3]} for start in (0, 3)]
    assert len(first) == len(second)
    assert people[0] != people[1]
    assert [seed for _, _, seed in fits.fits] == [5, 5, 5, 6, 6, 6]


def test_the_seed_of_the_fits_leaves_the_splits_alone(sets, fits, tmp_path):
    validate(sets, tmp_path / "a")
    validate(sets, tmp_path / "b", fit_seed=70)
    assert [people for _, people, _ in fits.fits[:6]] == [people for _, people, _ in fits.fits[6:]]
    assert [seed for _, _, seed in fits.fits[6:]] == [70, 70, 70, 71, 71, 71]


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


def test_permuted_pressures_are_fitted_and_not_scored(sets, fits, tmp_path):
    pressures = permute(sets[0].pressures, 1)
    answers = validate(sets, tmp_path, pressures=pressures)
    slices, people, _ = fits.fits[0]
    np.testing.assert_array_equal(slices.truth, pressures[slices.person])
    assert answers.truth == pytest.approx(sets[1].pressures[answers.person])
    of = (answers.split == 0) & (answers.fold == 0)
    assert answers.baseline[of] == pytest.approx(np.tile(pressures[list(people)].mean(axis=0), (of.sum(), 1)))


def test_a_person_of_many_maps_counts_once_in_the_baseline(sets, fits, tmp_path):
    slices, tests = sets
    kept = np.arange(len(slices.person)) != 1  # the first person has one map only
    arrays = {name: getattr(slices, name)[kept] for name in ("values", "weight", "rate_hz", "person", "quality")}
    fewer = replace(slices, **arrays)
    own = replace(fewer, own_pressures=fewer.truth)
    answers = validate((own, tests), tmp_path / "own")
    assert_same(validate((fewer, tests), tmp_path / "people's"), answers)
    for number, (_, people, _) in enumerate(fits.fits[:6]):
        of = (answers.split == number // 3) & (answers.fold == number % 3)
        assert answers.baseline[of][0] == pytest.approx(slices.pressures[list(people)].mean(axis=0))


def test_real_fits_in_processes_of_their_own_give_the_same(sets, tmp_path, monkeypatch):
    recipe = replace(RECIPE, folds=2, repetitions=1)
    serial = cross_validate(*sets, SMALL, recipe, 0, tmp_path / "serial", CPU)
    monkeypatch.setattr(folds, "_WORTH_A_POOL", 1)
    monkeypatch.setattr(folds.os, "cpu_count", lambda: 2)
    pooled = cross_validate(*sets, SMALL, recipe, 0, tmp_path / "pooled", CPU)
    assert pooled.value == pytest.approx(serial.value, abs=1e-3)
    assert pooled.person.tolist() == serial.person.tolist()
    assert np.isfinite(serial.value).all()
    assert len(list((tmp_path / "pooled").iterdir())) == 2
