from dataclasses import replace

import numpy as np
import pytest
import scipy.signal
import torch
from pydantic import ValidationError

from bpdemo.data.registry import load_people
from bpdemo.models import find_model
from bpdemo.models.bbp import (
    DIASTOLIC_MMHG,
    SAMPLES,
    SYSTOLIC_MMHG,
    BbpNet,
    Network,
    face_and_delayed,
    resample_waves,
)
from bpdemo.models.config import BbpConfig
from bpdemo.models.heads import Prediction, RangePrediction, ValuePrediction
from bpdemo.models.inputs import Inputs
from bpdemo.regions import CELLS, REGIONS, rows_of_region
from bpdemo.training.fit import fit
from bpdemo.training.recipe import Recipe
from bpdemo.training.rendered import render
from bpdemo.weights.store import load_weights, save_weights
from tests.support.small_weights import CARD, small_config

SMALL = BbpConfig(width=2, members=2)
CELL, COLUMNS = len(CELLS), 450
T = 3


def both(prediction) -> torch.Tensor:
    return torch.stack((prediction.systolic.value, prediction.diastolic.value), dim=1).detach()


def pulse(lag_columns: float = 0.0, rate_hz: float = 1.3, columns: int = COLUMNS) -> torch.Tensor:
    phase = 2 * np.pi * rate_hz * (torch.arange(columns) - lag_columns) / 30
    return phase.sin() + 0.4 * (2 * phase + 0.7).sin()


def a_batch(count: int = 3, seed: int = 1, columns: int = COLUMNS) -> tuple[torch.Tensor, torch.Tensor]:
    """Maps whose regions lag by unlike spans, with noise; a tenth is not measured."""
    generator = torch.Generator().manual_seed(seed)
    stmap = 0.3 * torch.randn(count, 4, CELL, columns, generator=generator)
    for number, region in enumerate(REGIONS):
        stmap[:, T, rows_of_region(region)] += pulse(0.3 * number + 0.2 * seed, columns=columns)
    return stmap, torch.rand(count, CELL, columns, generator=generator) < 0.9


@pytest.fixture(scope="module")
def network() -> Network:
    torch.manual_seed(0)
    built = Network(SMALL)
    for seed in range(30):
        built(*a_batch(8, seed))  # the normalisations see something
    return built.eval()


@pytest.fixture(scope="module")
def bbp(network) -> BbpNet:
    return network.bbp


def test_bbp_net_has_as_many_parameters_as_published():
    assert sum(parameter.numel() for parameter in BbpNet().parameters()) == 853_688
    (published,) = find_model("bbp").build(replace(find_model("bbp").config(), members=1)).members
    assert sum(parameter.numel() for parameter in published.parameters()) == 853_688


@pytest.mark.parametrize("size", [1e-4, 1.0, 1e6])
def test_answers_have_no_ranges_and_lie_within_the_published_bounds(bbp, size):
    rates_hz = torch.linspace(0.8, 2.5, 9)
    prediction = bbp(*(torch.stack([size * pulse(lag, float(rate), SAMPLES) for rate in rates_hz]) for lag in (0, 2)))
    for one, (low, high) in ((prediction.systolic, SYSTOLIC_MMHG), (prediction.diastolic, DIASTOLIC_MMHG)):
        assert not isinstance(one, RangePrediction)
        assert one.value.shape == (9,)
        assert ((low <= one.value) & (one.value <= high)).all()
    assert both(prediction).std(dim=0).min() > 1e-3


def test_a_wave_is_scaled_by_itself_and_not_by_those_asked_about_with_it(bbp):
    waves = torch.randn(2, 3, SAMPLES, generator=torch.Generator().manual_seed(2))
    expected = both(bbp(*waves))
    for one in range(3):
        torch.testing.assert_close(both(bbp(*waves[:, one : one + 1])), expected[one : one + 1], rtol=1e-5, atol=1e-3)
    waves[:, 1] = 50 * waves[:, 1] + 7
    torch.testing.assert_close(both(bbp(*waves)), expected, rtol=1e-5, atol=1e-3)


def test_both_waves_and_the_lag_between_them_are_read(bbp):
    face, delayed = (pulse(lag, columns=SAMPLES)[None] for lag in (0.0, 2.0))
    answers = [both(bbp(*waves)) for waves in ((face, delayed), (delayed, face), (face, face))]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert (answers[one] - answers[other]).abs().max() > 1e-3


def test_six_channels_enter_each_wave_before_its_differences(bbp):
    seen = []
    hook = bbp.stem.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    waves = torch.randn(2, 1, SAMPLES)
    bbp(*waves)
    hook.remove()
    expected = []
    for wave in waves[:, 0].numpy():
        scaled = (wave - wave.mean()) / wave.std()
        first = np.append(np.diff(scaled), 0)
        expected += [scaled, first, np.append(np.diff(first), 0)]
    np.testing.assert_allclose(seen[0][0], np.array(expected), atol=1e-5)


@pytest.mark.parametrize(("columns", "samples"), [(450, 1500), (150, 600), (285, 950)])
def test_waves_are_resampled_as_by_their_fourier_series(columns, samples):
    wave = np.random.default_rng(0).normal(size=(2, columns))
    expected = scipy.signal.resample(wave, samples, axis=1)
    np.testing.assert_allclose(resample_waves(torch.from_numpy(wave), samples), expected, atol=1e-9)


@pytest.mark.parametrize("latest", REGIONS)
@pytest.mark.parametrize("rate_hz", [0.8, 1.3, 2.2])
def test_the_region_that_lags_most_is_found_to_a_part_of_a_column(latest, rate_hz):
    stmap, mask = torch.zeros(1, CELL, COLUMNS), torch.ones(1, CELL, COLUMNS, dtype=torch.bool)
    for number, region in enumerate(REGIONS):
        stmap[0, rows_of_region(region)] = pulse(1.0 if region == latest else 0.15 * number, rate_hz)
    face, delayed = face_and_delayed(stmap, mask)[0]
    torch.testing.assert_close(face, stmap[0].mean(dim=0))
    torch.testing.assert_close(delayed, pulse(1.0, rate_hz))


def test_a_region_without_the_pulse_is_not_taken_for_a_late_one():
    stmap, mask = torch.zeros(2, CELL, COLUMNS), torch.ones(2, CELL, COLUMNS, dtype=torch.bool)
    stmap += pulse()
    noise = torch.randn(COLUMNS, generator=torch.Generator().manual_seed(1))
    stmap[0, rows_of_region("nose")] = 0.2 * noise + 0.05 * pulse(3)
    stmap[0, rows_of_region("chin")] = pulse(0.5)
    stmap[1] = 0  # and where nothing is alike, the face stands for it
    waves = face_and_delayed(stmap, mask)
    torch.testing.assert_close(waves[0, 1], pulse(0.5))
    torch.testing.assert_close(waves[1, 1], waves[1, 0])


def test_a_region_alone_stands_for_both_waves():
    stmap, mask = a_batch(1)
    mask[:] = False
    mask[:, rows_of_region("chin")] = True
    face, delayed = face_and_delayed(stmap[:, T], mask)[0]
    torch.testing.assert_close(face, stmap[0, T, rows_of_region("chin")].mean(dim=0))
    torch.testing.assert_close(delayed, face)


@pytest.mark.parametrize("held", [1e6, float("nan"), float("inf")])
def test_what_entries_hold_that_were_not_measured_is_without_effect(network, held):
    stmap, mask = a_batch()
    mask[:, 4] = False
    mask[1, :, 200:330] = False
    expected = both(network(stmap, mask))
    changed = torch.where(mask[:, None], stmap, torch.tensor(held))
    torch.testing.assert_close(both(network(changed, mask)), expected, rtol=0, atol=0)


def test_a_piece_counts_by_what_of_it_was_measured(network):
    stmap, mask = a_batch()
    mask[:, :, 285:] = False
    expected = both(network(stmap[..., :285], mask[..., :285]))
    torch.testing.assert_close(both(network(stmap, mask)), expected, rtol=0, atol=1.5)
    whole = both(network(stmap, torch.ones_like(mask)))
    assert (whole - expected).abs().max() > 1e-3


def test_maps_of_a_batch_do_not_touch_each_other(network):
    stmap, mask = a_batch()
    mask[0, :, 285:] = False
    stmap[1] *= 20
    together = both(network(stmap, mask))
    alone = torch.cat([both(network(stmap[i : i + 1], mask[i : i + 1])) for i in range(3)])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-2)


def test_nothing_measured_gives_finite_numbers(network):
    stmap, mask = a_batch()
    one, nothing = torch.zeros_like(mask), torch.zeros_like(mask)
    one[:, 3, 200] = True
    for batch in (
        *((stmap, nothing), (0 * stmap, mask), (stmap, one), (1e4 * stmap, mask)),
        Network.tensors(Inputs.empty(2, with_maps=True)),
    ):
        assert both(network(*batch)).isfinite().all()


def test_shapes_that_do_not_fit_are_refused(network):
    stmap, mask = a_batch()
    for wrong in (stmap[:, :3], stmap[:, :, :29], stmap[..., :170], stmap[:2], stmap[..., :449]):
        with pytest.raises(ValueError, match="not"):
            network(wrong, mask)
    with pytest.raises(ValueError, match="no maps"):
        Network.tensors(Inputs.empty(2, with_maps=False))


def test_a_window_beyond_the_bounds_is_learned_from_as_any_other(network):
    value = torch.tensor([120.0, 120.0], requires_grad=True)
    prediction = Prediction(ValuePrediction(value), ValuePrediction(value - 40))
    network.loss(prediction, torch.tensor([[170.0, 104.0], [120.0, 80.0]]), None).backward()
    assert value.grad[0] < 0
    assert value.grad[1] == 0


def test_a_region_can_be_left_out(network):
    stmap, mask = a_batch(1)
    fewer = network.without_region((stmap, mask), "nose")
    assert not fewer[1][:, rows_of_region("nose")].any()
    assert (both(network(*fewer)) - both(network(stmap, mask))).abs().max() > 1e-3
    assert network.without_region(fewer, "nose") is None


def test_gradients_reach_every_parameter():
    torch.manual_seed(0)
    built = Network(replace(SMALL, width=4))
    prediction = built(*a_batch(16))
    (prediction.systolic.value.square().sum() + prediction.diastolic.value.square().sum()).backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in built.parameters())


@pytest.fixture(scope="module")
def rendered(ppg_bp):
    return render(load_people({"ppg_bp": ppg_bp}), ("strong",), 0, "training", with_maps=True)


def test_it_learns_four_people_by_heart(rendered):
    tensors = Network.tensors(rendered.inputs(np.arange(4)))
    torch.manual_seed(0)
    network = Network(replace(SMALL, width=4))
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    truth = torch.from_numpy(rendered.truth[:4])
    for _ in range(100):
        optimizer.zero_grad()
        network.loss(network(*tensors), truth, None).backward()
        optimizer.step()
    assert (both(network.eval()(*tensors)) - truth).abs().max() < 3


def test_it_is_fitted_kept_saved_and_loaded(rendered, tmp_path):
    recipe = Recipe(epochs=1, batch=4, set_aside=3)
    fitted = fit(rendered, range(6), SMALL, recipe, 1, torch.device("cpu"), model="bbp", title=None)
    assert ((fitted.model.kept >= 0) & (fitted.model.kept <= 1)).all()
    assert np.isfinite(fitted.set_aside.value).all()
    config = small_config().model_copy(update={"model": "bbp", "network": SMALL})
    save_weights(tmp_path, fitted.model, config, CARD)
    loaded = load_weights(tmp_path, device="cpu")
    tensors = Network.tensors(rendered.inputs(np.arange(6)))
    torch.testing.assert_close(both(loaded.network(*tensors)), both(fitted.model(*tensors)))


@pytest.mark.parametrize("change", [{"width": 0}, {"width": 65}, {"width": 2.0}, {"width": True}])
def test_impossible_configs_are_refused(change):
    with pytest.raises(ValidationError):
        replace(BbpConfig(), **change)
