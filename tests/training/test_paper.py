"""The paper's network goes the same way as any other: from data sets and maps to weights, scores and readings."""

import numpy as np
import pytest
from sklearn.svm import SVR

from bpdemo import BloodPressureEstimator
from bpdemo.models.config import PaperConfig
from bpdemo.training import baselines
from bpdemo.training import evaluate as evaluation
from bpdemo.training.evaluate import evaluate
from bpdemo.training.evaluate_protocol import evaluate_elsewhere, evaluate_folds
from bpdemo.training.protocols import PROTOCOLS
from bpdemo.training.recipe import Recipe
from bpdemo.training.results import CONTACT, load_results
from bpdemo.training.train import train
from bpdemo.weights.store import load_weights
from tests.support.made_up_maps import add_maps, make_rows, write_maps
from tests.support.serve_app import EXAMPLES

pytestmark = pytest.mark.slow

TINY = Recipe(qualities=("standard",), cycles=1, epochs=1, folds=2, repetitions=1, test_renderings=1, batch=4)
SMALL = PaperConfig(blocks=(1, 1), widths=(4, 8), hidden=4)
SETTINGS = {"model": "paper", "network": SMALL, "recipe": TINY, "device": "cpu"}


@pytest.fixture(scope="module", autouse=True)
def few_settings():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(baselines, "SUPPORT_VECTORS", (SVR(epsilon=2.0), {"C": [10.0], "gamma": [0.3]}))
        patch.setattr(evaluation, "RENDERINGS", 1)
        yield


@pytest.fixture(scope="module")
def maps(tmp_path_factory):
    return write_maps(tmp_path_factory.mktemp("maps"), add_maps(make_rows(people=4)))


@pytest.fixture(scope="module")
def trained(ppg_bp, maps, tmp_path_factory):
    """Weights fitted on renderings and on maps of clips."""
    folder = tmp_path_factory.mktemp("trained") / "weights"
    config = train({"ppg_bp": ppg_bp}, folder, maps=[maps], **SETTINGS)
    return folder, config


def test_weights_are_trained_on_rendered_and_on_filmed_maps(trained):
    folder, config = trained
    loaded = load_weights(folder, device="cpu")
    assert loaded.config == config
    assert (config.model, config.network, config.training.people) == ("paper", SMALL, 10)
    assert "--model paper" in config.provenance.command
    results = load_results(folder / "evidence.json")
    assert list(results.qualities) == ["strong", "standard", "poor", "filmed"]
    assert CONTACT not in results.models  # of those filmed there is none


def test_weights_are_scored_on_rendered_and_on_filmed_maps(trained, ppg_bp, maps):
    weights = load_weights(trained[0], device="cpu")
    rendered, filmed = evaluate(weights, {"ppg_bp": ppg_bp}), evaluate(weights, {}, [maps])
    assert (rendered.people, rendered.seen_in_training) == (6, 6)
    assert filmed.qualities["filmed"]["systolic"].predictions == 8
    again = evaluate_elsewhere(PROTOCOLS["zhuang-mmse-hr"], weights, {}, [maps])
    assert again.qualities["filmed"]["systolic"].mae == filmed.qualities["filmed"]["systolic"].mae


def test_a_protocol_fits_it_on_the_maps(tmp_path):
    maps = write_maps(tmp_path, add_maps(make_rows(people=6, clips=1)))
    results = evaluate_folds(PROTOCOLS["hwang-mmse-hr"], {}, [maps], **SETTINGS)
    assert results.protocol.model == "paper"
    assert results.qualities["filmed"]["diastolic"].people == 6


def test_a_clip_is_read_with_it(trained):
    estimator = BloodPressureEstimator.from_pretrained(trained[0], device="cpu")
    estimate = estimator.estimate(EXAMPLES / "face_72_bpm.mp4")
    assert estimate.status == "reading"
    assert estimate.to_dict()["model"] == "paper"
    kept = estimator.weights.network.kept.numpy()
    for pressure, share, edges in (
        (estimate.systolic, kept[0], SMALL.systolic_edges),
        (estimate.diastolic, kept[1], SMALL.diastolic_edges),
    ):
        assert edges[0] < pressure.value < edges[-1]
        assert 0 <= share <= 1
        assert sum(part.probability * part.value for part in pressure.ranges) == pytest.approx(pressure.value, abs=0.01)
    assert np.ptp([part.probability for part in estimate.systolic.ranges]) > 0
