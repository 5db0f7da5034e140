from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from scipy.signal import butter, sosfiltfilt

from bpdemo.models import find_model
from bpdemo.models.bbp import SAMPLES, resample_waves
from bpdemo.models.config import DrpBbpConfig
from bpdemo.models.drp_bbp import DrpNet, Network
from bpdemo.models.drp_loss import (
    PIECE,
    RATE_HZ,
    amplitudes,
    detrend_and_filter,
    draw_piece,
    extremes_loss,
    heart_rate_bpm,
    spectrum_loss,
    two_waves_loss,
)
from bpdemo.models.inputs import Inputs
from bpdemo.weights.store import load_weights, save_weights
from tests.support.small_weights import CARD, small_config

SMALL = DrpBbpConfig(width=2, pulse_width=2, side=32)
TINY = replace(SMALL, pulse_width=1)


def wave_of(rate_bpm: float, frames: int = PIECE, phase: float = 0.0) -> np.ndarray:
    turn = 2 * np.pi * rate_bpm / 60 * np.arange(frames) / RATE_HZ + phase
    return np.sin(turn) + 0.2 * np.sin(2 * turn + 0.7)


def clips(rates_bpm, frames: int = PIECE, side: int = 32) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures of noise whose colour changes with a pulse, and the pulse."""
    rng = np.random.default_rng(0)
    waves = np.array([wave_of(rate, frames, rng.uniform(0, 6)) for rate in rates_bpm])
    picture = rng.uniform(0.3, 0.7, (len(waves), 3, 1, side, side))
    tint = np.array([0.01, 0.03, 0.015])[:, None, None, None]
    crops = picture * (1 - tint * waves[:, None, :, None, None])
    crops += 0.005 * rng.standard_normal(crops.shape)
    return torch.from_numpy(crops).float(), torch.from_numpy(waves).float()


def waves(count: int, seed: int) -> torch.Tensor:
    return torch.randn(count, PIECE, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def both(prediction) -> torch.Tensor:
    return torch.stack((prediction.systolic.value, prediction.diastolic.value), dim=1).detach()


@pytest.fixture(scope="module")
def network() -> Network:
    torch.manual_seed(0)
    built = Network(TINY)
    crops, _ = clips([54, 66, 96, 114])
    waves = resample_waves(built.pulse.train().waves(crops).detach(), SAMPLES)[:, 0]
    for _ in range(30):
        built.bbp(*waves.unbind(dim=1))  # the normalisations see something
    return built.eval()


def test_there_are_as_many_parameters_as_published():
    config = find_model("drp-bbp").config()
    assert sum(parameter.numel() for parameter in DrpNet(config).parameters()) == 740_612
    (member,) = find_model("drp-bbp").build(config).members
    assert sum(parameter.numel() for parameter in member.parameters()) == 740_612 + 853_688


@pytest.mark.parametrize("side", [64, 128])
def test_attention_over_time_and_over_space_fit_what_is_left_of_the_picture(side):
    seen = {}
    built = DrpNet(replace(TINY, side=side)).eval()
    for name in ("trunk", "dilated", "times", "places"):
        getattr(built, name).register_forward_hook(lambda _, given, made, name=name: seen.update({name: made.shape}))
    assert built(torch.rand(1, 3, PIECE, 128, 128)).shape == (1, PIECE)
    left = side // 32
    assert seen["trunk"][2:] == (PIECE, side // 4, side // 4)
    assert seen["dilated"][2:] == (PIECE, left, left)
    assert seen["times"][1:] == (1, PIECE, 1, 1)
    assert seen["places"][1:] == (1, 1, left, left)


@pytest.mark.parametrize("frames", [150, 151, 237, 300, 375])
def test_a_clip_of_any_length_is_read_in_pieces_that_cover_it(network, frames):
    crops, _ = clips([70], frames)
    found = network.pulse(crops)
    assert found.shape == (1, frames)
    starts = [*range(0, frames - PIECE, PIECE), frames - PIECE]
    alone = [network.pulse(crops[:, :, start : start + PIECE])[0] for start in starts]
    for number, (start, piece) in enumerate(zip(starts, alone, strict=True)):
        covered = PIECE * number - start
        torch.testing.assert_close(found[0, PIECE * number : start + PIECE], piece[covered:], rtol=1e-3, atol=1e-3)
    waves = network.pulse.waves(crops)
    assert waves.shape == (1, len(starts), 2, PIECE)
    torch.testing.assert_close(waves[0, :, 1], torch.stack(alone), rtol=1e-3, atol=1e-3)
    prediction = both(network(crops))
    each = [both(network.bbp(*resample_waves(piece, SAMPLES)[:, None])) for piece in waves[0]]
    torch.testing.assert_close(prediction, torch.stack(each).mean(dim=0), rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize("shape", [(1, 3, 149, 32, 32), (1, 1, 150, 32, 32), (1, 3, 150, 32, 64), (1, 3, 150, 48, 48)])
def test_crops_that_do_not_fit_are_refused(network, shape):
    with pytest.raises(ValueError, match="not"):
        network(torch.zeros(shape))


def test_crops_are_read_from_zero_to_one_and_are_needed(network):
    inputs = Inputs.empty(2, with_maps=False)
    with pytest.raises(ValueError, match="no crops"):
        Network.tensors(inputs)
    crops = np.random.default_rng(0).integers(0, 256, (2, PIECE, 32, 32, 3), np.uint8)
    (tensor,) = Network.tensors(replace(inputs, crops=crops))
    assert tensor.shape == (2, 3, PIECE, 32, 32)
    np.testing.assert_allclose(tensor[1, 2, 5], crops[1, 5, :, :, 2] / 255, atol=1e-6)
    for batch in (tensor, 0 * tensor):
        assert both(network(batch)).isfinite().all()


def test_a_window_is_read_by_itself(network):
    crops, _ = clips([54, 66, 96])
    alone = torch.cat([both(network(crops[i : i + 1])) for i in range(3)])
    torch.testing.assert_close(both(network(crops)), alone, rtol=1e-3, atol=1e-2)
    assert alone.std(dim=0).max() > 1e-3


def test_what_finds_the_pulse_stays_as_it_is_while_the_rest_is_fitted():
    crops, _ = clips([54, 66, 96, 114])
    built = Network(TINY).train()
    before = {name: tensor.clone() for name, tensor in built.state_dict().items()}
    optimizer = torch.optim.AdamW(built.parameters(), 1e-2, weight_decay=0.5)
    built.loss(built(crops), torch.tensor([[120.0, 80.0]] * 4), None).backward()
    optimizer.step()
    assert not any(parameter.requires_grad for parameter in built.pulse.parameters())
    assert not any(module.training for module in built.pulse.modules())
    changed = {
        name.split(".")[0] for name, tensor in built.state_dict().items() if not torch.equal(tensor, before[name])
    }
    assert changed == {"bbp"}


@pytest.mark.parametrize("way", [lambda pulse: pulse.train(), lambda pulse: pulse.optimizer()])
def test_it_can_be_fitted_by_itself(way):
    pulse = Network(TINY).pulse
    way(pulse)
    assert all(parameter.requires_grad for parameter in pulse.parameters())


def test_the_published_optimizer():
    optimizer, schedule = DrpNet(TINY).optimizer()
    assert isinstance(optimizer, torch.optim.Adam)
    rates = []
    for _ in range(3):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert rates == pytest.approx([1e-3, 0.99e-3, 0.9801e-3])


def test_a_trend_is_taken_off_and_the_band_is_kept():
    wave = waves(1, 0)[0].numpy()
    second = np.zeros((PIECE - 2, PIECE))
    for row in range(PIECE - 2):
        second[row, row : row + 3] = 1, -2, 1
    detrended = wave - np.linalg.solve(np.eye(PIECE) + 50**2 * second.T @ second, wave)
    band = butter(3, (0.5, 3.0), "bandpass", fs=25.0, output="sos")
    np.testing.assert_allclose(detrend_and_filter() @ wave, sosfiltfilt(band, detrended), atol=1e-9)
    slow = np.linspace(-20, 30, PIECE)
    middle = slice(25, -25)
    kept = (detrend_and_filter() @ (slow + wave_of(80)))[middle]
    assert np.corrcoef(kept, wave_of(80)[middle])[0, 1] > 0.99


def test_spectra_are_those_of_tapered_waves_in_the_band():
    wave = waves(2, 1).numpy()
    taper = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(PIECE) / PIECE)
    padded = np.concatenate((wave * taper, np.zeros((2, 39 * PIECE))), axis=1)
    spectrum = np.abs(np.fft.fft(padded))[:, 120:720] / PIECE  # 25 / 6000 Hz each: 0.5 Hz is the 120th
    np.testing.assert_allclose(amplitudes(torch.from_numpy(wave)), spectrum, atol=1e-6)
    expected = 100 * np.mean((spectrum[0] - spectrum[1]) ** 2)
    assert float(spectrum_loss(*torch.from_numpy(wave)[:, None])) == pytest.approx(expected, rel=1e-4)


def test_extremes_are_those_beyond_their_own_mean():
    one = torch.tensor([[0.0, 1, 0, 3, 0, 5, -1, 0, -4, 0]])  # maxima 1 3 5 0, mean 2.25; minima 0 0 -1 -4, mean -1.25
    other = torch.tensor([[0.0, 2, 0, 2, 0, 2, 0, -1, 0, 0]])  # maxima 2 2 2 0; minima 0 0 -1
    assert float(extremes_loss(one, other)) == pytest.approx((4 - 2) ** 2 + (-4 - -1) ** 2)
    rising = torch.arange(10.0)[None]  # without either, the ends stand for them
    assert float(extremes_loss(rising, torch.zeros(1, 10))) == pytest.approx(8**2 + 1**2)


def test_the_loss_is_the_sum_of_its_parts():
    face, finger, reference = (waves(3, seed) for seed in (2, 3, 4))
    expected = float(np.mean((finger.numpy() - reference.numpy()) ** 2))
    for wave in (face, finger):
        difference = amplitudes(wave).numpy() - amplitudes(reference).numpy()
        expected += 100 * np.mean(difference**2) + float(extremes_loss(wave, reference))
    assert float(two_waves_loss(face, finger, reference)) == pytest.approx(expected, rel=1e-5)


def test_the_faces_wave_is_free_in_phase_and_the_fingers_is_not():
    reference, late = (torch.from_numpy(wave_of(75, phase=phase))[None] for phase in (0.0, 0.5))
    as_face = float(two_waves_loss(late, reference, reference))
    as_finger = float(two_waves_loss(reference, late, reference))
    assert as_finger - as_face == pytest.approx(float((late - reference).square().mean()))
    assert as_finger > 5 * as_face


def test_a_contact_pulse_is_scaled_by_itself_and_not_by_those_beside_it(network):
    crops, contact = clips([54, 66, 96])
    alone = [float(network.pulse.loss(crops[[i]], contact[[i]], np.random.default_rng(0))) for i in range(3)]
    other = contact.clone()
    other[1] = 50 * other[1] + 7
    for given in (contact, other):
        together = float(network.pulse.loss(crops, given, np.random.default_rng(0)))
        assert together == pytest.approx(np.mean(alone), rel=1e-3)


def test_clips_without_contact_pulse_have_no_part():
    crops, contact = clips([54, 66, 96])
    contact[1] = float("nan")
    pulse = DrpNet(TINY)
    expected = pulse.loss(crops[[0, 2]], contact[[0, 2]], np.random.default_rng(0)).item()
    assert pulse.loss(crops, contact, np.random.default_rng(0)).item() == pytest.approx(expected, rel=1e-4)
    nothing = pulse.loss(crops, torch.full_like(contact, float("nan")), np.random.default_rng(0))
    nothing.backward()
    assert nothing.item() == 0
    assert all(not parameter.grad.any() for parameter in pulse.parameters())


def test_gradients_reach_every_parameter():
    torch.manual_seed(1)
    pulse = DrpNet(SMALL)
    pulse.loss(*clips([54, 66]), np.random.default_rng(0)).backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in pulse.parameters())
    for part in (pulse.trunk, pulse.dilated, pulse.times, pulse.places, pulse.face, pulse.finger):
        assert any(parameter.grad.any() for parameter in part.parameters())


@pytest.mark.parametrize(
    ("rate_bpm", "frames", "factors"),
    [
        (65, 300, {1}),
        (72, 300, {1, 2}),
        (78, 300, {0.5, 1, 2}),
        (78, 299, {0.5, 1}),
        (85, 300, {0.5, 1}),
        (95, 300, {1}),
    ],
)
def test_a_clip_is_also_shown_at_half_and_at_twice_its_rate(rate_bpm, frames, factors):
    contact = torch.from_numpy(wave_of(rate_bpm, frames)).float()
    crops = contact[None, :, None, None].expand(3, -1, 2, 2)
    rng, found = np.random.default_rng(0), set()
    for _ in range(40):
        piece, wave = draw_piece(crops, contact, rng)
        assert piece.shape == (3, PIECE, 2, 2)
        torch.testing.assert_close(piece[1, :, 0, 1], wave)  # pictures and contact pulse stay together
        factor = round(2 * heart_rate_bpm(wave) / rate_bpm) / 2
        assert heart_rate_bpm(wave) == pytest.approx(factor * rate_bpm, rel=0.06)
        found.add(factor)
    assert found == factors


def test_what_would_not_be_slower_is_not_slowed():
    contact = np.concatenate((0.5 * wave_of(150, 75), wave_of(80, 225)))
    contact = torch.from_numpy(contact).float()
    assert 75 <= heart_rate_bpm(contact[:PIECE]) <= 90
    rng = np.random.default_rng(0)
    for _ in range(30):
        _, wave = draw_piece(contact[None, :, None, None], contact, rng)
        assert not torch.equal(wave[::2], contact[:75])


@pytest.mark.slow
def test_it_learns_the_pulse_of_two_clips():
    rates = [60, 100]
    crops, contact = clips(rates)
    torch.manual_seed(0)
    pulse, rng = DrpNet(SMALL), np.random.default_rng(0)
    optimizer, _ = pulse.optimizer()
    optimizer.param_groups[0]["lr"] = 1e-2
    for _ in range(20):
        optimizer.zero_grad()
        pulse.loss(crops, contact, rng).backward()
        optimizer.step()
    found = pulse.eval()(crops).detach()
    assert [heart_rate_bpm(wave) for wave in found] == pytest.approx(rates, abs=3)
    # In phase, as the finger's wave was taught.
    assert all(np.corrcoef(one, other)[0, 1] > 0.5 for one, other in zip(found, contact, strict=True))


def test_it_is_saved_and_loaded(tmp_path):
    model = find_model("drp-bbp").build(TINY).eval()
    config = small_config().model_copy(update={"model": "drp-bbp", "network": TINY})
    save_weights(tmp_path, model, config, CARD)
    crops, _ = clips([54, 66])
    loaded = load_weights(tmp_path, device="cpu").network
    torch.testing.assert_close(both(loaded(crops)), both(model(crops)))


@pytest.mark.parametrize("change", [{"side": 96}, {"pulse_width": 0}, {"pulse_width": 65}, {"width": 1.5}])
def test_impossible_configs_are_refused(change):
    with pytest.raises(ValidationError):
        replace(DrpBbpConfig(), **change)
