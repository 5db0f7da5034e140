from dataclasses import replace

import numpy as np
import pytest
import torch

from bpdemo.models.config import NetworkConfig
from bpdemo.training.fit import Recipe, sample_root
from experiments import ablations
from experiments.ablations import (
    PLAIN,
    RESEEDED,
    ablate,
    make_variants,
    sample_density,
    sample_importance,
    sample_people,
    sample_ranges,
    verdicts,
)
from tests.support.made_up import make
from tests.support.small_dataset import make_dataset

pytestmark = pytest.mark.exhaustive

CONFIG = NetworkConfig(systolic_edges=(80.0, 100.0, 120.0, 140.0), diastolic_edges=(40.0, 120.0), hidden=4)
CROWD = np.array([1] + [3] * 3 + [8] * 8)
SAMPLERS = (sample_root, sample_people, sample_ranges, sample_density, sample_importance)


@pytest.fixture(scope="module")
def uneven():
    """Twelve people in ranges of 1, 3 and 8, of whom one has fewer windows; and two more."""
    dataset = make_dataset([90] + [110] * 3 + [130] * 8 + [90, 110], each=6)
    return dataset.select((dataset.person != 1) | (np.arange(len(dataset.person)) % 2 == 0))


def drawn_by(dataset, sampler):
    """Chance of each person, and how much each person's errors count in all."""
    sampling = sampler(dataset, range(12), CONFIG)
    importance = np.ones(len(sampling.windows)) if sampling.importance is None else sampling.importance
    assert sampling.chances.sum() == pytest.approx(1)
    assert sampling.chances @ importance == pytest.approx(1)
    whose = dataset.person[sampling.windows]
    return np.bincount(whose, sampling.chances, 12), np.bincount(whose, sampling.chances * importance, 12)


def test_people_drawn_alike(uneven):
    chances, say = drawn_by(uneven, sample_people)
    assert chances == pytest.approx(1 / 12)
    assert say == pytest.approx(1 / 12)


def test_ranges_drawn_alike(uneven):
    chances, say = drawn_by(uneven, sample_ranges)
    assert chances == pytest.approx(1 / 3 / CROWD)
    assert say == pytest.approx(chances)


def test_importance_draws_people_alike_and_gives_ranges_the_same_say(uneven):
    chances, say = drawn_by(uneven, sample_importance)
    assert chances == pytest.approx(1 / 12)
    assert say == pytest.approx(1 / 3 / CROWD)


def test_density_keeps_fewer_windows_of_common_ranges(uneven):
    sampling = sample_density(uneven, range(12), CONFIG)
    kept = np.bincount(uneven.person[sampling.windows], minlength=12)
    # sqrt(1 / 3) and sqrt(1 / 8) of the 6 (of the second person 3) there are, rounded up
    assert kept.tolist() == [6, 2, 4, 4, *[3] * 8]
    assert np.ptp(sampling.chances) == 0
    crowded = make_dataset([90] + [110] * 40, each=8)
    sampling = sample_density(crowded, range(41), CONFIG)
    assert np.bincount(crowded.person[sampling.windows]).tolist() == [8, *[2] * 40]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_only_those_asked_for_are_drawn(uneven, sampler):
    assert set(uneven.person[sampler(uneven, [2, 5, 13], CONFIG).windows]) == {2, 5, 13}


def test_every_variant_changes_one_thing():
    dataset = make_dataset([100, 110, 120, 130], each=7)
    variants = make_variants(dataset, CONFIG, Recipe(epochs=2))
    plain = variants.pop(PLAIN)
    assert (plain.config, plain.recipe) == (replace(CONFIG, members=1), Recipe(epochs=2))
    for name, variant in variants.items():
        changed = [field for field, value in vars(variant).items() if value is not vars(plain)[field]]
        # 6 windows instead of 7 make no whole epoch more, but a recipe of its own.
        assert changed in (["config"], ["recipe"], ["sampler"], ["seed_offset"], ["dataset", "recipe"]), name
    few = variants["6 renderings a person"]
    assert few.recipe == plain.recipe
    assert np.bincount(few.dataset.person).tolist() == [6] * 4
    assert {variant.sampler for variant in variants.values()} == set(SAMPLERS)
    assert len({variant.recipe.loss for variant in variants.values()}) == 5


def test_variants_are_scored_on_the_same_folds_and_judged_against_chance(tmp_path, monkeypatch):
    given = {}

    def note(dataset, tests, folds, config, recipe, run, device, *, title, sampler, seed_offset):
        given[title] = folds
        noise = {"twice_the_width": 0.2, "3_members": 0.8}.get(title, 0.5)
        return make(people=30, splits=1, noise=noise, seed=seed_offset)

    monkeypatch.setattr(ablations, "cross_validate", note)
    dataset = make_dataset([100, 110, 120, 130, 140], each=7)
    variants = make_variants(dataset, CONFIG, Recipe())
    scores = ablate(variants, dataset, 0, tmp_path, torch.device("cpu"))
    assert len(given) == len(variants)
    assert len(set(given.values())) == 1
    assert {fold.split for fold in given["one_member"]} == {0}
    found = verdicts(scores)
    assert set(found) == set(variants) - {PLAIN, RESEEDED}
    assert found.pop("twice the width") == "better"
    assert found.pop("3 members") == "worse"
    assert set(found.values()) == {"no difference beyond chance"}
