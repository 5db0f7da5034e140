"""Finished weights on data sets that had no part in training: as they are, and with what might help there."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bpdemo.data.person import Person
from bpdemo.training.evaluate import Questions, answer, describe, prepare
from bpdemo.training.metrics import PRESSURES
from bpdemo.training.predictions import Predictions
from bpdemo.training.results import gather
from bpdemo.weights.store import Weights
from experiments.transfer import AS_SHIPPED, Attempt, describe_attempts, score_attempts, share_upright

SAME_WIDTH, SHRUNK = "intervals of one width", "drawn to the mean where unusual"


def look_elsewhere(
    weights: Weights,
    unseen: Mapping[str, str | Path],
    attempts: Mapping[str, Attempt] | None = None,
    trained_on: Sequence[Person] = (),
) -> dict[str, Any]:
    """Score weights on other data sets.

    Args:
        weights: finished.
        unseen: name of a data set -> its folder.
        attempts: what else to score there beside the weights (`across.fit_attempts`); None for nothing.
        trained_on: the people whom weights and attempts were fitted on.

    Returns:
        `other_data` and `out_of_distribution`, and with attempts `across`, as `evidence.gather` takes them in `about`.

    Raises:
        DataError: from loading.
    """
    other: dict[str, Any] = {}
    rows = []
    beside: dict[str, Any] = {}
    upright = {"training": share_upright(trained_on)}
    for name, folder in unseen.items():
        questions = prepare({name: folder})
        answers, about = answer(weights, questions), describe(weights, questions)
        shrunk = _shrink(answers)
        variants = {
            AS_SHIPPED: answers,
            SAME_WIDTH: replace(answers, scale=np.ones_like(answers.scale)),
            SHRUNK: shrunk,
        }
        other[name] = {
            variant: gather(each, {}, {}, about, intervals=weights.config["intervals"])
            for variant, each in variants.items()
        }
        rows += _rows(name, answers, other[name])
        if attempts:
            tried = {what: _ask(weights, questions, attempt) for what, attempt in attempts.items()}
            beside[name] = score_attempts(answers, tried | {SHRUNK: shrunk}, about["edges"])
            upright[name] = share_upright(questions.people)
    statement = (
        "An interval is made wider, up to twice, where the mean beat is unlike those of the training set: where its "
        "Mahalanobis distance exceeds that of 95 % of the training maps. Share of maps made wider, and what the "
        "intervals hold with and without that:"
    )
    columns = ["data", "capture", "made wider", "pressure", "coverage, one width", "coverage, as shipped"]
    found = {
        "other_data": other,
        "out_of_distribution": {"statement": statement, "columns": columns, "rows": rows},
    }
    if attempts:
        found["across"] = {"statement": describe_attempts(), "upright": upright, "data": beside}
    return found


def _ask(weights: Weights, questions: Questions, attempt: Attempt) -> Predictions:
    """Answers of an attempt; the training mean beside them is that of the weights, for the people are."""
    return answer(replace(weights, network=attempt.network), questions, attempt.change)


def _shrink(answers: Predictions) -> Predictions:
    """Draw answers towards the training mean as far as their interval was made wider."""
    return replace(answers, value=answers.baseline + (answers.value - answers.baseline) / answers.scale)


def _rows(name: str, answers: Predictions, variants: Mapping[str, Any]) -> list[list[Any]]:
    rows = []
    for quality in dict.fromkeys(answers.quality.tolist()):
        wider = float((answers.scale[answers.quality == quality, 0] > 1).mean())
        for pressure in PRESSURES:
            coverage = [variants[of]["qualities"][quality][pressure]["coverage"] for of in (SAME_WIDTH, AS_SHIPPED)]
            rows.append([name, quality, f"{100 * wider:.0f} %", pressure, *(f"{100 * c:.0f} %" for c in coverage)])
    return rows
