"""The network on every device there is, in float32 and bfloat16: time, and how far its answers are apart.

    python -m benchmarks.devices

Faces are made up: cells that beat in 10 s of colour noise, each with a rate and a shape of its own; the weights are the
shipped ones. What is compared is what is shown - both pressures, in mmHg - with float32 on the CPU.

The demo computes in float32 everywhere. bfloat16 is here because training on CUDA uses it, and so that whoever turns it
on knows what it costs.
"""

import argparse
import time
from collections.abc import Sequence

import numpy as np
import torch

from bpdemo.models.heads import Prediction
from bpdemo.models.inputs import Inputs
from bpdemo.models.pressure_model import PressureModel
from bpdemo.self_check import made_up_face
from bpdemo.weights.store import embedded_folder, load_weights
from bpdemo.window import Window, read_window

TOLERANCE_MMHG = {torch.float32: 0.1, torch.bfloat16: 0.25}
"""How far a pressure may be from that of float32 on the CPU, mmHg (ours). Pressures are shown as whole mmHg, as on a
cuff: a quarter of that step is nothing to whoever reads them, and is twice what bfloat16 was seen to cost where only
the layers compute in it. Ranges added up in it, by mistake, would cost more. float32 on CUDA differs by the order of
sums and by TF32 in convolutions."""

_FACES = 100
_RUNS = 30


def made_up_windows(count: int) -> list[Window]:
    """Return the windows of `count` made-up faces, no two alike."""
    rates_hz = [np.random.default_rng(seed).uniform(0.8, 1.9) for seed in range(count)]
    return [read_window(made_up_face(seed, rate_hz), 0.0, 10.0) for seed, rate_hz in enumerate(rates_hz)]


def predict(model: PressureModel, windows: Sequence[Window], device: str, dtype: torch.dtype) -> np.ndarray:
    """Return the answers, float64 [2, windows] mmHg (systolic, diastolic), one at a time, as a reading asks for them.

    The model is on the device, "cpu" or "cuda"; the type is float32, or bfloat16 by automatic casting, as training uses
    it.
    """
    predictions = [_forward(model, window, device, dtype) for window in windows]
    return np.array([[float(one.systolic.value[0]), float(one.diastolic.value[0])] for one in predictions]).T


def _forward(model: PressureModel, window: Window, device: str, dtype: torch.dtype) -> Prediction:
    tensors = [tensor.to(device) for tensor in model.tensors(Inputs.of_window(window))]
    with torch.inference_mode(), torch.autocast(device, dtype, enabled=dtype != torch.float32):
        return model(*tensors)


def _milliseconds(model: PressureModel, window: Window, device: str, dtype: torch.dtype) -> float:
    """Return the median time of one face, its way to the device and back included."""
    times = []
    for _ in range(_RUNS + 3):
        began_s = time.perf_counter()
        float(_forward(model, window, device, dtype).systolic.value[0])
        times.append(1000 * (time.perf_counter() - began_s))
    return float(np.median(times[3:]))


def main() -> None:
    """Print the table."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    torch.set_num_threads(1)
    windows = made_up_windows(_FACES)
    reference = predict(load_weights(embedded_folder(), "cpu").network, windows, "cpu", torch.float32)
    print(f"Network forward on {_FACES} made-up faces, torch {torch.__version__}, one thread\n")
    print("| device | type | one face, ms | worst systolic difference, mmHg | worst diastolic, mmHg | allowed, mmHg |")
    print("|---|---|---|---|---|---|")
    for device in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
        network = load_weights(embedded_folder(), device).network
        name = torch.cuda.get_device_name() if device == "cuda" else "CPU"
        for dtype, allowed in TOLERANCE_MMHG.items():
            answers = predict(network, windows, device, dtype)
            apart = np.abs(answers - reference).max(axis=1)
            took = _milliseconds(network, windows[0], device, dtype)
            kind = str(dtype).removeprefix("torch.")
            print(f"| {name} | {kind} | {took:.1f} | {apart[0]:.3f} | {apart[1]:.3f} | {allowed} |")
    if not torch.cuda.is_available():
        print("\nThere is no CUDA device here.")


if __name__ == "__main__":
    main()
