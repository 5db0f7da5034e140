"""What a model costs to run."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import torch

from bpdemo.crops import CropForm
from bpdemo.models.inputs import Inputs
from bpdemo.models.pressure_model import PressureModel
from bpdemo.regions import CELLS
from bpdemo.stmap import CHANNELS, COLUMNS, WINDOW_S

_WARM_UP, _TIMED, _LONGEST_S = 3, 15, 60.0  # forwards; fewer of a model that takes longer


def measure_cost(model: PressureModel) -> tuple[int, float]:
    """Return how many parameters a model on the CPU has, and the milliseconds it takes for one window on one thread.

    The time is the median of some forwards from prepared tensors: without the reading of the clip, which is the same
    for all models and takes far longer. All members count.
    """
    model.eval()
    tensors = model.tensors(_whole_window(model.network.FORM))
    times: list[float] = []
    with torch.inference_mode(), _one_thread():
        while len(times) < _WARM_UP + _TIMED and sum(times) < _LONGEST_S:
            start = time.perf_counter()
            model(*tensors)
            times.append(time.perf_counter() - start)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return parameters, 1000 * float(np.median(times[_WARM_UP:] or times))


def _whole_window(form: CropForm | None) -> Inputs:
    """Return a window of noise in which all was measured: networks skip what was not."""
    inputs = Inputs.empty(1, with_maps=True)
    rng = np.random.default_rng(0)
    inputs.values[:], inputs.weight[:] = rng.standard_normal(inputs.values.shape), 1
    inputs.put_map(0, rng.standard_normal((len(CHANNELS), len(CELLS), COLUMNS)), np.ones((len(CELLS), COLUMNS), bool))
    if form is None:
        return inputs
    frames = len(form.grid_s(0, WINDOW_S))
    return replace(inputs, crops=rng.integers(256, size=(1, frames, form.side, form.side, 3), dtype=np.uint8))


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch compute on one thread, and then on as many as before."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
