"""Networks that find the pulse, trained, scored and resumed."""

import json
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from bpdemo.cli import app
from bpdemo.errors import DataError
from bpdemo.models.config import NetworkConfig
from bpdemo.pulse_networks import read_wave
from bpdemo.training import train_pulse
from bpdemo.training.crop_store import CropStore
from bpdemo.training.pulse_fit import fit_pulse, with_contact
from bpdemo.training.pulse_scores import score_pulse
from bpdemo.training.train_pulse import split_people
from bpdemo.weights.pulse_store import load_pulse
from tests.support.small_pulse import NAME, Network, green_network, make_windows

CPU = torch.device("cpu")


def fit(windows, labelled=True, epochs=4, state=None, seed=0):
    torch.manual_seed(seed)
    network, states = Network(NetworkConfig()), []
    told = np.full(len(windows.crop), labelled)
    fit_pulse(network, windows, told, epochs, seed, CPU, None, state, lambda state: states.append(deepcopy(state)))
    return network, states


def test_a_network_learns_where_the_pulse_is():
    network, _ = fit(make_windows(noise=1.0))
    others = make_windows(people=2, each=1, noise=1.0, seed=1)
    assert score_pulse(network, others).mae < 3
    crops, contact = others.store.read(0, 0, 300)
    assert np.corrcoef(read_wave(network, crops), contact)[0, 1] > 0.6


def test_figures_are_those_of_the_rates_found():
    figures = score_pulse(green_network(), make_windows(people=3, each=1, noise=0.5))
    assert (figures.people, figures.windows, figures.compared) == (3, 3, 3)
    assert figures.mae == pytest.approx(0, abs=0.3)
    assert figures.within_3_bpm == 1
    assert figures.r == pytest.approx(1, abs=0.01)
    noisy = score_pulse(green_network(), make_windows(people=3, each=1, noise=60))
    assert noisy.snr_db < figures.snr_db - 3
    assert noisy.irrelevant_power > figures.irrelevant_power


def test_without_a_contact_pulse_nothing_is_compared():
    windows = make_windows(people=2, each=1)
    silent = CropStore()
    for number in windows.crop:
        silent.append(windows.store.read(number, 0, 300)[0], None)
    windows = replace(windows, store=silent)
    figures = score_pulse(green_network(), windows)
    assert (figures.windows, figures.compared, figures.mae, figures.r, figures.snr_db) == (2, 0, None, None, None)
    assert 0 < figures.irrelevant_power < 1
    with pytest.raises(DataError) as error:
        with_contact(windows)
    assert error.value.code == "no_contact_pulse"


def test_a_pulse_that_is_not_told_is_not_learned_from(monkeypatch):
    seen = []
    loss = Network.loss

    def note(self, crops, contact, rng):
        seen.append(contact.isfinite().all(dim=1))
        return loss(self, crops, contact, rng)

    monkeypatch.setattr(Network, "loss", note)
    fit(make_windows(), labelled=False, epochs=1)
    assert not torch.cat(seen).any()
    seen.clear()
    fit(make_windows(), epochs=1)
    assert torch.cat(seen).all()


def test_clips_of_a_step_differ_and_stretches_fit(monkeypatch):
    rates = []

    def note(self, crops, contact, rng):
        assert crops.shape == (2, 3, Network.FRAMES, 8, 8)
        assert 0 <= crops.min() <= crops.max() <= 1
        peaks = torch.fft.rfft(contact).abs().argmax(dim=1)
        rates.append(peaks.tolist())
        return self(crops).square().mean()

    monkeypatch.setattr(Network, "loss", note)
    fit(make_windows(people=3, rates=[60, 90, 120]), epochs=3)
    assert len(rates) == 3 * 2 * 6 // 2
    assert all(one != other for one, other in rates)


def test_what_is_too_short_has_no_part():
    with pytest.raises(DataError) as error:
        fit(make_windows(frames=Network.FRAMES - 1))
    assert error.value.code == "too_few_clips"


def test_a_fit_goes_on_where_it_was_stopped():
    windows = make_windows()
    whole, states = fit(windows, epochs=3)
    resumed, _ = fit(windows, epochs=3, state=states[1], seed=0)
    assert torch.equal(whole.weigh.weight, resumed.weigh.weight)
    assert not torch.equal(whole.weigh.weight, fit(windows, epochs=2)[0].weigh.weight)


@pytest.mark.parametrize("people", [3, 4, 10])
def test_people_set_aside_are_nobody_learned_from(people):
    names = [f"set:{number % people}" for number in range(3 * people)]
    learning, aside = split_people(names, 0)
    assert sorted(learning + aside) == list(range(3 * people))
    assert not {names[row] for row in learning} & {names[row] for row in aside}
    assert len({names[row] for row in aside}) == max(1, round(people / 5))


def test_too_few_people():
    with pytest.raises(DataError) as error:
        split_people(["a", "b", "b"], 0)
    assert error.value.code == "too_few_people"


@pytest.mark.slow
@pytest.mark.usefixtures("small_pulse")
def test_recordings_as_frames_by_the_commands(ppg_bp, tmp_path, monkeypatch):
    monkeypatch.setattr(train_pulse, "QUALITIES", ("strong",))  # rendering is what takes the time

    def run(*arguments):
        ran = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert ran.exit_code == 0, ran.output
        return ran.stdout

    data, weights = ("--data", f"ppg_bp={ppg_bp}"), tmp_path / "w"
    run("train", *data, "--model", NAME, "--labels", 1, "--output", weights)
    config = json.loads((weights / "config.json").read_text())
    assert config["training"] | {"names": None} == {
        "people": 5, "windows": 5, "labels": 1.0, "epochs": Network.EPOCHS, "names": None,
    }  # fmt: skip
    assert (config["set_aside"]["people"], config["set_aside"]["compared"]) == (1, 1)
    assert config["set_aside"]["mae"] < 3
    assert "--labels 1" in config["provenance"]["command"]
    assert str(tmp_path) not in (weights / "README.md").read_text() + (weights / "config.json").read_text()
    assert load_pulse(weights).network.weigh.weight[0, 1] < 0
    found = json.loads(run("evaluate", *data, "--weights", weights, "--json"))
    assert (found["model"], found["people"], found["windows"]) == (NAME, 6, 6)
    assert found["within_3_bpm"] > 0.8
    assert "irrelevant power" in run("evaluate", *data, "--weights", weights)
