"""What `realism` found, as a table and in words that the figures choose."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from experiments.realism import FIGURES, Statistics, nearest_quality, summarise

_INSIDE = "eight in ten renderings"  # between `low` and `high` of `summarise`
_OF_A_PULSE = ("cell_r", "snr_db")  # can be read off anything, but compare pulses


def realism_section(
    real: Mapping[str, Statistics], rendered: Mapping[str, Sequence[Statistics]], duration_s: float
) -> dict[str, Any]:
    """Put real clips and renderings side by side, for the results file (`evidence.gather`, `realism`).

    Args:
        real: name of a clip -> its figures; one without a pulse has NaN where a pulse is needed.
        rendered: quality -> its renderings.
        duration_s: how long the renderings were, and a clip with a pulse at least.

    Returns:
        JSON-able: `statement`, `columns`, `rows`.
    """
    summaries = {name: summarise(of) for name, of in rendered.items()}
    columns = ["figure", *real, *(f"rendered, {name}" for name in rendered)]
    rows = []
    for name, title in FIGURES.items():
        told = [_number(name, each.figures[name]) for each in real.values()]
        rows.append([title, *told, *(_span(name, summary.get(name)) for summary in summaries.values())])
    statement = [
        f"Real clips ({len(real)}) beside {_counts(rendered)} of {duration_s:.1f} s, read by the same code. In "
        f"brackets: what {_INSIDE} lie between; of a capture like them, eight in ten figures would.",
        *(_say_of(name, each, rendered, summaries) for name, each in real.items()),
    ]
    return {"statement": " ".join(statement), "columns": columns, "rows": rows}


def _counts(rendered: Mapping[str, Sequence[Statistics]]) -> str:
    counts = " or ".join(str(count) for count in sorted({len(of) for of in rendered.values()}))
    return f"renderings ({counts} of each quality)"


def _say_of(
    clip: str,
    real: Statistics,
    rendered: Mapping[str, Sequence[Statistics]],
    summaries: Mapping[str, Mapping[str, Mapping[str, float]]],
) -> str:
    """Say in a few sentences how a clip compares."""
    known = [name for name in FIGURES if np.isfinite(real.figures[name])]
    if real.has_pulse:
        quality = nearest_quality(real, rendered)
        beside = [quality]
        said = f"Nearest to {clip} in the error of the mean beat is {quality} quality: of {len(known)} figures"
    else:
        # The qualities make noise in one way; without a pulse nothing says how much of it there is.
        known = [name for name in known if name not in _OF_A_PULSE]
        beside = list(rendered)
        said = f"In {clip} no usable pulse was found: of the {len(known)} figures that need none"
    low = {name: min(summaries[quality][name]["low"] for quality in beside) for name in known}
    high = {name: max(summaries[quality][name]["high"] for quality in beside) for name in known}
    below = [FIGURES[name] for name in known if real.figures[name] < low[name]]
    above = [FIGURES[name] for name in known if real.figures[name] > high[name]]
    said += f", {len(known) - len(below) - len(above)} lie where {_INSIDE} do"
    lists = [f"{where}: {'; '.join(names)}." for where, names in (("Below", below), ("Above", above)) if names]
    return " ".join((f"{said}.", *lists))


def _number(name: str, value: float) -> str:
    if not np.isfinite(value):
        return "-"
    if name.startswith(("beat_error", "noise_T", "noise_Y")):
        return f"{100 * value:.1f} %"
    return f"{value:.1f}" if name == "snr_db" else f"{value:.2f}"


def _span(name: str, of: Mapping[str, float] | None) -> str:
    if of is None:
        return "-"
    middle, low, high = (_number(name, of[part]).removesuffix(" %") for part in ("median", "low", "high"))
    return f"{middle} [{low}, {high}]" + (" %" if _number(name, of["median"]).endswith("%") else "")
