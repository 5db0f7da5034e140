"""What a training run found, in numbers: the content of config.json, from which the model card is written."""

import datetime
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bpdemo import beats as slices
from bpdemo import stmap
from bpdemo.models.beats import NetworkConfig
from bpdemo.training.dataset import FILMED, SliceSet
from bpdemo.training.losses import count_outside
from bpdemo.training.metrics import PRESSURES
from bpdemo.weights.config import SCHEMA

_STATEMENTS = {  # by whether maps were rendered and whether clips were used
    (True, False): "Trained on finger pulses of real people with cuff pressures, rendered into face maps with camera "
    "noise; no face video with measured pressures was used.",
    (True, True): "Trained on finger pulses of real people with cuff pressures, rendered into face maps with camera "
    "noise, and on face clips of other people with cuff pressures.",
    (False, True): "Trained on face clips of real people with cuff pressures.",
}
_PROTOCOL = (
    "{folds} folds by person{repeated}; the shipped weights are the same recipe fitted on all people; the settings of "
    "the recipe were chosen by hand with an eye on these folds"
)


_BRIEF = (
    "mae", "rmse", "mean_error", "sd_error", "r", "baseline_mae", "baseline_rmse", "own_mean_mae", "coverage",
    "interval", "within", "calibration_error",
)  # fmt: skip


def describe(
    maps: SliceSet, config: NetworkConfig, results: Mapping[str, Any], details: Mapping[str, Any]
) -> dict[str, Any]:
    """Put together the content of config.json.

    Args:
        maps: slices of what the weights were fitted on.
        config: of the network.
        results: of `evidence.gather`, from the cross-validation.
        details: `left_out` (people), `seed`, `data` (names of the sets), `citation`, `recipe` (JSON-able) and, where
            there are some, `clips` (how many were `read` and `refused`), `unseen` (names of other sets), `variants`.

    Returns:
        JSON-able, as `weights_config` asks for.
    """
    pressures = maps.pressures.astype(np.float64)
    edges = (config.systolic_edges, config.diastolic_edges)
    qualities = results["qualities"]
    reference = qualities[results["reference"]]
    repeated = f", {results['splits']} times" if results["splits"] > 1 else ""
    summary = {
        pressure: {
            "mean": round(float(pressures[:, k].mean()), 2),
            "std": round(float(pressures[:, k].std()), 2),
            "mean_absolute_error": reference[pressure]["baseline_mae"],
            "outside_ranges": count_outside(torch.from_numpy(pressures[:, k]), edges[k]),
        }
        for k, pressure in enumerate(PRESSURES)
    }
    sets = details["data"]
    return {
        "bpdemo": SCHEMA,
        "name": "bpdemo-small",
        "stmap": stmap.specification(),
        "slices": slices.specification(),
        "network": config.to_dict(),
        "training": {
            "people": len(maps.people),
            "left_out": details["left_out"],
            "maps": len(maps.person),
            **summary,
            "recipe": details["recipe"],
            **({"clips": details["clips"]} if "clips" in details else {}),
            "names": [person.name for person in maps.people],
        },
        "intervals": results["intervals"],
        "validation": {
            "protocol": _PROTOCOL.format(folds=details["recipe"]["folds"], repeated=repeated),
            "people": results["people"],
            "renderings": results.get("renderings", 0),
            "qualities": {
                quality: {
                    pressure: {name: of[name] for name in _BRIEF if name in of} for pressure, of in figures.items()
                }
                for quality, figures in qualities.items()
            },
        },
        "provenance": {
            "data": ", ".join(sets),
            "citation": details["citation"],
            "commit": _commit(),
            "command": _command(details),
            "seed": details["seed"],
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "statement": _STATEMENTS["standard" in qualities, FILMED in qualities],
        },
    }


def _command(details: Mapping[str, Any]) -> str:
    """What to type to get these weights again."""
    parts = [f"--data {name}=DIR" for name in details["data"]]
    parts += [f"--unseen {name}=DIR" for name in details.get("unseen", ())]
    parts += ["--variants"] if details.get("variants") else []
    return f"python -m bpdemo train {' '.join(parts)} --seed {details['seed']} --output weights"


def _commit() -> str:
    """The commit this code is at, or "unknown" outside a repository."""
    here = Path(__file__).parent
    answer = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=False)
    return answer.stdout.strip() if answer.returncode == 0 else "unknown"
