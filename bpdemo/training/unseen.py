"""Finished weights on data sets that had no part in training: as they are, and with what might help there."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bpdemo.training.criteria import PRESSURES
from bpdemo.training.evaluate import answer_people
from bpdemo.training.evidence import gather
from bpdemo.training.predictions import Predictions
from bpdemo.weights import Weights

SHIPPED, SAME_WIDTH, SHRUNK = "as shipped", "intervals of one width", "drawn to the mean where unusual"


def look_elsewhere(weights: Weights, unseen: Mapping[str, str | Path]) -> dict[str, Any]:
    """Score weights on other data sets.

    Args:
        weights: finished.
        unseen: name of a data set -> its folder.

    Returns:
        `other_data` and `out_of_distribution`, as `evidence.gather` takes them in `about`.

    Raises:
        DataError: from loading.
    """
    other: dict[str, Any] = {}
    rows = []
    for name, folder in unseen.items():
        answers, about = answer_people(weights, {name: folder})
        variants = {
            SHIPPED: answers,
            SAME_WIDTH: replace(answers, scale=np.ones_like(answers.scale)),
            SHRUNK: _shrink(answers),
        }
        other[name] = {
            variant: gather(each, {}, {}, about, intervals=weights.config["intervals"])
            for variant, each in variants.items()
        }
        rows += _rows(name, answers, other[name])
    statement = (
        "An interval is made wider, up to twice, where the mean beat is unlike those of the training set: where its "
        "Mahalanobis distance exceeds that of 95 % of the training maps. Share of maps made wider, and what the "
        "intervals hold with and without that:"
    )
    columns = ["data", "capture", "made wider", "pressure", "coverage, one width", "coverage, as shipped"]
    return {
        "other_data": other,
        "out_of_distribution": {"statement": statement, "columns": columns, "rows": rows},
    }


def _shrink(answers: Predictions) -> Predictions:
    """Draw answers towards the training mean as far as their interval was made wider."""
    return replace(answers, value=answers.baseline + (answers.value - answers.baseline) / answers.scale)


def _rows(name: str, answers: Predictions, variants: Mapping[str, Any]) -> list[list[Any]]:
    rows = []
    for quality in dict.fromkeys(answers.quality.tolist()):
        wider = float((answers.scale[answers.quality == quality, 0] > 1).mean())
        for pressure in PRESSURES:
            coverage = [variants[of]["qualities"][quality][pressure]["coverage"] for of in (SAME_WIDTH, SHIPPED)]
            rows.append([name, quality, f"{100 * wider:.0f} %", pressure, *(f"{100 * c:.0f} %" for c in coverage)])
    return rows
