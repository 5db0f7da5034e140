"""What a model answered for maps of people it was not fitted on: what every figure of the evidence is worked out from."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Predictions:
    """One row for each answer; a map that was asked about in several splits has several.

    Attributes:
        person: int [n], whose; the same number in every split.
        quality: str [n], a capture quality, or `map_set.FILMED`.
        truth: float64 [n, 2], systolic and diastolic by the cuff, mmHg.
        split: int [n], which repetition of the folds; 0 where there is one.
        fold: int [n], which part of its split the person was tested in; 0 where nothing was fitted.
        baseline: float64 [n, 2], mean pressures of the people the answering model was fitted on, mmHg.
        value: float64 [n, 2], the answer, mmHg.
        scale: float64 [n, 2], how wide an interval around the answer is in relation to others; None when all are alike.
        probability: for each pressure float64 [n, ranges]; None for a model without ranges.
    """

    person: np.ndarray
    quality: np.ndarray
    truth: np.ndarray
    split: np.ndarray
    fold: np.ndarray
    baseline: np.ndarray
    value: np.ndarray
    scale: np.ndarray | None = None
    probability: tuple[np.ndarray, np.ndarray] | None = None

    def select(self, which: np.ndarray) -> "Predictions":
        """Return some rows: `which` is a bool [n] or indices."""
        return Predictions(
            self.person[which],
            self.quality[which],
            self.truth[which],
            self.split[which],
            self.fold[which],
            self.baseline[which],
            self.value[which],
            None if self.scale is None else self.scale[which],
            None if self.probability is None else tuple(each[which] for each in self.probability),
        )
