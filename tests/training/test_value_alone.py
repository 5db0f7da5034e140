"""A model that gives a value alone is trained and scored by the same ways as any other."""

import pytest
from sklearn.svm import SVR

from bpdemo.models.config import BbpConfig
from bpdemo.reporting.report import summary
from bpdemo.reporting.tables import VALUE_ALONE
from bpdemo.training import baselines
from bpdemo.training.evaluate import evaluate
from bpdemo.training.recipe import Recipe
from bpdemo.training.results import PRESSURES, load_results
from bpdemo.training.train import train
from bpdemo.weights.store import load_weights
from tests.support.made_up_maps import add_maps, make_rows, write_maps

pytestmark = pytest.mark.slow

TINY = Recipe(qualities=("standard",), cycles=2, epochs=1, folds=2, repetitions=1, test_renderings=1, batch=4)
SMALL = BbpConfig(members=2, width=2)


@pytest.fixture(scope="module")
def trained(ppg_bp, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained") / "weights"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(baselines, "SUPPORT_VECTORS", (SVR(epsilon=2.0), {"C": [10.0], "gamma": [0.3]}))
        train({"ppg_bp": ppg_bp}, folder, model="bbp", network=SMALL, recipe=TINY, device="cpu")
        yield folder


def test_card_and_evidence_hold_errors_and_intervals_and_no_calibration(trained):
    card, results = (trained / "README.md").read_text(), load_results(trained / "evidence.json")
    assert VALUE_ALONE in card
    assert results.model == "bbp"
    for pressure in PRESSURES:
        figures = results.network[pressure]
        assert figures.mae > 0
        assert figures.interval > 0
        assert (figures.calibration_error, figures.range_accuracy, figures.reliability) == (None, None, [])


def test_the_weights_are_scored_on_other_people(trained, tmp_path):
    maps = write_maps(tmp_path, add_maps(make_rows()))
    filmed = evaluate(load_weights(trained, "cpu"), {}, [maps])
    assert all(filmed.levels[level]["systolic"].mae > 0 for level in ("window", "clip", "person"))
    assert VALUE_ALONE in summary(filmed)
