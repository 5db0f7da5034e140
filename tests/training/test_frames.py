"""A model that gives pressures from frames, from recordings to readings: two stages, one way through all commands."""

import shutil
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest
import torch
from sklearn.svm import SVR

from bpdemo.data import registry
from bpdemo.errors import DataError
from bpdemo.estimator import BloodPressureEstimator
from bpdemo.maps.finished import path_of_maps, write_maps
from bpdemo.maps.recording import read_recording
from bpdemo.models import find_model
from bpdemo.models.config import DrpBbpConfig
from bpdemo.models.drp_bbp import DrpNet, Network
from bpdemo.synthesis.maps import QUALITIES
from bpdemo.training import baselines
from bpdemo.training import evaluate as evaluation
from bpdemo.training import fit as fitting
from bpdemo.training.cohort import prepare
from bpdemo.training.filmed import read_maps
from bpdemo.training.recipe import Recipe
from bpdemo.training.train import train
from bpdemo.weights.store import load_weights

pytestmark = pytest.mark.slow

SIZES = DrpBbpConfig(width=2, pulse_width=1, side=32)
RECIPE = Recipe(
    qualities=("standard",), cycles=1, epochs=2, set_aside=2, batch=4, folds=3, repetitions=1, test_renderings=1
)
CPU = torch.device("cpu")


class StoppedError(Exception):
    pass


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Crops of few pixels, one quality to be scored in, and few epochs."""
    form = replace(DrpNet.FORM, side=32)
    for kind in (DrpNet, Network):
        monkeypatch.setattr(kind, "FORM", form)
    monkeypatch.setattr(DrpNet, "EPOCHS", 2)
    monkeypatch.setattr(DrpNet, "FRAMES", 150)
    monkeypatch.setattr(DrpNet, "CLIPS", 2)
    monkeypatch.setattr(evaluation, "RENDERINGS", 1)
    monkeypatch.setattr(baselines, "SUPPORT_VECTORS", (SVR(epsilon=2.0), {"C": [10.0], "gamma": [0.3]}))
    with patch.dict(QUALITIES, {"standard": QUALITIES["standard"]}, clear=True):
        yield


@pytest.fixture
def dataset(ppg_bp):
    return prepare({"ppg_bp": ppg_bp}, model=find_model("drp-bbp")).render(("standard",), 0, "training")


def fit(dataset, checkpoint=None):
    return fitting.fit(dataset, range(6), SIZES, RECIPE, 0, CPU, model="drp-bbp", checkpoint=checkpoint, title=None)


def test_from_recordings_to_a_reading(ppg_bp, pulse_clip, tmp_path):
    train({"ppg_bp": ppg_bp}, tmp_path / "w", model="drp-bbp", network=SIZES, recipe=RECIPE)
    weights = load_weights(tmp_path / "w")
    results = evaluation.evaluate(weights, {"ppg_bp": ppg_bp})
    assert (results.people, results.seen_in_training) == (6, 6)
    assert np.isfinite(results.network["systolic"].mae)
    estimate = BloodPressureEstimator(weights).estimate(pulse_clip.path)
    assert estimate.status == "reading"
    assert (estimate.model, estimate.method) == ("drp-bbp", "pos")
    assert 85 <= estimate.systolic.value <= 155
    assert estimate.systolic.ranges == ()
    by_network = BloodPressureEstimator(weights).answer(pulse_clip.path, method="drp-bbp")
    assert by_network.method == "drp-bbp"
    assert by_network.pulse_weights.model == "drp-bbp"


def test_clips_as_they_were_filmed_and_their_maps_hold_the_same_crops(pulse_clip, short_clip, tmp_path):
    folder = tmp_path / "clips"
    folder.mkdir()
    for name, clip in (("a", pulse_clip), ("b", short_clip)):
        shutil.copy(clip.path, folder / f"{name}.mp4")
    (folder / "clips.csv").write_text("clip,person,systolic,diastolic\na.mp4,1,118,70\nb.mp4,2,131,82\n")
    model = find_model("drp-bbp")
    filmed = prepare({"ours": folder}, model=model).render((), 0, "training")
    assert filmed.store.frames(filmed.crop[0]) == len(model.crops.grid_s(0, 15))
    inputs = filmed.inputs(np.array([0]))
    assert inputs.crops.shape == (1, 375, 32, 32, 3)
    assert np.isnan(filmed.store.contact(filmed.crop[0])).all()
    assert (inputs.crops.mean(axis=(0, 1, 2, 3)) > 40).all()
    for recording in registry.load({"ours": folder}):
        write_maps(path_of_maps(tmp_path / "maps", recording), read_recording(recording, crops=model.crops))
    mapped = prepare({}, [tmp_path / "maps"], model=model).render((), 0, "training")
    np.testing.assert_array_equal(mapped.inputs(np.array([0])).crops, inputs.crops)
    other_form = replace(model.crops, side=64)
    with pytest.raises(DataError) as error:
        list(read_maps([tmp_path / "maps"], crops=other_form))
    assert error.value.code == "crops_missing"


def test_the_pulse_is_fitted_first_and_then_stays_also_after_a_stop(dataset, tmp_path, monkeypatch):
    after: list[dict[str, torch.Tensor]] = []
    fit_pulse, save_checkpoint = fitting.fit_pulse, fitting.save_checkpoint

    def note(network, *given, **named):
        fit_pulse(network, *given, **named)
        after.append({name: tensor.clone() for name, tensor in network.state_dict().items()})

    def stop(path, content):
        save_checkpoint(path, content)
        if content["pulse"] is not None and content["pulse"]["epoch"] == 1:
            raise StoppedError

    monkeypatch.setattr(fitting, "fit_pulse", note)
    whole = fit(dataset).model
    kept = whole.members[0].pulse.state_dict()
    assert all(torch.equal(kept[name], tensor) for name, tensor in after[0].items())
    monkeypatch.setattr(fitting, "save_checkpoint", stop)
    with pytest.raises(StoppedError):
        fit(dataset, tmp_path / "fit.pt")
    monkeypatch.setattr(fitting, "save_checkpoint", save_checkpoint)
    resumed = fit(dataset, tmp_path / "fit.pt").model.state_dict()
    assert all(torch.equal(resumed[name], tensor) for name, tensor in whole.state_dict().items())
