"""The model card: what config.json and the results file say, in at most 9,000 characters. No figure typed by hand."""

from collections import defaultdict
from collections.abc import Sequence

from bpdemo.models import find_model
from bpdemo.regions import CELLS
from bpdemo.reporting import claims, tables
from bpdemo.reporting.model_tables import models_table
from bpdemo.reporting.others import split_by_test
from bpdemo.reporting.plots import pictures
from bpdemo.reporting.templating import render
from bpdemo.stmap import CHANNELS
from bpdemo.training.results import FILMED, Results
from bpdemo.weights.config import TrainedPressure, WeightsConfig


def write_card(config: WeightsConfig, results: Results, others: Sequence[Results] = ()) -> str:
    """Return the model card of a weights folder: Markdown with the Hub's YAML front matter.

    The pictures it shows are those of `report.save_evidence`; `others` are the results of other weights, which stand in
    the table where they are of the same test.
    """
    same, different = split_by_test(results, others)
    clips = config.training.clips
    return render(
        "model_card",
        config=config,
        results=results,
        claims=claims,
        tables=tables,
        model=find_model(config.model),
        cells=len(CELLS),
        channels=len(CHANNELS),
        folds=describe_folds(results),
        measured=_measured_on(results),
        models=models_table(results, results.reference, same),
        left_out=describe_left_out(different),
        shown=defaultdict(str, {picture.name.removesuffix(".png"): picture.markdown for picture in pictures(results)}),
        rendered=results.reference != FILMED,
        filmed=FILMED in results.qualities,
        citation=f"{config.provenance.citation.rstrip('.')}.",
        clips=f" Clips read: {clips.read}; refused: {sum(clips.refused.values())}." if clips else "",
        spread=_spread,
    )


def describe_folds(results: Results) -> str:
    """Return how the folds were made."""
    return f"{results.folds} folds by person" + (
        f", repeated with {results.splits} splits" if results.splits > 1 else ""
    )


def describe_left_out(different: Sequence[Results]) -> str:
    """Return which other weights do not stand in the table, as a sentence to be added; empty where all do."""
    if not different:
        return ""
    return f" Left out, as of other people or folds: {', '.join(each.model for each in different)}."


def _measured_on(results: Results) -> str:
    rendered = f", each rendered {results.renderings} times in each capture quality"
    if FILMED not in results.qualities:
        return rendered
    return f"{rendered if len(results.qualities) > 1 else ''}, clips as they were filmed, window by window"


def _spread(pressure: TrainedPressure) -> str:
    return f"{pressure.mean:.1f} ± {pressure.std:.1f}"
