import numpy as np
import pytest
import torch

from bpdemo.beats import MEAN_BEATS, POINTS, MeanBeats, average_regions
from bpdemo.models.beats import Network, average_rows
from bpdemo.models.config import BeatsConfig
from bpdemo.models.inputs import Inputs
from bpdemo.regions import REGIONS
from bpdemo.synthesis.pulses import BEAT_POINTS

T = 3  # the channel's place


@pytest.fixture(scope="module")
def network() -> Network:
    torch.manual_seed(0)
    built = Network(BeatsConfig())
    built(*a_batch(16))  # the normalisations see something once
    with torch.no_grad():  # an untrained network says nearly the same of everything
        for head in (built.systolic, built.diastolic):
            head.classifier.weight *= 30
    return built.eval()


def a_batch(count: int = 3, seed: int = 1) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(count, MEAN_BEATS, 4, len(REGIONS), POINTS, generator=generator).cumsum(dim=-1)
    values -= values.mean(dim=-1, keepdim=True)
    weight = torch.rand(count, MEAN_BEATS, len(REGIONS), generator=generator) + 0.1
    return values, weight, 0.8 + torch.rand(count, generator=generator)


def both(prediction) -> torch.Tensor:
    return torch.stack((prediction.systolic.value, prediction.diastolic.value), dim=1).detach()


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
    expected = both(network(values, weight, rate_hz))
    louder, other = weight.clone(), values.clone()
    louder[:, :, 0] *= 3
    other[:, 1, 0] *= -1
    for changed in ((values, louder, rate_hz), (other, weight, rate_hz), (values, weight, rate_hz + 0.5)):
        assert (both(network(*changed)) - expected).abs().amax(dim=0).min() > 0.1


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
        Network.tensors(Inputs.empty(2, with_maps=False)),
    ):
        prediction = network(*batch)
        assert both(prediction).isfinite().all()
        assert prediction.systolic.probability.isfinite().all()


def test_rows_are_those_of_the_picture():
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


def test_the_reference_is_the_mean_row_of_the_windows_measured():
    values, weight, rate_hz = (tensor.numpy() for tensor in a_batch(5))
    weight[3] = 0
    built = Network(BeatsConfig())
    parts = (Inputs(values[part], weight[part], rate_hz[part]) for part in (slice(0, 2), slice(2, 5)))
    built.fit_reference(parts, np.full((2, BEAT_POINTS), np.nan, np.float32))
    rows, _ = average_rows(torch.from_numpy(values), torch.from_numpy(weight))
    torch.testing.assert_close(built.reference_rows, rows[[0, 1, 2, 4], -1].mean(dim=0))
    assert not built.beat_basis.any()
    assert built.shape_of(torch.zeros(3, BEAT_POINTS)).isnan().all()
    built.fit_reference([Inputs.empty(2, with_maps=False)], np.zeros((0, BEAT_POINTS), np.float32))
    assert not built.reference_rows.any()


def test_a_shape_tells_its_beat():
    """Beats that are made of two waves come back from the first two numbers of their shape, in units of the larger."""
    rng, time = np.random.default_rng(0), np.linspace(0, 2 * np.pi, BEAT_POINTS, endpoint=False)
    waves = np.stack((np.sin(time), np.cos(2 * time))) * np.sqrt(2 / BEAT_POINTS)  # of length 1
    size = rng.standard_normal((400, 2)) * [3.0, 0.5]
    beats = (np.sin(3 * time) + size @ waves).astype(np.float32)
    beats[5] = np.nan  # of somebody whose beat is not known
    built = Network(BeatsConfig())
    built.fit_reference([], beats)
    shape = built.shape_of(torch.from_numpy(beats))
    assert shape[5].isnan().all()
    known = np.arange(400) != 5
    torch.testing.assert_close((built.beat_mean + shape @ built.beat_basis)[known], torch.from_numpy(beats)[known])
    first = shape[known, 0].numpy()
    assert first.std() == pytest.approx(1, abs=0.01)
    assert abs(np.corrcoef(first, size[known, 0])[0, 1]) == pytest.approx(1, abs=1e-3)
    assert shape[known, 2:].abs().max() < 1e-3


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
    built = Network(BeatsConfig(dropout=0.0))
    prediction = built(*a_batch(8))
    heads = sum(part.value.sum() + part.logits[:, 0].sum() for part in (prediction.systolic, prediction.diastolic))
    (heads + prediction.shape.square().sum()).backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in built.parameters())


def test_the_network_is_small():
    assert sum(parameter.numel() for parameter in Network(BeatsConfig()).parameters()) < 250_000


def test_augmentation_hides_whole_beats_and_whole_regions_and_never_everything():
    torch.manual_seed(0)
    values, _, rate_hz = a_batch(6)
    weight, rng = torch.rand(6, MEAN_BEATS, len(REGIONS)) + 0.1, np.random.default_rng(0)
    fewer_beats = fewer_regions = 0
    for _ in range(60):
        same, changed, rate = Network.augment((values, weight.clone(), rate_hz), rng)
        assert same is values
        assert rate is rate_hz
        left = changed > 0
        assert torch.equal(changed, weight * left)
        assert left.any(dim=(1, 2)).all()
        beats, regions = left.any(dim=2), left.any(dim=1)
        assert torch.equal(left, beats[:, :, None] & regions[:, None])
        fewer_beats += not beats.all()
        fewer_regions += not regions.all()
    assert 60 > fewer_beats > 20
    assert fewer_regions > 20
