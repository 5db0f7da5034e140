"""The page docs/evaluation.md: `templates/evaluation.md` filled in from config.json and the results files."""

from collections.abc import Sequence

from bpdemo.reporting import claims, tables
from bpdemo.reporting.model_card import describe_folds, describe_left_out
from bpdemo.reporting.model_tables import comparisons_table, models_table
from bpdemo.reporting.others import split_by_test
from bpdemo.reporting.templating import render
from bpdemo.training.metrics import AAMI_MEAN_MMHG, AAMI_SD_MMHG
from bpdemo.training.results import CONTACT, FILMED, HEART_RATE, RECOVERED, TRAITS, Results
from bpdemo.weights.config import WeightsConfig

_RIVALS = {
    TRAITS: "Age, sex and build alone would do as well.",
    HEART_RATE: "It is only the heart rate.",
    RECOVERED: "A plain model on the same pulse would do as well.",
    CONTACT: "A finger sensor would do better.",
}


def write_evaluation(config: WeightsConfig, results: Results, others: Sequence[Results] = ()) -> str:
    """Return the page on how good weights are, Markdown; the arguments are those of `model_card.write_card`."""
    same, different = split_by_test(results, others)
    return render(
        "evaluation",
        config=config,
        results=results,
        claims=claims,
        tables=tables,
        models_table=models_table,
        comparisons_table=comparisons_table,
        same=same,
        left_out=describe_left_out(different),
        folds=describe_folds(results),
        rendered=results.reference != FILMED,
        filmed=FILMED in results.qualities,
        limits={"mean": f"{AAMI_MEAN_MMHG:.0f}", "sd": f"{AAMI_SD_MMHG:.0f}"},
        rivals=_RIVALS,
    )
