"""From a small data set to a weights folder, cross-validation included."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.svm import SVR

from bpdemo.errors import DataError
from bpdemo.models import find_model
from bpdemo.models.config import BeatsConfig
from bpdemo.training import baselines, train
from bpdemo.training import evaluate as evaluation
from bpdemo.training.cohort import Cohort
from bpdemo.training.recipe import Recipe
from bpdemo.training.results import (
    BOTH,
    CONTACT,
    HEART_RATE,
    MEAN,
    PRESSURES,
    RECOVERED,
    TRAITS,
    load_results,
)
from bpdemo.training.train import Material
from bpdemo.weights.store import load_weights
from tests.support.made_up import results as made_up
from tests.support.small_dataset import make_dataset
from tests.support.small_tables import write_mw_ppg

pytestmark = pytest.mark.slow

TINY = Recipe(qualities=("standard",), cycles=2, epochs=2, folds=2, repetitions=1, test_renderings=2, batch=4)
SMALL = BeatsConfig(members=2, width=4, hidden=4, shape=2, features=4)
FRESH = ("other_data", "milliseconds")
SETTINGS = {"seed": 3, "device": "cpu", "recipe": TINY, "network": SMALL}


@pytest.fixture(scope="module", autouse=True)
def few_settings():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(baselines, "SUPPORT_VECTORS", (SVR(epsilon=2.0), {"C": [10.0], "gamma": [0.3]}))
        patch.setattr(evaluation, "RENDERINGS", 1)
        patch.setattr(train, "prepare_material", cache_first(train.prepare_material))
        yield


def cache_first(prepare):
    """Rendering takes most of the time, and gives the same each time."""
    first = []

    def prepare_once(*given):
        if not first:
            first.append((given, prepare(*given)))
        assert given == first[0][0]
        return first[0][1]

    return prepare_once


@pytest.fixture(scope="module")
def trained(ppg_bp, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    (folder / "mw_ppg").mkdir()
    unseen = {"mw_ppg": write_mw_ppg(folder / "mw_ppg", people=3)}
    config = train.train({"ppg_bp": ppg_bp}, folder / "weights", unseen=unseen, **SETTINGS)
    return folder, config, load_results(folder / "weights" / "evidence.json")


def test_training_gives_weights_the_demo_loads(trained):
    folder, config, _ = trained
    loaded = load_weights(folder / "weights", device="cpu")
    assert loaded.config == config
    assert loaded.network.config == SMALL
    assert (config.training.people, config.training.left_out, config.training.maps) == (6, 0, 12)
    assert config.training.names == [f"ppg_bp:{2 + 3 * i}" for i in range(6)]
    assert config.training.systolic.mean == pytest.approx(145.0)
    assert config.training.systolic.std == pytest.approx(np.std(np.arange(6) * 16), abs=0.01)
    assert config.training.recipe == TINY.to_json()
    assert config.intervals.systolic > 0
    assert config.scatter.diastolic > 0
    assert config.provenance.seed == 3
    assert "Scientific Data" in config.provenance.citation
    assert "finger pulses" in config.provenance.statement


def test_the_evidence_holds_network_models_and_other_data(trained):
    _, config, results = trained
    assert (results.folds, results.seeds, results.splits) == (2, [3], 1)
    assert list(results.models) == [MEAN, HEART_RATE, TRAITS, RECOVERED, CONTACT, BOTH]
    assert list(results.other_data) == ["mw_ppg"]
    assert results.model == results.other_data["mw_ppg"].model == config.model
    assert results.parameters == sum(each.numel() for each in find_model("beats").build(SMALL).parameters())
    assert all(0 <= results.kept[pressure] <= 1 for pressure in PRESSURES)
    for quality in ("strong", "standard", "poor"):
        for pressure in PRESSURES:
            figures = results.qualities[quality][pressure]
            assert (figures.predictions, figures.people) == (12, 6)
            assert getattr(config.validation.qualities[quality], pressure).mae == figures.mae
            # The network and the training mean beside it answered for the same people, split alike.
            assert results.models[MEAN][quality][pressure].mae == pytest.approx(figures.baseline_mae, abs=1e-3)


def test_what_is_wrong_with_other_data_is_told_before_any_work(ppg_bp, tmp_path, monkeypatch):
    monkeypatch.setattr(train, "prepare", lambda *_: pytest.fail("work"))
    with pytest.raises(DataError) as caught:
        train.train({"ppg_bp": ppg_bp}, tmp_path / "weights", unseen={"mw_ppg": tmp_path / "nowhere"}, device="cpu")
    assert caught.value.code == "data_missing"


def test_the_card_and_its_pictures_are_there(trained):
    folder, config, _ = trained
    card = (folder / "weights" / "README.md").read_text()
    pictures = sorted(path.name for path in (folder / "weights" / "evidence").glob("*.png"))
    assert pictures
    assert any(f"evidence/{name}" in card for name in pictures)
    assert config.provenance.command in card


def test_a_finished_run_fits_nothing_again_and_gives_the_same(trained, ppg_bp, monkeypatch, tmp_path):
    folder, config, results = trained
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda *_: pytest.fail("fitted again"))
    again = train.train({"ppg_bp": ppg_bp}, tmp_path / "weights", run=folder / "weights.run", **SETTINGS)
    # The second was not scored on other data.
    assert again.provenance.command == config.provenance.command.replace(" --unseen mw_ppg=DIR", "")
    assert again == config.model_copy(update={"provenance": again.provenance})
    first, second = (path / "weights" / "model.safetensors" for path in (folder, tmp_path))
    assert first.read_bytes() == second.read_bytes()
    evidence = load_results(tmp_path / "weights" / "evidence.json").to_json()
    assert evidence.pop("milliseconds") > 0  # measured anew
    assert evidence == {name: part for name, part in results.to_json().items() if name not in FRESH}


def material(pressure=100.0):
    dataset = make_dataset([pressure, 110, 120, 130, 140, 150], each=7)
    return Material(Cohort(("made",), dataset.people, None, 0), dataset, dataset)


@pytest.fixture
def left(tmp_path):
    """What a stopped run has left."""
    run = train.open_run(tmp_path / "some" / "run", material(), TINY, SMALL, 0)
    for name in ("folds_0_0.npz", "all.pt", "notes.txt"):
        (run / name).write_text("kept")
    return run


def names_in(run):
    return {path.name for path in run.iterdir()} - {"settings.json"}


def test_a_run_of_the_same_settings_is_kept(left):
    assert train.open_run(left, material(), TINY, SMALL, 0) == left
    assert names_in(left) == {"folds_0_0.npz", "all.pt", "notes.txt"}


@pytest.mark.parametrize(
    "changed",
    [
        {"seed": 1},
        {"recipe": replace(TINY, epochs=3)},
        {"recipe": replace(TINY, set_aside=3)},
        {"network": replace(SMALL, hidden=5)},
        {"material": material(101.0)},
    ],
)
def test_what_a_run_of_other_settings_left_is_cleared(left, changed):
    given = {"material": material(), "recipe": TINY, "network": SMALL, "seed": 0}
    train.open_run(left, **given | changed)
    assert names_in(left) == {"notes.txt"}
    (left / "all.pt").touch()
    train.open_run(left, **given | changed)
    assert names_in(left) == {"all.pt", "notes.txt"}


def test_cross_validation_keeps_nothing_it_was_not_asked_to(monkeypatch, tmp_path):
    runs, found = [], made_up(people=20)
    monkeypatch.setattr(train, "prepare_material", lambda *_: material())
    monkeypatch.setattr(train, "run_experiment", lambda *given: runs.append(Path(given[4])) or found)
    assert train.cross_validate({}, device="cpu") is found
    assert not runs[0].exists()
    assert train.cross_validate({}, device="cpu", run=tmp_path / "run") is found
    assert (tmp_path / "run" / "settings.json").is_file()
