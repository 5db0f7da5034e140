"""Predictions whose truth and noise are known: the cuff's pressure, drawn towards the mean, plus errors."""

from functools import cache

import numpy as np

from bpdemo.models.config import DIASTOLIC_EDGES, SYSTOLIC_EDGES
from bpdemo.training.predictions import Predictions
from bpdemo.training.results import BOTH, CONTACT, HEART_RATE, MEAN, RECOVERED, TRAITS, Results
from bpdemo.training.scoring import About, summarise
from bpdemo.weights.config import Intervals

EDGES = (SYSTOLIC_EDGES, DIASTOLIC_EDGES)
MEANS, SPREADS = np.array([128.0, 72.0]), np.array([20.0, 11.0])
NOISE = {"strong": 0.6, "standard": 0.8, "poor": 1.2}


def make(
    people: int = 175,
    splits: int = 2,
    renderings: int = 2,
    share: float = 0.4,
    noise: float = 0.5,
    seed: int = 0,
    with_ranges: bool = True,
) -> Predictions:
    """The answer is mean + share x (truth - mean) + noise x spread x normal."""
    truth_of = MEANS + SPREADS * np.random.default_rng(1).standard_normal((people, 2))
    rng = np.random.default_rng(seed)
    qualities = tuple(NOISE) * renderings
    each = len(qualities)
    person = np.tile(np.repeat(np.arange(people), each), splits)
    split = np.repeat(np.arange(splits), people * each)
    fold_of = np.stack([rng.permutation(people) % 5 for _ in range(splits)])
    quality = np.tile(np.array(qualities), people * splits)
    truth = truth_of[person]
    strength = np.array([NOISE[one] for one in quality])[:, None] * noise
    value = MEANS + share * (truth - MEANS) + strength * SPREADS * rng.standard_normal(truth.shape)
    probability = [_probability(value[:, k], EDGES[k], 0.9 * SPREADS[k]) if with_ranges else None for k in (0, 1)]
    baseline = np.broadcast_to(MEANS, truth.shape)
    fold = fold_of[split, person]
    kept = np.stack([0.5 + 0.1 * fold, np.full(len(fold), 0.25)], axis=1)
    return Predictions(person, quality, truth, split, fold, baseline, value, *probability, kept=kept)


def _probability(value, edges, width):
    middle = (np.array(edges[1:]) + edges[:-1]) / 2
    weight = np.exp(-(((middle - value[:, None]) / width) ** 2) / 2)
    return weight / weight.sum(axis=1, keepdims=True)


@cache  # their bootstraps take seconds
def results(**changes) -> Results:
    """Results of a cross-validation with every part there is; `changes` are those of `make`. Not to be changed."""
    network = make(**changes)
    people = int(network.person.max()) + 1

    def other(share, noise, seed):
        return make(people, 1, 1, share, noise, seed, with_ranges=False)

    models = {
        MEAN: other(0, 0, 1),
        HEART_RATE: other(0.0, 0.1, 2),
        TRAITS: other(0.3, 0.4, 3),
        RECOVERED: other(0.25, 0.4, 4),
        CONTACT: other(0.5, 0.4, 5),
        BOTH: other(0.5, 0.5, 8),
    }
    controls = {
        "network, time shuffled": other(0, 0.05, 6),
        "recovered beat, labels permuted": other(0, 0.1, 7),
    }
    about = About("made_up", "beats", parameters=12345, milliseconds=2.25, renderings=2, folds=5, seeds=[0, 1])
    return summarise(network, about, models=models, controls=controls)


def results_elsewhere() -> Results:
    """Results of finished weights on another data set."""
    network = make(people=78, splits=1, share=0.0, noise=0.3)
    intervals = Intervals(coverage=0.9, systolic=30.0, diastolic=18.0)
    return summarise(network, About("mw_ppg", "beats", renderings=2, seen_in_training=0), intervals=intervals)
