"""Scores of saved weights on people they never saw, without training."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from bpdemo.data.registry import identity
from bpdemo.models import find_model
from bpdemo.synthesis.maps import QUALITIES
from bpdemo.training.baselines import predict_with_baselines
from bpdemo.training.cohort import Cohort, prepare
from bpdemo.training.dataset import Dataset
from bpdemo.training.folds import LEAST_PEOPLE, deal_folds
from bpdemo.training.levels import add_filmed
from bpdemo.training.predictions import Predictions, ask, average_clips
from bpdemo.training.results import TRAITS, Results
from bpdemo.training.scoring import About, summarise
from bpdemo.weights.store import Weights

EVALUATION_SEED = 1000  # added to the seed: evaluation renderings are other ones than training's
RENDERINGS = 4
"""Renderings of a person in each quality when scoring."""

_FOLDS = 5  # of the people who are evaluated, for the model of what they tell


def evaluate(weights: Weights, data: Mapping[str, str | Path], maps: Sequence[str | Path] = ()) -> Results:
    """Return the scores of saved weights on everybody in some data sets (name -> folder) and maps.

    Pulse recordings are rendered in every capture quality. Clips are taken as they were filmed: their one quality is
    `filmed`, and each clip counts once, with the mean over its windows, against its own pressures; figures by window
    and by person, and of groups, stand beside these. Intervals and training mean are those of the weights' config.

    Raises:
        DataError: from loading; `no_beats` or `no_clips`, when no recording or no clip can be used.
    """
    cohort = prepare(data, maps, model=find_model(weights.config.model))
    tests = cohort.render(tuple(QUALITIES) * RENDERINGS, EVALUATION_SEED, "evaluation")
    return score_weights(weights, cohort, tests, predict(weights, tests))


def score_weights(weights: Weights, cohort: Cohort, tests: Dataset, windows: Predictions) -> Results:
    """Return the scores of what weights answered for the windows of `tests`, the people of a cohort."""
    config = weights.config
    about = About(
        dataset=cohort.name,
        model=config.model,
        left_out=cohort.left_out,
        renderings=RENDERINGS if cohort.recorded else 0,
        edges=(config.network.systolic_edges, config.network.diastolic_edges),
        seen_in_training=len(
            {identity(person.name) for person in cohort.people} & set(map(identity, config.training.seen))
        ),
        clips=cohort.clips,
        windows=cohort.windows,
    )
    models = {}
    if cohort.filmed and len(tests.people) >= LEAST_PEOPLE:
        folds = deal_folds(tests.people, min(_FOLDS, len(tests.people)), 0)
        found = predict_with_baselines(tests, tests, folds, [TRAITS])
        models = {name: average_clips(answers) for name, answers in found.items()}
    results = summarise(average_clips(windows), about, models=models, intervals=config.intervals)
    return add_filmed(results, windows, tests, about.edges)


def external_validation(weights: Weights, data: Mapping[str, str | Path]) -> dict[str, Results]:
    """Return the results of finished weights on other data sets, each scored by itself, as `Results.other_data`."""
    return {name: evaluate(weights, {name: folder}) for name, folder in data.items()}


def predict(weights: Weights, tests: Dataset) -> Predictions:
    """Return what weights answer: one row for each window."""
    windows = np.arange(len(tests.person))
    answers = ask(weights.network, tests, windows, next(weights.network.parameters()).device)
    training = weights.config.training
    return answers.beside(tests, windows, np.array([training.systolic.mean, training.diastolic.mean]))
