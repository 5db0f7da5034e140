"""Scores of saved weights on people they never saw, without training."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from bpdemo.synthesis.maps import QUALITIES
from bpdemo.training.dataset import Dataset, prepare
from bpdemo.training.predictions import Predictions, ask, average_clips
from bpdemo.training.results import Results
from bpdemo.training.scoring import About, summarise
from bpdemo.weights.store import Weights

EVALUATION_SEED = 1000  # added to the seed: evaluation renderings are other ones than training's
RENDERINGS = 4
"""Renderings of a person in each quality when scoring."""
AS_SHIPPED = "as shipped"


def evaluate(weights: Weights, data: Mapping[str, str | Path]) -> Results:
    """Return the scores of saved weights on everybody in some data sets (name -> folder).

    Pulse recordings are rendered in every capture quality. Clips are taken as they were filmed: their one quality is
    `filmed`, and each clip counts once, with the mean over its windows, against its own pressures. Intervals and
    training mean are those of the weights' config.

    Raises:
        DataError: from loading; `no_beats` or `no_clips`, when no recording or no clip can be used.
    """
    cohort = prepare(data)
    tests = cohort.render(tuple(QUALITIES) * RENDERINGS, EVALUATION_SEED, "evaluation")
    config = weights.config
    about = About(
        dataset=cohort.name,
        left_out=cohort.left_out,
        renderings=RENDERINGS if cohort.recorded else 0,
        edges=(config.network.systolic_edges, config.network.diastolic_edges),
        seen_in_training=len({person.name for person in cohort.people} & set(config.training.names)),
        clips=cohort.clips,
    )
    return summarise(predict(weights, tests), about, intervals=config.intervals)


def external_validation(weights: Weights, data: Mapping[str, str | Path]) -> dict[str, dict[str, Results]]:
    """Return the results of finished weights on other data sets, each scored by itself, as `Results.other_data`."""
    return {name: {AS_SHIPPED: evaluate(weights, {name: folder})} for name, folder in data.items()}


def predict(weights: Weights, tests: Dataset) -> Predictions:
    """Return what weights answer: one row for each rendering, and one for each clip."""
    windows = np.arange(len(tests.person))
    answers = ask(weights.network, tests, windows, next(weights.network.parameters()).device)
    training = weights.config.training
    rows = answers.beside(tests, windows, np.array([training.systolic.mean, training.diastolic.mean]))
    return average_clips(rows, tests.clip)
