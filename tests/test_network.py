import json

import numpy as np
import pytest
import torch

from bpdemo.errors import WeightsError
from bpdemo.network import BloodPressureNetwork, NetworkConfig
from bpdemo.stmap import COLUMNS, MIN_COLUMNS, cut_slices

CELLS = 6


@pytest.fixture(scope="module")
def network() -> BloodPressureNetwork:
    torch.manual_seed(0)
    built = BloodPressureNetwork(NetworkConfig(cells=CELLS))
    built(*a_batch(8))  # the normalisations see something once
    return built.eval()


def a_batch(count: int = 3, columns: int = COLUMNS, seed: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(count, 4, CELLS, columns, generator=generator)
    return values, torch.ones(count, CELLS, columns, dtype=torch.bool)


def both(prediction) -> torch.Tensor:
    return torch.stack((prediction.systolic.value, prediction.diastolic.value), dim=1).detach()


def test_prediction_has_the_stated_shapes_and_parts(network):
    prediction = network(*a_batch())
    for part, edges in (
        (prediction.systolic, network.config.systolic_edges),
        (prediction.diastolic, network.config.diastolic_edges),
    ):
        ranges = len(edges) - 1
        assert part.logits.shape == part.probability.shape == part.in_range.shape == (3, ranges)
        assert part.value.shape == (3,)
        torch.testing.assert_close(part.probability, part.logits.softmax(dim=1))
        torch.testing.assert_close(part.value, (part.probability * part.in_range).sum(dim=1))
        assert (part.in_range > torch.tensor(edges[:-1])).all()
        assert (part.in_range < torch.tensor(edges[1:])).all()


def test_what_masked_entries_hold_is_without_effect(network):
    values, mask = a_batch()
    mask[:, 2] = False
    mask[:, :, 100:130] = False
    mask[1, 4, 200:] = False
    expected = both(network(values, mask))
    for other in (1e6, -7.0, float("nan"), float("inf")):
        changed = torch.where(mask.unsqueeze(1), values, torch.tensor(other))
        torch.testing.assert_close(both(network(changed, mask)), expected)


def test_measured_entries_have_an_effect(network):
    values, mask = a_batch()
    expected = both(network(values, mask))
    assert (both(network(*a_batch(seed=2))) - expected).abs().min() > 1e-4
    mask[:, 0] = False
    assert (both(network(values, mask)) - expected).abs().max() > 1e-4


def test_constants_of_rows_and_scale_of_channels_are_without_effect(network):
    values, mask = a_batch()
    expected = both(network(values, mask))
    shifted = values * torch.tensor([0.5, 2.0, 3.0, 0.01]).view(1, 4, 1, 1) + torch.randn(1, 4, CELLS, 1)
    torch.testing.assert_close(both(network(shifted, mask)), expected, rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize("columns", [MIN_COLUMNS, 300, 401, COLUMNS])
def test_any_map_from_the_shortest_on_is_read(network, columns):
    assert both(network(*a_batch(columns=columns))).isfinite().all()


def test_a_short_map_reads_the_same_with_a_masked_end(network):
    # Ends of slices: the longer map has no slice that is measured enough and ends later.
    columns = network.config.slice_length + 4 * network.config.slice_hop
    values, mask = a_batch(columns=columns)
    longer = torch.cat((values, torch.randn(3, 4, CELLS, COLUMNS - columns)), dim=-1)
    longer_mask = torch.cat((mask, torch.zeros(3, CELLS, COLUMNS - columns, dtype=torch.bool)), dim=-1)
    longer_mask[..., columns:] = False
    short, padded = both(network(values, mask)), both(network(longer, longer_mask))
    partly_measured = (network.config.slice_length - network.config.slice_hop) / network.config.slice_length
    assert partly_measured < 2 / 3
    torch.testing.assert_close(short, padded, rtol=1e-4, atol=1e-2)


def test_clips_of_a_batch_do_not_touch_each_other(network):
    values, mask = a_batch()
    mask[0, :, 220:] = False
    together = both(network(values, mask))
    alone = torch.cat([both(network(values[i : i + 1], mask[i : i + 1])) for i in range(3)])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-2)


def test_nothing_measured_gives_finite_numbers(network):
    values, mask = a_batch()
    assert both(network(values, torch.zeros_like(mask))).isfinite().all()
    assert both(network(torch.zeros_like(values), mask)).isfinite().all()


def test_slices_are_those_of_the_map(network):
    # The network's slices must be stmap's: what lies behind the last whole slice is not read.
    values, mask = a_batch(columns=300)
    length, hop = network.config.slice_length, network.config.slice_hop
    slices = cut_slices(np.arange(300)[None], length, hop)
    read = int(slices.max()) + 1
    assert read < 300
    expected = both(network(values[..., :read], mask[..., :read]))
    torch.testing.assert_close(
        both(network(torch.where(torch.arange(300) < read, values, 0), mask & (torch.arange(300) < read))), expected
    )


def test_shapes_that_do_not_fit_are_refused(network):
    values, mask = a_batch()
    for wrong in (values[:, :3], values[:, :, :5], values[..., :80], values[0]):
        with pytest.raises(ValueError, match="not"):
            network(wrong, mask[..., : wrong.shape[-1]])
    with pytest.raises(ValueError, match="mask"):
        network(values, mask[:2])


def test_gradients_reach_every_parameter():
    built = BloodPressureNetwork(NetworkConfig(cells=CELLS, dropout=0.0))
    prediction = built(*a_batch())
    sum(part.value.sum() + part.logits[:, 0].sum() for part in (prediction.systolic, prediction.diastolic)).backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in built.parameters())


def test_network_is_small():
    built = BloodPressureNetwork(NetworkConfig(cells=30))
    assert sum(parameter.numel() for parameter in built.parameters()) < 1_000_000


def test_config_survives_json():
    config = NetworkConfig(cells=30, slice_length=75, systolic_edges=(90.0, 120.5, 150.0))
    assert NetworkConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize(
    "change",
    [
        {"cells": 0},
        {"cells": "30"},
        {"slice_hop": True},
        {"dropout": 1.0},
        {"systolic_edges": [120, 110]},
        {"systolic_edges": [120]},
        {"diastolic_edges": "wide"},
        {"diastolic_edges": [40, float("nan")]},
        {"layers": 5},
    ],
)
def test_impossible_configs_are_refused(change):
    config = NetworkConfig(cells=30).to_dict() | change
    with pytest.raises(WeightsError) as caught:
        NetworkConfig.from_dict(config)
    assert caught.value.code == "config_invalid"


def test_a_config_with_a_field_missing_is_refused():
    config = NetworkConfig(cells=30).to_dict()
    del config["hidden"]
    with pytest.raises(WeightsError, match="hidden"):
        NetworkConfig.from_dict(config)
