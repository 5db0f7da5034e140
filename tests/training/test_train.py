"""From a small data set to a weights folder, the trial included."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.svm import SVR

from bpdemo.errors import DataError
from bpdemo.models.beats import NetworkConfig
from bpdemo.training import baselines, train, trial
from bpdemo.training import evaluate as evaluation
from bpdemo.training.fit import OVERSAMPLING, Recipe
from bpdemo.training.model_names import HEART_RATE, MEAN, PERMUTED, RECOVERED, ROWS_ONLY, SHUFFLED
from bpdemo.training.results import SCHEMA, brief
from bpdemo.training.trial import Material
from bpdemo.weights.store import load_weights
from experiments.transfer import AS_SHIPPED, CHANNELS, POLARITY, RESEEDED, ROWS, SENSOR
from experiments.unseen import SHRUNK
from tests.support.made_up import make
from tests.support.small_slices import made_slices
from tests.support.small_tables import write_mw_ppg

TINY = Recipe(qualities=("standard",), cycles=2, epochs=2, folds=2, repetitions=1, test_renderings=1, batch=4)
SMALL = NetworkConfig(members=2, stem_width=2, width=4, hidden=4)


@pytest.fixture(scope="module", autouse=True)
def few_settings():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(baselines, "SUPPORT_VECTORS", (SVR(epsilon=2.0), {"C": [10.0], "gamma": [0.3]}))
        patch.setattr(evaluation, "RENDERINGS", 1)
        yield


@pytest.fixture(scope="module")
def trained(ppg_bp, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    (folder / "mw_ppg").mkdir()
    config = train.train(
        {"ppg_bp": ppg_bp},
        folder / "weights",
        seed=3,
        device="cpu",
        unseen={"mw_ppg": write_mw_ppg(folder / "mw_ppg", people=3)},
        recipe=TINY,
        network=SMALL,
    )
    return folder, config, json.loads((folder / "weights" / "evidence.json").read_text())


def test_training_gives_weights_the_demo_loads(trained):
    folder, config, _ = trained
    loaded = load_weights(folder / "weights", device="cpu")
    assert loaded.config == config
    assert loaded.network.config == SMALL
    assert config["training"]["people"] == 6
    assert config["training"]["maps"] == 12
    assert config["training"]["names"] == [f"ppg_bp:{2 + 3 * i}" for i in range(6)]
    assert config["training"]["systolic"]["mean"] == pytest.approx(145.0)
    assert config["training"]["recipe"] == TINY.to_dict()
    assert config["intervals"]["systolic"] > 0
    assert loaded.provenance["seed"] == 3
    assert "Scientific Data" in loaded.provenance["citation"]
    assert "finger pulses" in loaded.provenance["statement"]


def test_people_outside_the_ranges_are_counted_not_dropped(trained):
    assert trained[1]["training"]["systolic"]["outside_ranges"] == 1  # 185 mmHg
    assert trained[1]["training"]["people"] == 6


def test_the_evidence_holds_network_models_controls_and_other_data(trained):
    _, config, results = trained
    assert (results["schema"], results["folds"], results["seeds"]) == (SCHEMA, 2, [3])
    assert {MEAN, HEART_RATE, RECOVERED} <= set(results["models"])
    names = (SHUFFLED, ROWS_ONLY, PERMUTED)
    assert set(results["controls"]) == {f"{who}, {name}" for who in ("network", "recovered beat") for name in names}
    assert list(results["other_data"]) == ["mw_ppg"]
    assert results["out_of_distribution"]["rows"]
    for quality in ("strong", "standard", "poor"):
        for pressure in ("systolic", "diastolic"):
            figures = results["qualities"][quality][pressure]
            assert figures["predictions"] == figures["people"] == 6
            assert config["validation"]["qualities"][quality][pressure]["mae"] == figures["mae"]
            # The network and the training mean beside it answered for the same people, split alike.
            assert results["models"][MEAN][quality][pressure]["mae"] == pytest.approx(figures["baseline_mae"], abs=1e-3)


def test_where_nothing_was_tried_nothing_is_said_of_it(trained):
    folder, _, results = trained
    assert "across" not in results
    assert "What helped across data sets" not in (folder / "weights" / "README.md").read_text()


def test_variants_and_other_data_together_tell_what_helped(trained, ppg_bp, tmp_path, monkeypatch):
    folder, _, plain = trained
    shutil.copytree(folder / "weights.run", tmp_path / "run")  # the folds and the fit on all are there
    monkeypatch.setattr(train, "study", lambda *_: {})
    train.train(
        {"ppg_bp": ppg_bp},
        tmp_path / "weights",
        seed=3,
        run=tmp_path / "run",
        device="cpu",
        unseen={"mw_ppg": folder / "mw_ppg"},
        variants=True,
        recipe=TINY,
        network=SMALL,
    )
    results = json.loads((tmp_path / "weights" / "evidence.json").read_text())
    assert results["other_data"] == plain["other_data"]
    assert set(results["across"]["upright"]) == {"training", "mw_ppg"}
    rows = {row["what"]: row["qualities"] for row in results["across"]["data"]["mw_ppg"]["rows"]}
    assert list(rows) == [AS_SHIPPED, *RESEEDED, SENSOR, POLARITY, CHANNELS, ROWS, SHRUNK]
    for quality in ("strong", "standard", "poor"):
        for pressure in ("systolic", "diastolic"):
            shipped = plain["other_data"]["mw_ppg"][AS_SHIPPED]["qualities"][quality][pressure]
            assert rows[AS_SHIPPED][quality][pressure]["mae"] == shipped["mae"]
    assert len({str(rows[name]) for name in rows if name != SHRUNK}) == len(rows) - 1
    card = (tmp_path / "weights" / "README.md").read_text()
    assert "### What helped across data sets" in card
    assert all(f"| {name} | systolic |" in card for name in rows)


def test_what_is_wrong_with_other_data_is_told_before_any_work(ppg_bp, tmp_path, monkeypatch):
    monkeypatch.setattr(train, "make_ready", lambda *_: pytest.fail("work"))
    with pytest.raises(DataError) as caught:
        train.train({"ppg_bp": ppg_bp}, tmp_path / "weights", unseen={"mw_ppg": tmp_path / "nowhere"}, device="cpu")
    assert caught.value.code == "data_missing"


def test_the_card_and_its_pictures_are_there(trained):
    folder, config, _ = trained
    card = (folder / "weights" / "README.md").read_text()
    pictures = sorted(path.name for path in (folder / "weights" / "evidence").glob("*.png"))
    assert pictures
    assert all(f"evidence/{name}" in card for name in pictures)
    assert config["provenance"]["command"] in card
    assert "mw_ppg" in card


def test_a_finished_run_fits_nothing_again_and_gives_the_same(trained, ppg_bp, monkeypatch, tmp_path):
    folder, config, results = trained
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda *_: pytest.fail("fitted again"))
    again = train.train(
        {"ppg_bp": ppg_bp},
        tmp_path / "weights",
        seed=3,
        run=folder / "weights.run",
        device="cpu",
        recipe=TINY,
        network=SMALL,
    )
    for part in (again, config):  # the second was not scored on other data
        assert part["provenance"]["command"].count("--unseen mw_ppg=DIR") == (part is config)
    without = [{k: v for k, v in part.items() if k != "provenance"} for part in (again, config)]
    assert without[0] == without[1]
    first, second = (path / "weights" / "model.safetensors" for path in (folder, tmp_path))
    assert first.read_bytes() == second.read_bytes()
    evidence = json.loads((tmp_path / "weights" / "evidence.json").read_text())
    assert evidence == {k: v for k, v in results.items() if k not in ("other_data", "out_of_distribution")}


def material(pressure=100.0):
    slices = made_slices([pressure, 110, 120, 130, 140, 150], each=7)
    tests = replace(slices, quality=np.full(len(slices.person), "standard"))
    return Material("made", None, None, slices, tests, 0, None, None)


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
        {"recipe": replace(TINY, loss=replace(TINY.loss, value=0.5))},
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


def test_every_variant_changes_one_thing(monkeypatch, tmp_path):
    seen = {}

    def note(slices, tests, config, recipe, seed, run, device, *, title, **more):
        assert title not in seen
        seen[title] = (slices, config, recipe, more)
        noise = {"wide": 0.2, "folds": 0.1}.get(title, 0.5)
        return make(people=30, splits=1, noise=noise, seed=title == "other_seed")

    monkeypatch.setattr(trial, "cross_validate", note)
    given = material()
    found = trial.study(given, SMALL, replace(TINY, repetitions=2), 0, tmp_path, torch.device("cpu"))
    _, alone, plain, _ = seen["variant"]
    assert (alone, plain) == (replace(SMALL, members=1), TINY)
    changes = {
        title: (
            [k for k, v in vars(recipe).items() if v != vars(plain)[k]]
            + [k for k, v in vars(config).items() if v != vars(alone)[k]]
            + list(more)
            + ["slices"] * (slices is not given.slices)
        )
        for title, (slices, config, recipe, more) in seen.items()
    }
    for how in OVERSAMPLING[1:]:
        assert changes.pop(f"oversampling_{how}") == ["oversampling"]
        assert seen[f"oversampling_{how}"][2].oversampling == how
    assert changes.pop("variant") == []
    assert changes.pop("wide") == ["width"]
    assert changes.pop("other_seed") == ["fit_seed"]
    assert changes.pop("few") == ["slices"]  # 6 maps instead of 7 make no whole epoch more
    assert changes.pop("folds") == ["members"]  # what was examined, so that nothing is fitted again
    assert all(changed == ["loss"] for changed in changes.values())
    losses = [seen[title][2].loss for title in changes]
    assert len(set(map(str, losses))) == len(losses) == len(trial.LOSSES) - 1
    few, *_ = seen["few"]
    assert np.bincount(few.person).tolist() == [6] * 6
    assert list(found["oversampling"]) == list(OVERSAMPLING)
    assert list(found["loss"]) == list(trial.LOSSES)
    verdicts = {row["what"]: row["verdict"] for row in found["tried"]}
    assert verdicts.pop("one member of twice the width") == "better"
    assert verdicts.pop("one member, a quarter of the renderings") == "no difference beyond chance"
    plain, reseeded = found["tried"][:2]
    chance = abs(plain["systolic"]["mae"] - reseeded["systolic"]["mae"])
    assert chance > 0
    said = verdicts.pop("the same, another seed of the fit")
    assert said == f"by chance alone fits differ by {chance:.1f} mmHg"
    several = brief(make(people=30, splits=1, noise=0.1))["systolic"]["mae"]
    assert verdicts == {"one member instead of several": f"worse (2 members on the same folds: {several:.2f})"}


def test_cross_validation_keeps_nothing_it_was_not_asked_to(monkeypatch, tmp_path):
    runs = []
    monkeypatch.setattr(train, "make_ready", lambda *_: material())
    monkeypatch.setattr(train, "examine", lambda *given: runs.append(given[4]) or {"examined": True})
    monkeypatch.setattr(train, "study", lambda *_: {"studied": True})
    assert train.cross_validate({}, device="cpu") == {"examined": True}
    assert not runs[0].exists()
    both = train.cross_validate({}, device="cpu", run=tmp_path / "run", variants=True)
    assert both == {"examined": True, "studied": True}
    assert (tmp_path / "run" / "settings.json").is_file()
