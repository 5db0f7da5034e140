import dataclasses

import numpy as np
import pytest
import torch
from small_tables import write_recordings
from small_weights import write_small
from torch import nn

from bpdemo.network import RangePrediction
from bpdemo.training import evaluate as evaluation
from bpdemo.training.evaluate import answer, evaluate, join_predictions, predict
from bpdemo.training.evidence import SCHEMA
from bpdemo.training.map_set import MapSet
from bpdemo.weights import load_weights


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    write_small(folder)
    return load_weights(folder, device="cpu")


@pytest.fixture(scope="module")
def report(weights, ppg_bp):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "RENDERINGS", 2)
        return evaluate(weights, {"ppg_bp": ppg_bp})


class Pair:
    def __init__(self, value, scale):
        ranges = torch.stack((value / 1000, 1 - value / 1000), dim=1)
        self.systolic = RangePrediction(ranges, ranges, ranges, value)
        self.diastolic = RangePrediction(ranges, ranges, ranges, value / 2)
        if scale:
            self.systolic, self.diastolic = (
                dataclasses.make_dataclass("WithScale", [*vars(each), "scale"])(**vars(each), scale=each.value / 10)
                for each in (self.systolic, self.diastolic)
            )


class Reader(nn.Module):
    """Answers the first entry of a map."""

    def __init__(self, scale=False):
        super().__init__()
        self.scale = scale

    def forward(self, values, mask):
        return Pair(values[:, 0, 0, 0] * mask[:, 0, 0], self.scale)


def numbered_maps(count):
    values = np.zeros((count, 4, 2, 3), np.float16)
    values[:, 0, 0, 0] = np.arange(count)
    return MapSet(values, np.ones((count, 2, 3), bool), np.arange(count), np.full(count, "standard"), ())


def test_answers_are_in_the_order_asked_for():
    maps, order = numbered_maps(150), np.random.default_rng(0).permutation(150)[:130]  # three batches
    value, probability, scale = answer(Reader(), maps, order, torch.device("cpu"))
    assert value[:, 0].tolist() == order.tolist()
    assert value[:, 1] == pytest.approx(order / 2)
    assert [each.shape for each in probability] == [(130, 2)] * 2
    assert probability[0][:, 0] == pytest.approx(order / 1000)
    assert scale is None
    assert predict(Reader(), maps, order, torch.device("cpu")).tolist() == value.tolist()


def test_a_networks_own_scale_is_kept():
    _, _, scale = answer(Reader(scale=True), numbered_maps(5), np.arange(5), torch.device("cpu"))
    assert scale == pytest.approx(np.stack([np.arange(5) / 10, np.arange(5) / 20], axis=1))


def test_the_object_of_the_command_line(report):
    assert report["schema"] == SCHEMA
    assert (report["dataset"], report["people"], report["left_out"], report["seen_in_training"]) == ("ppg_bp", 6, 0, 0)
    assert list(report["qualities"]) == ["strong", "standard", "poor"]
    for of in report["qualities"].values():
        for pressure, mean in (("systolic", 127.5), ("diastolic", 71.0)):
            figures = of[pressure]
            assert {"mae", "rmse", "r", "baseline_mae", "coverage", "own_mean_mae"} <= set(figures)
            assert (figures["people"], figures["predictions"]) == (6, 12)
            true = np.array([105.0 + 16 * i if pressure == "systolic" else 62.0 + 5 * i for i in range(6)])
            assert figures["baseline_mae"] == pytest.approx(np.abs(true - mean).mean(), abs=1e-3)
            assert figures["own_mean_mae"] == pytest.approx(np.abs(true - true.mean()).mean(), abs=1e-3)


def test_intervals_and_edges_are_those_of_the_config(report, weights):
    assert report["qualities"]["poor"]["systolic"]["interval"] == weights.config["intervals"]["systolic"]
    assert report["edges"]["systolic"] == weights.config["network"]["systolic_edges"]
    assert "baseline_interval" not in report["qualities"]["poor"]["systolic"]
    assert report["models"] == report["controls"] == {}


def test_people_the_weights_have_seen_are_counted(weights, ppg_bp, tmp_path, monkeypatch):
    monkeypatch.setattr(evaluation, "RENDERINGS", 1)
    seen = dict(weights.config["training"], names=["ppg_bp:2", "ppg_bp:5", "somebody else"])
    known = dataclasses.replace(weights, config=weights.config | {"training": seen})
    assert evaluate(known, {"ppg_bp": ppg_bp})["seen_in_training"] == 2
    assert evaluate(known, {"other": write_recordings(tmp_path, people=3)})["seen_in_training"] == 0


def test_rows_are_joined_with_all_they_have():
    from made_up import make

    rows = make(splits=1, scaled=True)
    halves = [rows.select(rows.person < 90), rows.select(rows.person >= 90)]
    joined = join_predictions(halves)
    for name in ("person", "quality", "truth", "split", "fold", "baseline", "value", "scale"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(rows, name), err_msg=name)
    np.testing.assert_array_equal(joined.probability[1], rows.probability[1])
    bare = [dataclasses.replace(half, scale=None, probability=None) for half in halves]
    assert join_predictions(bare).scale is join_predictions(bare).probability is None
