import dataclasses

import pytest
import torch

from bpdemo.models.beats import Prediction, RangePrediction
from bpdemo.models.config import NetworkConfig
from bpdemo.training.losses import LossWeights, blood_pressure_loss, range_of

CONFIG = NetworkConfig(systolic_edges=(100.0, 120.0, 140.0, 160.0), diastolic_edges=(60.0, 80.0, 100.0))


def predict(systolic: float, diastolic: float, sure: float = 8.0) -> Prediction:
    return Prediction(
        *(
            range_prediction(value, edges, sure)
            for value, edges in ((systolic, CONFIG.systolic_edges), (diastolic, CONFIG.diastolic_edges))
        )
    )


def range_prediction(value: float, edges: tuple[float, ...], sure: float) -> RangePrediction:
    low, high = torch.tensor(edges[:-1]), torch.tensor(edges[1:])
    index = range_of(torch.tensor([value]), edges)
    logits = sure * torch.nn.functional.one_hot(index, len(low)).float()
    in_range = torch.tensor([value]).clamp(low, high).unsqueeze(0)
    probability = logits.softmax(1)
    value = (probability * in_range).sum(1)
    return RangePrediction(logits, probability, in_range, value, torch.ones_like(value))


def loss(prediction: Prediction, systolic: float, diastolic: float, **weights: float) -> float:
    shares = LossWeights(**weights) if weights else LossWeights()
    return float(blood_pressure_loss(prediction, torch.tensor([[systolic, diastolic]]), CONFIG, shares))


def test_ranges_hold_their_low_edge_and_not_their_high_one():
    pressures = torch.tensor([100.0, 119.9, 120.0, 159.9, 160.0, 50.0, 300.0])
    assert range_of(pressures, CONFIG.systolic_edges).tolist() == [0, 0, 1, 2, 2, 0, 2]


def test_the_truth_costs_less_than_anything_else():
    right = loss(predict(130, 70), 130, 70)
    for systolic, diastolic in ((125, 70), (110, 70), (150, 70), (130, 75), (130, 90)):
        assert loss(predict(systolic, diastolic), 130, 70) > right


@pytest.mark.parametrize("part", ["ranges", "in_range", "value"])
def test_every_part_counts_by_its_share(part):
    none = {field.name: 0.0 for field in dataclasses.fields(LossWeights)}
    wrong = predict(112, 90, sure=2.0)
    once, twice = (loss(wrong, 130, 70, **none | {part: share}) for share in (1.0, 2.0))
    assert once > 0
    assert twice == pytest.approx(2 * once, rel=1e-5)


def test_pressures_outside_count_as_the_nearest_edge():
    prediction = predict(150, 90)
    assert loss(prediction, 200, 70) == pytest.approx(loss(prediction, 160, 70), rel=1e-6)


def test_being_one_range_off_costs_less_than_two():
    assert loss(predict(130, 70), 110, 70) < loss(predict(150, 70), 110, 70)


def test_importance_weighs_the_windows():
    batch, pressures = predict(112, 90), torch.tensor([[130.0, 70.0]])
    other = torch.tensor([[112.0, 90.0]])
    wrong, right = (float(blood_pressure_loss(batch, labels, CONFIG)) for labels in (pressures, other))
    twice = Prediction(
        *(
            RangePrediction(*(torch.cat((value, value)) for value in vars(part).values()))
            for part in (batch.systolic, batch.diastolic)
        )
    )
    both = torch.cat((pressures, other))

    def weighed(*importance: float) -> float:
        return float(blood_pressure_loss(twice, both, CONFIG, importance=torch.tensor(importance)))

    assert weighed(1.0, 1.0) == pytest.approx((wrong + right) / 2, rel=1e-5)
    assert weighed(1.5, 0.5) == pytest.approx((1.5 * wrong + 0.5 * right) / 2, rel=1e-5)
    assert weighed(0.0, 2.0) == pytest.approx(right, rel=1e-5)


def test_a_share_of_the_label_goes_to_the_neighbours():
    none = {"in_range": 0.0, "value": 0.0}
    between, sure = predict(130, 90, sure=1.0), predict(130, 90, sure=30.0)
    # With a hard label a sure and right answer costs nothing; with a soft one it costs what it denies the neighbours.
    assert loss(sure, 130, 90, neighbours=0.0, **none) == pytest.approx(0, abs=1e-4)
    assert loss(sure, 130, 90, neighbours=0.2, **none) == pytest.approx(0.2 * 30 + 0.2 * 30, rel=1e-3)
    assert loss(between, 130, 90, neighbours=0.2, **none) < loss(sure, 130, 90, neighbours=0.2, **none)
