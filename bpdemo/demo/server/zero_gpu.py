"""A GPU that is lent for moments: ZeroGPU on Hugging Face Spaces, which starts no Space without a marked function.

Only the network could use it, in milliseconds that one core has to spare: plain CPU hardware is recommended, and a GPU
that is not to be had costs no reading. The marked function runs in a fork, so the network need not travel; what does is
pickled, and a tensor on a GPU must not come back: only arrays do.
"""

import logging
import os
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, from_numpy, nn

from bpdemo.models.heads import Prediction, RangePrediction, ValuePrediction

ZERO_GPU_VARIABLE = "SPACES_ZERO_GPU"
SECONDS = 5  # a GPU is asked for, at most: that much must be left of a visitor's daily share
ON_LENT_GPU = "cpu, and a GPU when ZeroGPU lends one"

logger = logging.getLogger(__name__)


def lent_gpu() -> Callable | None:
    """Return the decorator `spaces.GPU` where it has GPUs to lend, else None; call it before torch looks for CUDA."""
    if os.environ.get(ZERO_GPU_VARIABLE, "").lower() not in ("1", "t", "true"):
        return None
    try:
        import spaces
    except Exception as error:  # it asks for a build of torch with CUDA, among other things
        logger.warning("ZeroGPU cannot be used, the package spaces does not load: %s", error)
        return None
    return spaces.GPU


def run_on_lent_gpu(network: nn.Module, decorator: Callable) -> None:
    """Have a network on the CPU run on a lent GPU where there is one; `decorator` is that of `lent_gpu`."""
    forward = network.forward

    @decorator(duration=SECONDS)
    def run(*arrays: Any) -> tuple[list[dict[str, Any]], Any]:
        device = "cuda" if torch.cuda.is_available() else "cpu"
        network.to(device)
        with torch.inference_mode():
            prediction = forward(*(from_numpy(array).to(device) for array in arrays))
        pressures = (prediction.systolic, prediction.diastolic)
        parts = [{part: value.cpu().numpy() for part, value in vars(pressure).items()} for pressure in pressures]
        return parts, None if prediction.shape is None else prediction.shape.cpu().numpy()

    def forward_on_gpu(*tensors: Tensor) -> Prediction:
        try:
            pressures, shape = run(*(tensor.numpy() for tensor in tensors))
        except Exception as error:  # no GPU is free, the visitor's share is used up, its process has ended
            logger.warning("no GPU was lent (%s); the network runs on the CPU", type(error).__name__)
            return forward(*tensors)
        systolic, diastolic = map(_pressure, pressures)
        return Prediction(systolic, diastolic, None if shape is None else from_numpy(shape))

    network.forward = forward_on_gpu


def _pressure(arrays: dict[str, Any]) -> ValuePrediction:
    parts = {name: from_numpy(array) for name, array in arrays.items()}
    return RangePrediction(**parts) if "probability" in parts else ValuePrediction(**parts)
