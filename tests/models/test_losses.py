import pytest
import torch

from bpdemo.models.config import NetworkConfig
from bpdemo.models.heads import Prediction, RangePrediction, range_of
from bpdemo.models.losses import blood_pressure_loss, shape_loss

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
    logits = sure * torch.nn.functional.one_hot(range_of(torch.tensor([value]), edges), len(low)).float()
    in_range = torch.tensor([value]).clamp(low, high).unsqueeze(0)
    probability = logits.softmax(1)
    return RangePrediction((probability * in_range).sum(1), logits, probability, in_range)


def loss(prediction: Prediction, systolic: float, diastolic: float) -> float:
    return float(blood_pressure_loss(prediction, torch.tensor([[systolic, diastolic]]), CONFIG))


def test_the_truth_costs_next_to_nothing_and_less_than_anything_else():
    right = loss(predict(130, 70), 130, 70)
    assert right == pytest.approx(0, abs=0.02)
    for systolic, diastolic in ((125, 70), (110, 70), (150, 70), (130, 75), (130, 90)):
        assert loss(predict(systolic, diastolic), 130, 70) > right + 0.1


@pytest.mark.parametrize("part", ["logits", "in_range", "value"])
def test_every_part_counts(part):
    """What is wrong in one part alone costs something, and has a gradient there."""
    right = predict(130, 70)
    wrong = vars(right.systolic) | {part: vars(predict(112, 70).systolic)[part].clone().requires_grad_()}
    found = blood_pressure_loss(
        Prediction(RangePrediction(**wrong), right.diastolic), torch.tensor([[130.0, 70.0]]), CONFIG
    )
    assert found.item() > loss(right, 130, 70) + 0.1
    found.backward()
    assert wrong[part].grad.abs().sum() > 0


def test_the_in_range_value_that_counts_is_that_of_the_true_range():
    prediction = predict(130, 70)
    prediction.systolic.in_range[:, [0, 2]] = torch.tensor([101.0, 159.0])
    assert loss(prediction, 130, 70) == loss(predict(130, 70), 130, 70)


def test_pressures_outside_count_as_the_nearest_edge():
    prediction = predict(150, 90)
    assert loss(prediction, 200, 70) == pytest.approx(loss(prediction, 160, 70), rel=1e-6)
    assert loss(prediction, 150, 20) == pytest.approx(loss(prediction, 150, 60), rel=1e-6)


def test_a_shape_costs_its_squared_distance_and_nothing_where_it_is_not_known():
    shape = torch.tensor([[1.0, 2.0], [5.0, -5.0]], requires_grad=True)
    known = torch.tensor([[0.0, 4.0], [float("nan"), float("nan")]])
    found = shape_loss(shape, known)
    assert found.item() == pytest.approx((1 + 4) / 2)
    found.backward()
    assert shape.grad.tolist() == [[1.0, -2.0], [0.0, 0.0]]
