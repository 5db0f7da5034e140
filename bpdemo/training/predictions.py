"""What a model answered for maps of people it was not fitted on: every figure of the evidence is worked out from it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch

from bpdemo.models.beats import BloodPressureNetwork
from bpdemo.training.dataset import SliceSet

_BATCH = 256


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

    def save(self, path: str | Path) -> None:
        """Write all rows to an .npz file; `load` reads it back."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        systolic, diastolic = given.pop("probability") or (None, None)
        given |= {"systolic_probability": systolic, "diastolic_probability": diastolic}
        with open(path, "wb") as file:
            np.savez_compressed(file, **{name: array for name, array in given.items() if array is not None})

    @classmethod
    def load(cls, path: str | Path) -> "Predictions":
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            given = dict(arrays)
        each = tuple(given.pop(f"{name}_probability", None) for name in ("systolic", "diastolic"))
        return cls(**given, probability=None if each[0] is None else each)


def join_predictions(parts: Sequence[Predictions]) -> Predictions:
    """Put the rows of several one after the other; all or none of them have a scale, and all or none probabilities."""
    columns = ("person", "quality", "truth", "split", "fold", "baseline", "value")
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in columns}
    if parts[0].scale is not None:
        joined["scale"] = np.concatenate([part.scale for part in parts])
    if parts[0].probability is not None:
        each = zip(*(part.probability for part in parts), strict=True)
        joined["probability"] = tuple(np.concatenate(of_pressure) for of_pressure in each)
    return Predictions(**joined)


def predict(
    network: BloodPressureNetwork, slices: SliceSet, indices: Sequence[int], device: torch.device
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Ask the network about some maps.

    Args:
        network: fitted.
        slices: of the maps.
        indices: which of them.
        device: where the network is.

    Returns:
        Values, float64 [n, 2] in mmHg; range probabilities, float64 [n, ranges] for each pressure; scale of the
        intervals, float64 [n, 2].
    """
    network.eval()
    batches = []
    with torch.inference_mode():
        for start in range(0, len(indices), _BATCH):
            of = indices[start : start + _BATCH]
            arrays = (slices.values, slices.weight, slices.rate_hz)
            prediction = network(*(torch.from_numpy(array[of]).to(device) for array in arrays))
            batches.append((prediction.systolic, prediction.diastolic))

    def collect(name: str, k: int) -> np.ndarray:
        return np.concatenate([getattr(batch[k], name).cpu().numpy() for batch in batches]).astype(np.float64)

    value, scale = (np.stack([collect(name, k) for k in range(2)], axis=1) for name in ("value", "scale"))
    return value, (collect("probability", 0), collect("probability", 1)), scale
