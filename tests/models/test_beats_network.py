import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from bpdemo.beats import MEAN_BEATS, POINTS, MeanBeats, average_regions
from bpdemo.models import MODELS, find_model
from bpdemo.models.beats import MAX_SCALE, BloodPressureNetwork, NetworkConfig, average_rows, combine
from bpdemo.regions import REGIONS
from tests.support.small_weights import SIZES, code_of

T = 3  # the channel's place
PRESSURES = ("systolic", "diastolic")


@pytest.fixture(scope="module")
def network() -> BloodPressureNetwork:
    torch.manual_seed(0)
    built = BloodPressureNetwork(NetworkConfig())
    values, weight, rate_hz = a_batch(16)
    built(values, weight, rate_hz)  # the normalisations see something once
    built.fit_reference(*average_rows(values, weight))
    with torch.no_grad():  # untrained networks say nearly the same of everything
        for member in built.members:
            for head in (member.systolic, member.diastolic):
                head.classifier.weight *= 30
    return built.eval()


def a_batch(count: int = 3, seed: int = 1) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(count, MEAN_BEATS, 4, len(REGIONS), POINTS, generator=generator).cumsum(dim=-1)
    values -= values.mean(dim=-1, keepdim=True)
    weight = torch.rand(count, MEAN_BEATS, len(REGIONS), generator=generator) + 0.1
    return values, weight, 0.8 + torch.rand(count, generator=generator)


def both(prediction) -> torch.Tensor:
    parts = (prediction.systolic, prediction.diastolic)
    return torch.stack([kind for part in parts for kind in (part.value, part.scale)], dim=1).detach()


def assert_ranges_hold(part, edges):
    torch.testing.assert_close(part.probability.sum(dim=1), torch.ones(len(part.value)))
    torch.testing.assert_close(part.value, (part.probability * part.in_range).sum(dim=1))
    assert (part.in_range > torch.tensor(edges[:-1])).all()
    assert (part.in_range < torch.tensor(edges[1:])).all()


@pytest.mark.parametrize("pressure", PRESSURES)
def test_prediction_has_the_stated_shapes_and_parts(network, pressure):
    part, edges = getattr(network(*a_batch()), pressure), getattr(network.config, f"{pressure}_edges")
    assert part.logits.shape == part.probability.shape == part.in_range.shape == (3, len(edges) - 1)
    assert part.value.shape == part.scale.shape == (3,)
    torch.testing.assert_close(part.probability, part.logits.softmax(dim=1))
    assert_ranges_hold(part, edges)


@pytest.mark.parametrize("pressure", PRESSURES)
def test_members_are_averaged(network, pressure):
    batch = a_batch()
    rows = average_rows(*batch[:2])
    alone = [getattr(member(*rows, batch[2]), pressure) for member in network.members]
    assert len(alone) == network.config.members == 3
    part = getattr(network(*batch), pressure)
    torch.testing.assert_close(part.probability, torch.stack([one.probability for one in alone]).mean(dim=0))
    values = torch.stack([one.value for one in alone])
    torch.testing.assert_close(part.value, values.mean(dim=0))
    assert values.std(dim=0).min() > 0


def test_a_range_that_every_member_rules_out_keeps_a_value_inside_it(network):
    members = [member(*average_rows(*a_batch()[:2]), a_batch()[2]) for member in network.members]
    for member in members:
        member.systolic.probability[:, 2:] = 0.0
        member.systolic.probability[:, :2] = 0.5
    part = combine(members).systolic
    edges = torch.tensor(network.config.systolic_edges)
    assert ((part.in_range > edges[:-1]) & (part.in_range < edges[1:])).all()
    assert part.logits.isfinite().all()


@pytest.mark.parametrize("held", [1e6, -7.0, float("nan"), float("inf")])
def test_what_rows_of_weight_0_hold_is_without_effect(network, held):
    values, weight, rate_hz = a_batch()
    weight[:, :, 2] = 0  # a region
    weight[:, 3] = 0  # a beat
    weight[1, 0, 4] = 0
    expected = both(network(values, weight, rate_hz))
    changed = torch.where(weight[:, :, None, :, None] > 0, values, torch.tensor(held))
    torch.testing.assert_close(both(network(changed, weight, rate_hz)), expected, rtol=0, atol=0)


def test_a_beat_that_was_not_measured_is_as_good_as_none(network):
    values, weight, rate_hz = a_batch()
    for missing in range(MEAN_BEATS):
        some = weight.clone()
        some[:, missing] = 0
        left = [number for number in range(MEAN_BEATS) if number != missing]
        expected = both(network(values[:, left], weight[:, left], rate_hz))
        torch.testing.assert_close(both(network(values, some, rate_hz)), expected, rtol=1e-5, atol=1e-3)


def test_every_input_has_an_effect(network):
    values, weight, rate_hz = a_batch()
    expected = both(network(values, weight, rate_hz))[:, [0, 2]]
    louder, other = weight.clone(), values.clone()
    louder[:, :, 0] *= 3
    other[:, 1, 0] *= -1
    for changed in ((values, louder, rate_hz), (other, weight, rate_hz), (values, weight, rate_hz + 0.5)):
        assert (both(network(*changed))[:, [0, 2]] - expected).abs().amax(dim=0).min() > 0.1


def test_scale_of_map_and_of_weight_is_without_effect(network):
    values, weight, rate_hz = a_batch()
    expected = both(network(values, weight, rate_hz))
    for factor in (0.01, 30.0):
        torch.testing.assert_close(both(network(values * factor, weight, rate_hz)), expected, rtol=1e-4, atol=1e-3)
        torch.testing.assert_close(both(network(values, weight * factor, rate_hz)), expected, rtol=1e-4, atol=1e-3)


def test_maps_of_a_batch_do_not_touch_each_other(network):
    values, weight, rate_hz = a_batch()
    weight[0, 2:] = 0
    weight[2, :, :3] = 0
    together = both(network(values, weight, rate_hz))
    alone = torch.cat([both(network(values[i : i + 1], weight[i : i + 1], rate_hz[i : i + 1])) for i in range(3)])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-3)


def test_nothing_measured_gives_finite_numbers(network):
    values, weight, rate_hz = a_batch()
    one_row = torch.zeros_like(weight)
    one_row[:, 1, 3] = 1e-3
    for batch in (
        (values, torch.zeros_like(weight), rate_hz),
        (torch.zeros_like(values), weight, rate_hz),
        (values, one_row, rate_hz),
        (values * 1e4, weight, 10 * rate_hz),
    ):
        prediction = network(*batch)
        assert both(prediction).isfinite().all()
        assert prediction.systolic.probability.isfinite().all()


def test_scale_is_1_for_the_training_set_and_grows_with_distance(network):
    _, weight, rate_hz = a_batch(400)
    turn = 2 * np.pi * torch.arange(POINTS) / POINTS
    second = 0.3 + 0.1 * torch.randn(400, generator=torch.Generator().manual_seed(2))[:, None]
    beats = (turn.sin() + second * (2 * turn).sin())[:, None, None, None].expand(-1, MEAN_BEATS, 4, len(REGIONS), -1)
    built = copy.deepcopy(network)
    built.fit_reference(*average_rows(beats, weight))
    scale = built(beats, weight, rate_hz).systolic.scale
    assert ((scale >= 1) & (scale <= MAX_SCALE)).all()
    assert 0.9 < (scale == 1).float().mean() < 1
    far = built((4 * turn).cos().expand_as(beats), weight, rate_hz)
    assert (far.systolic.scale == MAX_SCALE).all()
    assert (far.diastolic.scale == MAX_SCALE).all()


def test_rows_are_those_of_the_picture(network):
    """The figure's lines are what the network reads, but for one scale."""
    values, weight, _ = a_batch(1)
    weight[0, 1] = 0
    drawn = average_regions(MeanBeats(values[0].numpy(), weight[0].numpy(), 1.0, np.arange(8.0)))
    rows, measured = average_rows(values, weight)
    assert measured[0].tolist() == [True, False, True, True, True]
    height = np.sqrt((drawn[-1, T] ** 2).mean())
    np.testing.assert_allclose(rows[0, measured[0]].numpy(), drawn[measured[0].numpy()] / height, rtol=1e-4, atol=1e-5)
    assert np.isnan(drawn[1]).all()
    assert rows[0, -1, T].square().mean() == pytest.approx(1.0, rel=1e-4)


def test_shapes_that_do_not_fit_are_refused(network):
    values, weight, rate_hz = a_batch()
    for wrong in (values[:, :, :3], values[:, :, :, :5], values[..., :40], values[:, :3], values[:2]):
        with pytest.raises(ValueError, match="not"):
            network(wrong, weight, rate_hz)
    for wrong in (weight[:2], weight[:, :3], weight[..., :5]):
        with pytest.raises(ValueError, match="weight"):
            network(values, wrong, rate_hz)
    for wrong in (rate_hz[:2], rate_hz[:, None]):
        with pytest.raises(ValueError, match="heart rates"):
            network(values, weight, wrong)


def test_gradients_reach_every_parameter():
    torch.manual_seed(0)
    built = BloodPressureNetwork(NetworkConfig(dropout=0.0))
    prediction = built(*a_batch(8))
    sum(part.value.sum() + part.logits[:, 0].sum() for part in (prediction.systolic, prediction.diastolic)).backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in built.parameters())


def test_network_is_small():
    built = BloodPressureNetwork(NetworkConfig())
    assert sum(parameter.numel() for parameter in built.parameters()) < 1_000_000


@pytest.mark.parametrize(
    "change",
    [
        *({"members": members} for members in (0, 17, "3", 2.0)),
        {"stem_width": True},
        {"width": -1},
        {"hidden": 10**6},
        {"dropout": 1.0},
        *({"systolic_edges": edges} for edges in ((120, 110), (120,), (100, 100), (0, 1e9))),
        {"diastolic_edges": "wide"},
        {"diastolic_edges": (40, float("nan"))},
    ],
)
def test_impossible_configs_are_refused(change):
    with pytest.raises(ValidationError):
        replace(NetworkConfig(), **change)


def test_models_are_built_by_name():
    assert "beats" in MODELS
    assert isinstance(find_model("beats")(SIZES), BloodPressureNetwork)
    assert code_of(find_model, "slices\x1b[2J") == "model_unknown"


def test_a_reference_distance_of_0_makes_no_interval_of_nothing(network):
    odd = copy.deepcopy(network)
    odd.reference_distance.zero_()
    scale = odd(*a_batch()).systolic.scale
    assert ((scale >= 1) & (scale <= MAX_SCALE)).all()
