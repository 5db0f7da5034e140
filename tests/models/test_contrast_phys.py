"""Contrast-Phys+: sizes as published, losses against values worked out here, and four crops learned."""

from itertools import product

import numpy as np
import pytest
import torch

from bpdemo.models.config import ContrastPhysConfig
from bpdemo.models.contrast_phys import WINDOWS, Network, contrast, contrast_with_labels
from bpdemo.models.spectra import cut, normalised_power, soft_rate_hz
from tests.support.pulse_crops import make_crops, rate_errors

TINY = ContrastPhysConfig(width=8)


@pytest.fixture
def network():
    torch.manual_seed(0)
    return Network(TINY)


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_it_has_as_many_parameters_as_published():
    with torch.device("meta"):
        assert count(Network(ContrastPhysConfig())) == 858_497


@pytest.mark.parametrize("frames", [36, 37, 38, 39])
def test_waves_are_as_long_as_the_clip(network, frames):
    crops, _ = make_crops([60, 80], frames, 32)
    waves = network.waves(crops)
    assert waves.shape == (2, 5, frames)
    torch.testing.assert_close(waves[:, -1], waves[:, :4].mean(dim=1))
    assert torch.equal(network.eval()(crops), network.waves(crops)[:, -1])


def test_neither_brightness_nor_its_scale_matters(network):
    crops, _ = make_crops([60], 32, 16)
    network.eval()
    torch.testing.assert_close(network(0.3 * crops + 0.2), network(crops), atol=1e-4, rtol=1e-3)


def spectrum_of(wave, rate_hz, low_bpm=40, high_bpm=250):
    power = np.abs(np.fft.rfft(wave - wave.mean())) ** 2
    frequency_bpm = 60 * np.fft.rfftfreq(len(wave), 1 / rate_hz)
    power = power[(frequency_bpm >= low_bpm) & (frequency_bpm <= high_bpm)]
    return power / power.sum()


@pytest.mark.parametrize("band", [(40, 250), (60, 120)])
def test_a_spectrum_is_the_share_of_power_in_each_bin(band):
    waves = np.random.default_rng(0).normal(5, 1, (2, 3, 150))
    found = normalised_power(torch.from_numpy(waves), 30.0, band).numpy()
    for i, j in np.ndindex(2, 3):
        assert found[i, j] == pytest.approx(spectrum_of(waves[i, j], 30.0, *band), abs=1e-6)


def test_a_wave_that_does_not_move_has_no_spectrum():
    assert not normalised_power(torch.full((2, 90), 3.0), 30.0).any()


def spread(one, others):
    return np.mean([((one[i] - others[j]) ** 2).mean() for i, j in product(range(len(one)), range(len(others)))])


def within(spectra):
    number = len(spectra)
    return np.mean([((spectra[i] - spectra[j]) ** 2).mean() for i, j in product(range(number), repeat=2) if i != j])


@pytest.mark.parametrize("clips", [2, 3])
def test_the_contrast_is_what_parts_clips_less_what_parts_their_waves(clips):
    spectra = np.random.default_rng(0).random((clips, 4, 6))
    own = np.mean([within(each) for each in spectra])
    across = np.mean([spread(spectra[i], spectra[j]) for i, j in product(range(clips), repeat=2) if i != j])
    assert contrast(torch.from_numpy(spectra)).item() == pytest.approx(own - across)


@pytest.mark.parametrize(
    "known", [(True, True), (True, False), (False, True), (False, False)], ids=["both", "first", "second", "none"]
)
def test_only_labels_that_are_known_have_a_say(known):
    """In the crossed pairs, too: the flag is that of the clip whose label it is."""
    rng = np.random.default_rng(1)
    spectra, labels = rng.random((2, 4, 6)), rng.random((2, 4, 6))
    own = [spread(spectra[i], labels[i]) for i in range(2)]
    crossed = [spread(spectra[1 - i], labels[i]) for i in range(2)]
    expected = sum(known[i] * (own[i] - crossed[i]) for i in range(2)) / max(sum(known), 1)
    labels[~np.array(known)] = 1e6
    found = contrast_with_labels(torch.from_numpy(spectra), torch.from_numpy(labels), torch.tensor(known))
    assert found.item() == pytest.approx(expected)


def test_windows_are_cut_out_of_each_wave_anywhere():
    waves = torch.arange(2 * 3 * 40.0).reshape(2, 3, 40)
    windows = cut(waves, 50, 20, np.random.default_rng(0))
    assert windows.shape == (2, 150, 20)
    assert (windows.diff(dim=-1) == 1).all()
    starts = (windows[..., 0] - waves[:, :, :1].repeat_interleave(50, dim=1)[..., 0]).flatten()
    assert set(starts.tolist()) == set(range(21))  # the last start, too


def test_a_clip_that_is_just_long_enough_is_one_window():
    waves = torch.rand(1, 2, 20)
    assert torch.equal(cut(waves, 1, 20, np.random.default_rng(0)), waves)


def test_a_loss_without_labels_is_the_contrast_of_its_windows(network):
    crops, _ = make_crops([60, 90], 60, 16)
    nothing = torch.full((2, 60), torch.nan)
    network.eval()
    found = network.loss(crops, nothing, np.random.default_rng(3))
    windows = cut(network.waves(crops), WINDOWS, 30, np.random.default_rng(3))
    assert found.item() == pytest.approx(contrast(normalised_power(windows, 30.0)).item())
    assert torch.isfinite(found)


def test_labels_change_the_loss_and_unknown_ones_leave_no_trace_of_nan(network):
    crops, pulse = make_crops([60, 90], 60, 16)
    network.eval()
    half = pulse.clone()
    half[1] = torch.nan
    losses = [
        network.loss(crops, given, np.random.default_rng(3))
        for given in (pulse, half, torch.full_like(pulse, torch.nan))
    ]
    assert len({round(loss.item(), 6) for loss in losses}) == 3
    losses[1].backward()
    assert all(parameter.grad.isfinite().all() for parameter in network.parameters())


def test_a_soft_rate_is_near_the_peak_and_has_a_gradient():
    time_s = torch.arange(150) / 30
    waves = torch.stack([torch.sin(2 * torch.pi * rate / 60 * time_s) for rate in (60, 90, 130)]).requires_grad_()
    found = soft_rate_hz(waves, 30.0, (40.0, 180.0))
    assert 60 * found.detach().numpy() == pytest.approx([60, 90, 130], abs=3)
    found.sum().backward()
    assert waves.grad.abs().sum() > 0


def test_regions_of_a_map_take_the_place_of_places():
    waves = torch.rand(3, 6, 60)
    rng = np.random.default_rng(0)
    found = Network.map_loss(lambda ratio: waves, 7.5, rng)
    five = torch.cat((waves, waves.mean(dim=1, keepdim=True)), dim=1)
    expected = contrast(normalised_power(cut(five, WINDOWS, 30, np.random.default_rng(0)), 7.5))
    torch.testing.assert_close(found, expected)
    alike = torch.sin(2 * torch.pi * torch.arange(1, 4)[:, None, None] * torch.arange(10) / 10).expand(-1, 6, -1)
    harmonics = Network.map_loss(lambda ratio: alike, None, rng)  # three people, each of one harmonic of five
    assert harmonics.item() == pytest.approx(-2 / 5, abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("labelled", [0, 4])
def test_four_crops_are_learned(network, labelled):
    rates = (54, 72, 90, 114)
    crops, pulse = make_crops(rates, 300, 16, light=0.02)
    pulse[labelled:] = torch.nan
    optimizer, rng = torch.optim.Adam(network.parameters(), 5e-3), np.random.default_rng(0)

    assert max(rate_errors(network, crops, rates)) > 10
    for _ in range(40):
        network.train()
        pair = rng.permutation(4)[:2]
        loss = network.loss(crops[pair], pulse[pair], rng)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert max(rate_errors(network, crops, rates)) < 3


def test_the_optimizer_is_the_published_one(network):
    optimizer, schedule = network.optimizer()
    assert isinstance(optimizer, torch.optim.AdamW)
    for _ in range(Network.EPOCHS):
        optimizer.step()
        schedule.step()
    assert optimizer.param_groups[0]["lr"] == 1e-5
