"""Yue, Shi and Ding's network: sizes as published, losses against values worked out here, and four crops learned."""

import numpy as np
import pytest
import torch

from bpdemo.errors import DataError
from bpdemo.models import yue
from bpdemo.models.config import YueConfig
from bpdemo.models.yue import Network, agreement, consistency, contrast, draw_ratios, turn
from tests.support.pulse_crops import make_crops, rate_errors

TINY = YueConfig(width=2)


def count(*modules):
    return sum(parameter.numel() for module in modules for parameter in module.parameters())


@pytest.fixture
def network():
    torch.manual_seed(0)
    return Network(TINY)


@pytest.fixture
def short_pieces(monkeypatch):
    """Pieces of a second and a half: the same at a third of the time."""
    monkeypatch.setattr(yue, "PIECE_S", 1.5)
    return 3 * 45


def test_it_has_as_many_parameters_as_published():
    with torch.device("meta"):
        network = Network(YueConfig())
    assert count(network.augment) == 449_175
    assert count(network.encoder) == 2_185_536
    assert [count(expert) for expert in network.experts] == [682_882] * 4
    assert count(network.gate, network.gate_out) == 222_084
    assert count(network) == 5_588_327


@pytest.mark.parametrize(("frames", "side"), [(20, 8), (33, 4)])
def test_waves_are_as_long_as_the_clip_and_negatives_are_clips(network, frames, side):
    crops, _ = make_crops([60, 80], frames, side)
    assert network(crops).shape == (2, frames)
    assert network.augment(crops, torch.tensor([0.5, 1.5])).shape == crops.shape


def test_each_channel_has_its_own_constants(network):
    """The original takes red's for blue and blue's for red."""
    usual = torch.tensor([0.485, 0.456, 0.406])[:, None, None, None].expand(1, 3, 20, 4, 4)
    above = usual + torch.tensor([0.229, 0.224, 0.225])[:, None, None, None]
    network.eval()
    torch.testing.assert_close(network(usual), network.read(torch.zeros(1, 3, 20, 4, 4)), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(network(above), network.read(torch.ones(1, 3, 20, 4, 4)), atol=1e-5, rtol=1e-4)


def test_pictures_are_turned_alike_in_all_frames():
    clips = torch.rand(2, 3, 5, 4, 4)
    ways = [turn(clips, way) for way in range(6)]
    assert torch.equal(ways[0], clips.flip(-1))
    assert torch.equal(ways[1], clips.flip(-2))
    assert torch.equal(ways[2], clips)
    assert torch.equal(ways[3], clips.rot90(1, (-2, -1)))
    assert all(
        torch.equal(way.mean(dim=(3, 4)).round(decimals=4), clips.mean(dim=(3, 4)).round(decimals=4)) for way in ways
    )


def apart(one, other):
    return ((one - other) ** 2).mean(axis=-1)


@pytest.fixture
def spectra():
    """Two positives, two neighbours and three negatives, of four clips; as arrays and as tensors."""
    arrays = [0.05 * np.random.default_rng(seed).random((number, 4, 6)) for seed, number in enumerate((2, 2, 3))]
    return arrays, [list(torch.from_numpy(each)) for each in arrays]


def test_positives_and_neighbours_are_to_agree(spectra):
    (positives, neighbours, _), tensors = spectra
    expected = np.mean([apart(one, other) for one in positives for other in neighbours])
    assert agreement(*tensors[:2]).item() == pytest.approx(expected)


def test_positives_are_to_be_nearer_to_each_other_than_to_negatives(spectra):
    (positives, _, negatives), tensors = spectra
    near = np.exp(apart(*positives) / 0.08)
    far = sum(np.exp(apart(one, negative) / 0.08) for one in positives for negative in negatives)
    assert contrast(tensors[0], tensors[2]).item() == pytest.approx(np.log10(1 + near / far).mean())


def waves_of(*rates_bpm, frames=300):
    time_s = torch.arange(frames) / 30
    return torch.stack([torch.sin(2 * torch.pi * rate / 60 * time_s) for rate in rates_bpm])


def test_rates_are_to_differ_by_the_ratios():
    positives = [waves_of(60, 80)] * 2
    ratios = torch.tensor([[1.5, 0.75], [1.25, 1.5]])
    right = [waves_of(90, 60), waves_of(75, 120)]
    assert consistency(positives, right, ratios, 30.0).item() < 0.03
    wrong = [waves_of(60, 80), waves_of(60, 80)]  # as they were
    expected = np.mean([0.5, 0.25, 0.25, 0.5])
    assert consistency(positives, wrong, ratios, 30.0).item() == pytest.approx(expected, abs=0.03)


def test_nothing_is_asked_of_a_rate_outside_the_band():
    found = consistency([waves_of(130)], [waves_of(130)], torch.tensor([[1.6]]), 30.0)
    assert found.item() == 0


def test_the_ratios_teach_the_augmentation_and_the_network(network):
    """The original's ratio loss is worked out from arrays, and teaches nothing."""
    crops, _ = make_crops([60, 90], 60, 4)
    ratio = torch.tensor([1.3, 0.7])
    negative = network.augment(crops, ratio)
    consistency([network.read(crops)], [network.read(negative)], ratio[None], 30.0).backward()
    for part in (network.augment, network.encoder, network.experts, network.gate):
        assert any(parameter.grad is not None and parameter.grad.any() for parameter in part.parameters())


def test_ratios_are_well_off_one():
    ratios = np.array(draw_ratios(500, np.random.default_rng(0)))
    slower = ratios < 1
    assert 0.4 < slower.mean() < 0.6
    assert (ratios[slower].min() >= 0.3) & (ratios[slower].max() <= 0.8)
    assert (ratios[~slower].min() >= 1.2) & (ratios[~slower].max() <= 1.7)


def test_contact_pulses_have_no_say(network, short_pieces):
    crops, pulse = make_crops([60, 90], short_pieces, 4)
    network.eval()
    losses = [
        network.loss(crops, given, np.random.default_rng(0)) for given in (pulse, torch.full_like(pulse, torch.nan))
    ]
    assert losses[0].item() == losses[1].item()
    losses[0].backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_a_stretch_is_three_pieces():
    assert 3 * yue.PIECE_S * Network.FORM.rate_hz == Network.FRAMES


def test_beats_have_no_rate():
    with pytest.raises(DataError) as caught:
        Network.map_loss(lambda ratio: torch.rand(2, 6, 10), None, np.random.default_rng(0))
    assert caught.value.code == "method_needs_time"


def test_negatives_of_maps_are_read_at_the_ratios_drawn():
    asked = []

    def read(ratio):
        asked.append(ratio)
        return torch.rand(3, 6, 112 if ratio is None else min(112, int(112 / ratio)))

    assert Network.map_loss(read, 7.5, np.random.default_rng(0)).isfinite()
    assert asked[0] is None
    assert len(asked) == 1 + yue.RATIOS


@pytest.mark.slow
def test_four_crops_are_learned(short_pieces):
    torch.manual_seed(1)
    network = Network(TINY)
    rates = (58, 74, 92, 112)
    crops, nothing = make_crops(rates, 300, 4, light=0.02)
    optimizer, rng = torch.optim.Adam(network.parameters(), 1e-2), np.random.default_rng(0)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, 15)

    assert max(rate_errors(network, crops, rates)) > 10
    for _ in range(15):
        network.train()
        start = rng.integers(300 - short_pieces)
        loss = network.loss(crops[:, :, start : start + short_pieces], nothing, rng)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    assert max(rate_errors(network, crops, rates)) < 3


def test_the_rate_is_halved_at_half_time(network):
    optimizer, schedule = network.optimizer()
    rates = []
    for _ in range(Network.EPOCHS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert isinstance(optimizer, torch.optim.Adamax)
    assert rates == pytest.approx([1e-5] * 50 + [5e-6] * 50)
