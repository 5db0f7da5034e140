"""Predictions whose truth and noise are known: the cuff's pressure, drawn towards the mean, plus errors."""

import numpy as np

from bpdemo.models.beats import DIASTOLIC_EDGES, SYSTOLIC_EDGES
from bpdemo.training.metrics import PRESSURES
from bpdemo.training.model_names import CONTACT, HEART_RATE, MEAN, PERMUTED, RECOVERED, SHUFFLED, TRAITS
from bpdemo.training.predictions import Predictions
from bpdemo.training.results import gather

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
    scaled: bool = False,
    with_ranges: bool = True,
) -> Predictions:
    """The answer is mean + share x (truth - mean) + noise x spread x normal; `scaled`: noise differs, and is told."""
    truth_of = MEANS + SPREADS * np.random.default_rng(1).standard_normal((people, 2))
    rng = np.random.default_rng(seed)
    qualities = tuple(NOISE) * renderings
    each = len(qualities)
    person = np.tile(np.repeat(np.arange(people), each), splits)
    split = np.repeat(np.arange(splits), people * each)
    fold_of = np.stack([rng.permutation(people) % 5 for _ in range(splits)])
    quality = np.tile(np.array(qualities), people * splits)
    truth = truth_of[person]
    scale = rng.uniform(0.3, 2.0, truth.shape) if scaled else np.ones_like(truth)
    strength = np.array([NOISE[one] for one in quality])[:, None] * noise * scale
    value = MEANS + share * (truth - MEANS) + strength * SPREADS * rng.standard_normal(truth.shape)
    probability = tuple(_probability(value[:, k], EDGES[k], 0.9 * SPREADS[k]) for k in (0, 1)) if with_ranges else None
    baseline = np.broadcast_to(MEANS, truth.shape)
    fold = fold_of[split, person]
    return Predictions(
        person, quality, truth, split, fold, baseline, value, scale * SPREADS if scaled else None, probability
    )


def _probability(value, edges, width):
    middle = (np.array(edges[1:]) + edges[:-1]) / 2
    weight = np.exp(-(((middle - value[:, None]) / width) ** 2) / 2)
    return weight / weight.sum(axis=1, keepdims=True)


def results(extras: dict | None = None, **changes) -> dict:
    network = make(**({"scaled": True} | changes))
    people = int(network.person.max()) + 1

    def other(share, noise, seed):
        return make(people, 1, 1, share, noise, seed, with_ranges=False)

    others = {
        MEAN: other(0, 0, 1),
        HEART_RATE: other(0.0, 0.1, 2),
        TRAITS: other(0.3, 0.4, 3),
        RECOVERED: other(0.25, 0.4, 4),
        CONTACT: other(0.5, 0.4, 5),
    }
    controls = {
        f"network, {SHUFFLED}": other(0, 0.05, 6),
        f"recovered beat, {PERMUTED}": other(0, 0.1, 7),
    }
    about = {"dataset": "made_up", "renderings": 2, "folds": 5, "seeds": [0, 1], "left_out": 0}
    return gather(network, others, controls, about | (extras or {}))


def extras() -> dict:
    """One of every extra that `gather` names, in the shapes it names."""
    from bpdemo.training.results import brief
    from experiments.transfer import score_attempts

    variants = {name: brief(make(share=share, seed=seed)) for name, share, seed in (("a", 0.4, 0), ("b", 0.5, 3))}
    elsewhere = results_elsewhere()
    shipped, nearer = (make(people=78, splits=1, share=share, noise=0.3) for share in (0.2, 0.6))
    tried = {"another seed of the fit": shipped, "a nearer one": nearer, "as good": shipped}
    across = {"mw_ppg": score_attempts(shipped, tried, dict(zip(PRESSURES, EDGES, strict=True)))}
    table = {"statement": "A statement.", "columns": ["what", "score"], "rows": [["first", 0.123], ["second", 2]]}
    return {
        "oversampling": {"none": variants["a"], "inverse frequency": variants["b"]},
        "loss": {"all parts": variants["a"], "no ranges": variants["b"]},
        "other_data": {"mw_ppg": {"as shipped": elsewhere, "shrunk": elsewhere}},
        "across": {"statement": "What was drawn.", "upright": {"training": 0.5, "mw_ppg": None}, "data": across},
        "out_of_distribution": table,
        "realism": table,
        "tried": [
            {"what": "first thing", "verdict": "kept", **{p: {"mae": 14.0, "r": 0.4} for p in PRESSURES}},
            {"what": "second thing", "verdict": "dropped"},
        ],
    }


def results_elsewhere() -> dict:
    network = make(people=78, splits=1, share=0.0, noise=0.3)
    intervals = {"coverage": 0.9, "systolic": 30.0, "diastolic": 18.0}
    return gather(network, {}, {}, {"dataset": "mw_ppg", "renderings": 2}, intervals=intervals)
