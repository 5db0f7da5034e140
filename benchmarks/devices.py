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
from torch import nn

from bpdemo.beats import MeanBeats
from bpdemo.models.beats import Prediction
from bpdemo.self_check import made_up_face
from bpdemo.weights.store import embedded_folder, load_weights
from bpdemo.window import read_window

TOLERANCE_MMHG = {torch.float32: 0.1, torch.bfloat16: 0.25}
"""How far a pressure may be from that of float32 on the CPU, mmHg (ours). Pressures are shown as whole mmHg, as on a
cuff: a quarter of that step is nothing to whoever reads them, and is twice what bfloat16 was seen to cost where only
the layers compute in it. Ranges added up in it, by mistake, would cost more. float32 on CUDA differs by the order of
sums and by TF32 in convolutions."""

_FACES = 100
_RUNS = 30


def made_up_beats(count: int) -> list[MeanBeats]:
    """Return the mean beats of `count` made-up faces, no two alike."""
    rates_hz = [np.random.default_rng(seed).uniform(0.8, 1.9) for seed in range(count)]
    windows = (read_window(made_up_face(seed, rate_hz), 0.0, 10.0) for seed, rate_hz in enumerate(rates_hz))
    return [window.beats for window in windows if window.beats is not None]


def predict(
    network: nn.Module, beats: Sequence[MeanBeats], device: str, dtype: torch.dtype
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return the systolic and the diastolic answers, one face at a time, as a reading asks for them.

    Args:
        network: on the device.
        beats: of the faces.
        device: "cpu" or "cuda".
        dtype: float32, or bfloat16 by automatic casting, as training uses it.

    Returns:
        For each pressure: value [faces] mmHg and scale [faces] of its interval.
    """
    answers: list[dict[str, list[float]]] = [{"value": [], "scale": []} for _ in range(2)]
    for one in beats:
        prediction = _forward(network, one, device, dtype)
        for answer, pressure in zip(answers, (prediction.systolic, prediction.diastolic), strict=True):
            for part, kept in answer.items():
                kept.append(float(getattr(pressure, part)[0]))
    systolic, diastolic = ({part: np.array(kept) for part, kept in answer.items()} for answer in answers)
    return systolic, diastolic


def worst_difference(answers: tuple[dict, dict], reference: tuple[dict, dict]) -> float:
    """Return the largest distance between two devices' pressures, mmHg."""
    pairs = zip(answers, reference, strict=True)
    return max(float(np.abs(answer["value"] - other["value"]).max()) for answer, other in pairs)


def _forward(network: nn.Module, beats: MeanBeats, device: str, dtype: torch.dtype) -> Prediction:
    values, weight = (torch.from_numpy(part).to(device)[None] for part in (beats.values, beats.weight))
    rate_hz = torch.tensor([beats.rate_hz], dtype=torch.float32, device=device)
    with torch.inference_mode(), torch.autocast(device, dtype, enabled=dtype != torch.float32):
        return network(values, weight, rate_hz)


def _milliseconds(network: nn.Module, beats: MeanBeats, device: str, dtype: torch.dtype) -> float:
    """Return the median time of one face, its way to the device and back included."""
    times = []
    for _ in range(_RUNS + 3):
        began_s = time.perf_counter()
        float(_forward(network, beats, device, dtype).systolic.value[0])
        times.append(1000 * (time.perf_counter() - began_s))
    return float(np.median(times[3:]))


def main() -> None:
    """Print the table."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    torch.set_num_threads(1)
    beats = made_up_beats(_FACES)
    reference = predict(load_weights(embedded_folder(), "cpu").network, beats, "cpu", torch.float32)
    print(f"Network forward on {_FACES} made-up faces, torch {torch.__version__}, one thread\n")
    print("| device | type | one face, ms | worst systolic difference, mmHg | worst diastolic, mmHg | allowed, mmHg |")
    print("|---|---|---|---|---|---|")
    for device in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
        network = load_weights(embedded_folder(), device).network
        name = torch.cuda.get_device_name() if device == "cuda" else "CPU"
        for dtype, allowed in TOLERANCE_MMHG.items():
            answers = predict(network, beats, device, dtype)
            apart = [np.abs(one["value"] - other["value"]).max() for one, other in zip(answers, reference, strict=True)]
            took = _milliseconds(network, beats[0], device, dtype)
            kind = str(dtype).removeprefix("torch.")
            print(f"| {name} | {kind} | {took:.1f} | {apart[0]:.3f} | {apart[1]:.3f} | {allowed} |")
    if not torch.cuda.is_available():
        print("\nThere is no CUDA device here.")


if __name__ == "__main__":
    main()
