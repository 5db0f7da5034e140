"""What weights hold, whatever the model: some networks, averaged, and drawn to the training people's own pressures.

```
windows -> tensors -> each member -> average -> kept x answer + (1 - kept) x training people
```

On strangers an answer scatters too far from the mean of people: what it says is partly noise. `training.fit` finds on
people set aside which share of the distance is worth keeping; the rest of the answer is what is known of anybody, the
distribution of the training people's pressures. All of it is ours (shrinkage: Copas, *Regression, prediction and
shrinkage*, J. R. Stat. Soc. B 45, 1983).
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from bpdemo.crops import CropForm
from bpdemo.errors import BpdemoError
from bpdemo.models.config import NetworkConfig
from bpdemo.models.heads import (
    TINY_PROBABILITY,
    Prediction,
    RangePrediction,
    ValuePrediction,
    combine,
    mix,
    range_of,
)
from bpdemo.models.inputs import Inputs
from bpdemo.models.losses import blood_pressure_loss, shape_loss
from bpdemo.models.pulse_network import PulseNetwork


class Member(nn.Module, ABC):
    """One network; each file of a model has such a class, called `Network`, made of the model's sizes.

    Its `forward(*tensors)` returns the `Prediction` of B windows from the tensors [B, ...] of `tensors`: finite for any
    input, however little of it was measured.

    Attributes:
        ABOUT: what enters it and what reads it, in words, for the model card.
        FORM: the crops that it reads, of a model that reads frames.
        pulse: the network in it that finds the pulse in frames; it is fitted first, by itself, and stays as it is while
            the rest is fitted. None of a model that reads no frames.
    """

    ABOUT: ClassVar[str]
    FORM: ClassVar[CropForm | None] = None
    pulse: PulseNetwork | None

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.pulse = None  # not one of the class's own, which would hide the network that is set later

    def loss(self, prediction: Prediction, truth: Tensor, shapes: Tensor | None) -> Tensor:
        """Return what a step of its fit minimises: that of ranges and shape unless a model has its own.

        `truth` [B, 2] are the pressures in mmHg, `shapes` [B, S] what `shape_of` gives of the same people.
        """
        loss = blood_pressure_loss(prediction, truth, self.config)
        if shapes is not None and prediction.shape is not None:
            loss = loss + shape_loss(prediction.shape, shapes)
        return loss

    @staticmethod
    @abstractmethod
    def tensors(windows: Inputs) -> tuple[Tensor, ...]:
        """Return what the network reads of N windows, tensors [N, ...]."""

    @staticmethod
    @abstractmethod
    def augment(tensors: tuple[Tensor, ...], rng: np.random.Generator) -> tuple[Tensor, ...]:
        """Return the tensors of a batch as they might have been filmed as well; for training."""

    def fit_reference(self, batches: Iterable[Inputs], contact: np.ndarray) -> None:
        """Keep what is wanted of those who are fitted on, before the fit; most networks want nothing.

        `batches` hold their windows, `contact` [people, `pulses.BEAT_POINTS`] their beats on the finger; NaN: unknown.
        """

    def shape_of(self, contact: Tensor) -> Tensor | None:
        """Return the `Prediction.shape` that contact beats [people, points] should give; None without one."""

    def pulse_features(self, tensors: tuple[Tensor, ...]) -> tuple[Tensor, float | None]:  # noqa: ARG002 - not here
        """Return what the part of the network that still has a time axis makes of B windows, and its rate in Hz.

        [B, F, W, T]: F features of W waves, as of W regions; where a region was not measured, those of the others'
        mean. A rate of None says that T is one beat. Label-free pretraining (`training.pretrain`) teaches this part.

        Raises:
            BpdemoError: `model_not_pretrainable`, of a model without such a part.
        """
        raise BpdemoError(
            "model_not_pretrainable",
            "This model has no part that label-free pretraining could teach.",
            "Pretrain a model that reads the map or mean beats.",
        )

    def without_region(self, tensors: tuple[Tensor, ...], region: str) -> tuple[Tensor, ...] | None:
        """Return one window's tensors [1, ...] with a region of the face left out.

        None where the region was not measured or is the only one, and of a model that cannot leave it out.
        """

    def without_phase(self, tensors: tuple[Tensor, ...], phase: str) -> tuple[Tensor, ...] | None:
        """Return one window's tensors [1, ...] with a phase of the beat (`beats.PHASES`) left out.

        None where no beat was measured, and of a model that cannot leave it out.
        """


class PressureModel(nn.Module):
    """Windows -> range probabilities and values of both pressures (see the module's text)."""

    kept: Tensor

    def __init__(self, network: type[Member], config: NetworkConfig) -> None:
        super().__init__()
        self.network, self.config = network, config
        self.members: Sequence[Member] = nn.ModuleList(  # type: ignore[assignment]  # its items have no type
            network(config) for _ in range(config.members)
        )
        self.register_buffer("kept", torch.ones(2))  # share of the systolic and of the diastolic answer, 0 to 1
        self.systolic_prior = Prior(config.systolic_edges)
        self.diastolic_prior = Prior(config.diastolic_edges)

    def tensors(self, windows: Inputs) -> tuple[Tensor, ...]:
        """Return what `forward` takes of some windows."""
        return self.network.tensors(windows)

    def forward(self, *tensors: Tensor) -> Prediction:
        """Return the prediction of both pressures; the tensors [B, ...] are those of `tensors`.

        Raises:
            ValueError: the shapes do not fit each other or the network.
        """
        prediction = combine([member(*tensors) for member in self.members])
        return Prediction(
            self.systolic_prior.draw(prediction.systolic, self.kept[0]),
            self.diastolic_prior.draw(prediction.diastolic, self.kept[1]),
            prediction.shape,
        )

    def fit_shrinkage(self, pressures: np.ndarray, kept: np.ndarray) -> None:
        """Set the training people's pressures, [people, 2] mmHg, and the shares [2] of the answers that are kept."""
        self.systolic_prior.fit(pressures[:, 0])
        self.diastolic_prior.fit(pressures[:, 1])
        self.kept.copy_(torch.from_numpy(kept))


class Prior(nn.Module):
    """The training people's distribution of one pressure.

    Attributes:
        probability: [R], share of the people in each range; alike before `fit`.
        value: [R] mmHg, their mean in each range; its middle where nobody is.
    """

    probability: Tensor
    value: Tensor

    def __init__(self, edges: Sequence[float]) -> None:
        super().__init__()
        self.edges = tuple(edges)
        ranges = len(edges) - 1
        self.register_buffer("probability", torch.full((ranges,), 1 / ranges))
        middles = [(low + high) / 2 for low, high in pairwise(edges)]
        self.register_buffer("value", torch.tensor(middles))

    def fit(self, pressures: np.ndarray) -> None:
        """Set the distribution to that of some people's pressures, [people] mmHg."""
        index = range_of(torch.from_numpy(np.asarray(pressures, np.float32)), self.edges).numpy()
        for number, (low, high) in enumerate(pairwise(self.edges)):
            inside = pressures[index == number]
            self.probability[number] = len(inside) / len(pressures)
            # A mean beyond the end ranges would be a value outside of its range.
            self.value[number] = float(np.clip(inside.mean(), low, high)) if len(inside) else (low + high) / 2

    def draw(self, prediction: ValuePrediction, kept: Tensor) -> ValuePrediction:
        """Return a prediction of which a share is kept, a number 0 to 1, and the rest is the people's distribution."""
        value = kept * prediction.value + (1 - kept) * (self.probability * self.value).sum()
        if not isinstance(prediction, RangePrediction):
            return ValuePrediction(value)
        probability, in_range = mix(
            [
                (kept * prediction.probability, prediction.in_range),
                ((1 - kept) * self.probability, self.value),
            ]
        )
        return RangePrediction(value, probability.clamp(min=TINY_PROBABILITY).log(), probability, in_range)
