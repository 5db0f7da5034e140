"""What a training run found, in numbers: the content of config.json, from which the model card is written."""

import datetime
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bpdemo import stmap
from bpdemo.network import NetworkConfig
from bpdemo.training.evaluate import PRESSURES, RENDERINGS, conformal_half_width, score, score_by_quality
from bpdemo.training.losses import count_outside
from bpdemo.training.map_set import FILMED, MapSet
from bpdemo.weights_config import SCHEMA

COVERAGE = 0.9
_STATEMENTS = {  # by whether maps were rendered and whether clips were used
    (True, False): "Trained on finger pulses of real people with cuff pressures, rendered into face maps with camera "
    "noise; no face video with measured pressures was used.",
    (True, True): "Trained on finger pulses of real people with cuff pressures, rendered into face maps with camera "
    "noise, and on face clips of other people with cuff pressures.",
    (False, True): "Trained on face clips of real people with cuff pressures.",
}
_PROTOCOL = (
    "{folds} folds by person; the shipped weights are the same recipe fitted on all people; the settings of the recipe "
    "were chosen by hand with an eye on these folds"
)


def summarise(tests: MapSet, fold_of: np.ndarray, baseline: np.ndarray, predicted: np.ndarray) -> dict[str, Any]:
    """Turn out-of-fold predictions into figures.

    The interval around each fold's predictions comes from the other folds' errors at the reference quality, so coverage
    is measured on people the interval has not seen either. The interval to ship comes from all folds. The reference is
    standard quality, or, where nothing was rendered, the clips as they were filmed.

    Args:
        tests: evaluation renderings, `RENDERINGS` of each person in each quality, or maps of clips.
        fold_of: int [maps], the fold each map was predicted in.
        baseline: [maps, 2] mmHg, mean pressures of that fold's training people.
        predicted: [maps, 2] mmHg.

    Returns:
        JSON-able: `intervals` (coverage and half-widths, mmHg), `qualities` (as `score_by_quality`) and `r_of_folds`
        (correlation at the reference quality, fold by fold).
    """
    truth = tests.truth
    errors = predicted - truth
    reference = tests.quality == reference_quality(tests.quality)

    def widths(of: np.ndarray) -> np.ndarray:
        of = reference & of if (reference & of).any() else of
        count = len(np.unique(tests.person[of]))
        return np.array([conformal_half_width(errors[of, k], count, COVERAGE) for k in range(len(PRESSURES))])

    half_width = np.empty_like(predicted)
    for fold in np.unique(fold_of):
        half_width[fold_of == fold] = widths(fold_of != fold)
    return {
        "intervals": {
            "coverage": COVERAGE,
            **dict(zip(PRESSURES, widths(fold_of >= 0).round(2).tolist(), strict=True)),
        },
        "qualities": score_by_quality(tests, predicted, baseline, half_width),
        "r_of_folds": {
            pressure: [
                score(truth[of, k], predicted[of, k], baseline[of, k], half_width[of, k])["r"]
                for fold in np.unique(fold_of)
                for of in [reference & (fold_of == fold)]
                if of.any()
            ]
            for k, pressure in enumerate(PRESSURES)
        },
    }


def reference_quality(qualities: Iterable[str]) -> str:
    """Return the quality that intervals come from and whose figures are put first.

    Args:
        qualities: those there are.
    """
    return "standard" if "standard" in set(qualities) else FILMED


def describe(maps: MapSet, config: NetworkConfig, results: dict[str, Any], details: dict[str, Any]) -> dict[str, Any]:
    """Put together the content of config.json.

    Args:
        maps: what the weights were fitted on.
        config: of the network.
        results: of `summarise`.
        details: `left_out` (people), `seed`, `data` (names of the sets), `citation`, `recipe` (JSON-able) and, where
            there are some, `clips` (how many were `read` and `refused`).

    Returns:
        JSON-able, as `weights_config` asks for.
    """
    pressures = maps.pressures.astype(np.float64)
    edges = (config.systolic_edges, config.diastolic_edges)
    qualities = results["qualities"]
    reference = qualities[reference_quality(qualities)]
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
            "protocol": _PROTOCOL.format(folds=details["recipe"]["folds"]),
            "people": len(maps.people),
            "renderings": RENDERINGS,
            "qualities": results["qualities"],
            "r_of_folds": results["r_of_folds"],
        },
        "provenance": {
            "data": ", ".join(sets),
            "citation": details["citation"],
            "commit": _commit(),
            "command": f"python -m bpdemo train {' '.join(f'--data {name}=DIR' for name in sets)} "
            f"--seed {details['seed']} --output weights",
            "seed": details["seed"],
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "statement": _STATEMENTS["standard" in qualities, FILMED in qualities],
        },
    }


def _commit() -> str:
    """The commit this code is at, or "unknown" outside a repository."""
    here = Path(__file__).parent
    answer = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=False)
    return answer.stdout.strip() if answer.returncode == 0 else "unknown"
