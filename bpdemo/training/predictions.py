"""What a model answered for people it was not fitted on: every figure of the results is worked out from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from torch import Tensor

from bpdemo.models.heads import Prediction, RangePrediction, ValuePrediction
from bpdemo.models.pressure_model import Member, PressureModel
from bpdemo.training.dataset import Dataset


@dataclass(frozen=True)
class Predictions:
    """One row for each answer; a window that was asked about in several repetitions has several."""

    person: np.ndarray  # int [n], whose; the same number in every repetition
    quality: np.ndarray  # str [n], a capture quality, or `results.FILMED`
    truth: np.ndarray  # float64 [n, 2], systolic and diastolic by the cuff, mmHg
    split: np.ndarray  # int [n], which repetition of the folds; 0 where there is one
    fold: np.ndarray  # int [n], which part of its split the person was tested in; 0 where nothing was fitted
    baseline: np.ndarray  # float64 [n, 2], mean pressures of the people the answering model was fitted on, mmHg
    value: np.ndarray  # float64 [n, 2], the answer, mmHg
    systolic_probability: np.ndarray | None = None  # float64 [n, ranges]; None for a model without ranges
    diastolic_probability: np.ndarray | None = None
    shape: np.ndarray | None = None  # float64 [n, S], `heads.Prediction.shape`; None for a model without one
    both: np.ndarray | None = None  # float64 [n, 2], mmHg, clip and told traits together; NaN where none are known
    clip: np.ndarray | None = None  # int [n], which clip; -1 of a rendering; None where all are renderings
    kept: np.ndarray | None = None  # float64 [n, 2], share of each answer that is kept (`PressureModel`)

    @property
    def columns(self) -> dict[str, np.ndarray]:
        """Name -> array [n, ...] of every field that is there."""
        return {name: column for name, column in vars(self).items() if column is not None}

    def select(self, rows: np.ndarray) -> "Predictions":
        """Return some rows: `rows` is a bool [n] or indices."""
        return Predictions(**{name: column[rows] for name, column in self.columns.items()})

    def save(self, file: BinaryIO) -> None:
        """Write all rows to an .npz file; `load` reads it back."""
        np.savez_compressed(file, allow_pickle=False, **self.columns)

    @classmethod
    def load(cls, path: str | Path) -> "Predictions":
        """Return what `save` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(**arrays)


@dataclass(frozen=True)
class Answers:
    """What a model answers for some windows: the fields of `Predictions` that are the model's own."""

    value: np.ndarray
    systolic_probability: np.ndarray | None = None
    diastolic_probability: np.ndarray | None = None
    shape: np.ndarray | None = None
    kept: np.ndarray | None = None

    def beside(
        self, tests: Dataset, windows: np.ndarray, baseline: np.ndarray, *, split: int = 0, fold: int = 0
    ) -> Predictions:
        """Return the answers beside the truth of some windows [n] of `tests`; the baseline [2] is the same for all."""
        return Predictions(
            tests.person[windows],
            tests.quality[windows],
            tests.truth[windows].astype(np.float64),
            np.full(len(windows), split),
            np.full(len(windows), fold),
            np.broadcast_to(np.asarray(baseline, np.float64), self.value.shape),
            clip=tests.clip[windows],
            **vars(self),
        )


def concat_predictions(parts: Sequence[Predictions]) -> Predictions:
    """Return the rows of several one after the other; all have the same fields."""
    return Predictions(**{name: np.concatenate([part.columns[name] for part in parts]) for name in parts[0].columns})


def average_clips(rows: Predictions) -> Predictions:
    """Return one row for each clip, the mean over its windows as the demo answers, behind those of no clip."""
    if rows.clip is None:
        return rows
    return _average(rows, np.where(rows.clip < 0, np.arange(len(rows.clip)) - len(rows.clip), rows.clip))


def average_people(rows: Predictions) -> Predictions:
    """Return one row for each person, the mean over the rows."""
    return _average(rows, rows.person)


def _average(rows: Predictions, key: np.ndarray) -> Predictions:
    """Return one row for each number in `key`, int [n], and split: the mean, in the order of splits and numbers."""
    _, first, group = np.unique(
        rows.split * (np.ptp(key) + 1) + key - key.min(), return_index=True, return_inverse=True
    )

    def mean(column: np.ndarray) -> np.ndarray:
        sums = np.zeros((len(first), *column.shape[1:]))
        np.add.at(sums, group, column)
        return sums / np.bincount(group).reshape(-1, *[1] * (column.ndim - 1))

    same = ("person", "quality", "split", "fold", "clip")
    return Predictions(
        **{name: column[first] if name in same else mean(column) for name, column in rows.columns.items()}
    )


def ask(network: PressureModel | Member, dataset: Dataset, windows: np.ndarray, device: torch.device) -> Answers:
    """Return what a model or one of its members, on `device`, answers for some windows, int [n]."""
    network.eval()
    batches = []
    with torch.inference_mode():
        for inputs in dataset.batches(windows):
            prediction = network(*(tensor.to(device) for tensor in network.tensors(inputs)))
            batches.append(prediction)

    def collect(tensor_of: Callable[[Prediction], Tensor | None]) -> np.ndarray | None:
        tensors = [tensor for batch in batches if (tensor := tensor_of(batch)) is not None]
        return np.concatenate([tensor.cpu().numpy() for tensor in tensors]).astype(np.float64) if tensors else None

    value = collect(lambda batch: torch.stack((batch.systolic.value, batch.diastolic.value), dim=1))
    assert value is not None
    return Answers(
        value,
        collect(lambda batch: _probability(batch.systolic)),
        collect(lambda batch: _probability(batch.diastolic)),
        collect(lambda batch: batch.shape),
        np.tile(network.kept.cpu().numpy(), (len(windows), 1)) if isinstance(network, PressureModel) else None,
    )


def _probability(pressure: ValuePrediction) -> Tensor | None:
    return pressure.probability if isinstance(pressure, RangePrediction) else None
