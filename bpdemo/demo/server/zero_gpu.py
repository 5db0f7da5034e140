"""A GPU that is lent for moments: ZeroGPU on Hugging Face Spaces. Nothing here does anything anywhere else.

On ZeroGPU hardware a Space has no GPU of its own. A function marked with `spaces.GPU` is run in another process that
holds one for as long as the call lasts; a Space without such a function is not started there. The only part of a
reading that could use a GPU is the network: decoding and landmarks are on the CPU, and a map is a few filters. So the
network alone is marked, and asks for the shortest time.

It gains nothing: the network takes milliseconds on one core, and a GPU has to be waited for and counts against the
visitor's daily share. That is why the README recommends plain CPU hardware, why the network is kept on the CPU here
too, and why a GPU that is not to be had costs no reading: the CPU gives the same answer, within the tolerance that
`benchmarks/devices.py` measures.

What goes to that process and back is pickled, and a tensor on a GPU must not come back: only arrays travel. The network
itself does not: the process is a fork, and finds it in its memory.
"""

import logging
import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, from_numpy, nn

from bpdemo.models.beats import Prediction, RangePrediction

if TYPE_CHECKING:
    from bpdemo.estimator import BloodPressureEstimator

ZERO_GPU_VARIABLE = "SPACES_ZERO_GPU"
SECONDS = 5
"""How long a GPU is asked for, at most: little, because that much must be left of a visitor's daily share."""

ON_LENT_GPU = "cpu, and a GPU when ZeroGPU lends one"

logger = logging.getLogger(__name__)


def lent_gpu() -> Callable | None:
    """Return the decorator `spaces.GPU` where it has GPUs to lend, else None.

    Must be called before anything asks torch for CUDA: `spaces` wants to be first. It imports Gradio.
    """
    if os.environ.get(ZERO_GPU_VARIABLE, "").lower() not in ("1", "t", "true"):
        return None
    try:
        import spaces
    except Exception as error:  # it asks for a build of torch with CUDA, among other things
        logger.warning("ZeroGPU cannot be used, the package spaces does not load: %s", error)
        return None
    return spaces.GPU


class OnLentGpu(nn.Module):
    """A network that runs on a lent GPU, or else on the CPU; to its callers it is a network on the CPU.

    Args:
        network: on the CPU, in evaluation mode.
        decorator: `spaces.GPU`, or what behaves like it.
    """

    def __init__(self, network: nn.Module, decorator: Callable) -> None:
        super().__init__()
        self.network = network
        self.config = network.config

        def run(*arrays: Any) -> dict[str, dict[str, Any]]:
            # In the process with the GPU, which keeps the network there for its next call.
            device = "cuda" if torch.cuda.is_available() else "cpu"
            with torch.inference_mode():
                prediction = network.to(device)(*(from_numpy(array).to(device) for array in arrays))
            return {
                name: {part: value.cpu().numpy() for part, value in vars(pressure).items()}
                for name, pressure in vars(prediction).items()
            }

        self._run = decorator(duration=SECONDS)(run)
        self.eval()

    def forward(self, values: Tensor, weight: Tensor, rate_hz: Tensor) -> Prediction:
        """Return what the network returns."""
        try:
            pressures = self._run(values.numpy(), weight.numpy(), rate_hz.numpy())
        except Exception as error:  # no GPU is free, the visitor's share is used up, its process has ended
            logger.warning("no GPU was lent (%s); the network runs on the CPU", type(error).__name__)
            return self.network(values, weight, rate_hz)
        return Prediction(
            **{
                name: RangePrediction(**{part: from_numpy(value) for part, value in pressure.items()})
                for name, pressure in pressures.items()
            }
        )


def on_lent_gpu(estimator: "BloodPressureEstimator", decorator: Callable) -> "BloodPressureEstimator":
    """Return an estimator whose network runs on a lent GPU.

    Args:
        estimator: with its network on the CPU.
        decorator: of `lent_gpu`.
    """
    weights = estimator.weights
    lent = replace(weights, network=OnLentGpu(weights.network, decorator))
    return type(estimator)(lent, isolate=estimator.isolate)
