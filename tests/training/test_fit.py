import copy
import dataclasses

import numpy as np
import pytest
import torch

from bpdemo.network import NetworkConfig
from bpdemo.stmap import MIN_COLUMNS
from bpdemo.training import describe
from bpdemo.training import evaluate as evaluation
from bpdemo.training import fit as fitting
from bpdemo.training.card import write_card
from bpdemo.training.datasets import load_people
from bpdemo.training.evaluate import evaluate
from bpdemo.training.fit import Recipe, augment, fit, train
from bpdemo.training.map_set import MapSet, keep_usable, render_set
from bpdemo.weights import load_weights

TINY = Recipe(qualities=("standard",), cycles=2, epochs=2, batch=4, folds=2)


@pytest.fixture(scope="module", autouse=True)
def few_renderings():
    with pytest.MonkeyPatch.context() as patch:
        for module in (fitting, evaluation, describe):
            patch.setattr(module, "RENDERINGS", 1)
        yield


@pytest.fixture(scope="module")
def trained(ppg_bp, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    config = train({"ppg_bp": ppg_bp}, folder / "weights", seed=3, run=folder / "run", device="cpu", recipe=TINY)
    return folder, config


def test_training_gives_weights_the_demo_loads(trained):
    folder, config = trained
    loaded = load_weights(folder / "weights", device="cpu")
    assert loaded.config == config
    assert loaded.config["training"]["people"] == 6
    assert loaded.config["training"]["systolic"]["mean"] == pytest.approx(145.0)
    assert loaded.config["intervals"]["systolic"] > 0
    assert loaded.provenance["seed"] == 3
    assert "Scientific Data" in loaded.provenance["citation"]
    assert "finger pulses" in loaded.provenance["statement"]


def test_people_outside_the_ranges_are_counted_not_dropped(trained):
    _, config = trained
    assert config["training"]["systolic"]["outside_ranges"] == 1  # 185 mmHg
    assert config["training"]["people"] == 6


def test_the_card_says_what_the_config_says(trained):
    folder, config = trained
    card = (folder / "weights" / "README.md").read_text()
    assert card.startswith("---\nlicense: apache-2.0\n")
    assert "not a medical device" in card
    for quality in ("strong", "standard", "poor"):
        figures = config["validation"]["qualities"][quality]["systolic"]
        assert f"| systolic | {quality} | {figures['mae']:.1f} | {figures['baseline_mae']:.1f} |" in card
    for said in (config["provenance"]["command"], config["provenance"]["commit"], config["provenance"]["citation"]):
        assert said in card
    for diagnosis in ("hypertens", "diagnos", "normal", "high pressure"):
        assert diagnosis not in card.lower()


def test_the_card_does_not_praise_what_is_no_better_than_the_mean(trained):
    _, config = trained
    better, worse = (copy.deepcopy(config) for _ in range(2))
    for changed, mae in ((better, 5.0), (worse, 11.9)):
        figures = changed["validation"]["qualities"]["standard"]["diastolic"]
        figures |= {"mae": mae, "baseline_mae": 12.0}
    assert "diastolic value is 7.0 mmHg nearer" in write_card(better)
    assert "diastolic value is hardly or not at all better" in write_card(worse)


def test_evaluation_names_people_seen_in_training(trained, ppg_bp):
    folder, _ = trained
    loaded = load_weights(folder / "weights", device="cpu")
    report = evaluate(loaded, {"ppg_bp": ppg_bp})
    assert report["dataset"] == "ppg_bp"
    assert report["people"] == report["seen_in_training"] == 6
    for quality in ("strong", "standard", "poor"):
        for pressure in ("systolic", "diastolic"):
            assert {"mae", "rmse", "r", "baseline_mae", "coverage"} <= set(report["qualities"][quality][pressure])


def test_a_finished_run_is_taken_up_and_gives_the_same(trained, ppg_bp, monkeypatch):
    folder, config = trained
    before = (folder / "weights" / "model.safetensors").read_bytes()
    kept = [path for path in (folder / "run").iterdir() if path.name.startswith("fold_")]
    assert len(kept) == 2
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda *_: pytest.fail("fitted again"))
    again = train({"ppg_bp": ppg_bp}, folder / "weights", seed=3, run=folder / "run", device="cpu", recipe=TINY)
    assert again == config
    assert (folder / "weights" / "model.safetensors").read_bytes() == before


def small_set(people: int = 6, each: int = 6) -> MapSet:
    """Maps of noise, with a tone in T whose strength in Y follows the person's pressure."""
    rng = np.random.default_rng(0)

    @dataclasses.dataclass(frozen=True)
    class Somebody:
        name: str
        systolic: float
        diastolic: float

    who = [Somebody(f"p:{i}", 100.0 + 12 * i, 60.0 + 5 * i) for i in range(people)]
    person = np.repeat(np.arange(people), each)
    values = 0.2 * rng.standard_normal((people * each, 4, 5, 300))
    tone = np.sin(2 * np.pi * 1.2 * np.arange(300) / 30 + rng.uniform(0, 6, (people * each, 1)))
    values[:, 3] += tone[:, None]
    values[:, 0] += (0.3 * person)[:, None, None] * tone[:, None]
    mask = np.ones((people * each, 5, 300), bool)
    return MapSet(values.astype(np.float16), mask, person, np.full(people * each, "standard"), tuple(who))


def test_a_stopped_fit_goes_on_to_the_same_weights(tmp_path, monkeypatch):
    maps, config, recipe = small_set(), NetworkConfig(cells=5), dataclasses.replace(TINY, epochs=3)
    through = fit(maps, range(6), config, recipe, 1, torch.device("cpu"))
    saved = fitting._save

    def save_and_stop(checkpoint, parts, rng, epoch):
        saved(checkpoint, parts, rng, epoch)
        if epoch == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(fitting, "_save", save_and_stop)
    with pytest.raises(KeyboardInterrupt):
        fit(maps, range(6), config, recipe, 1, torch.device("cpu"), checkpoint=tmp_path / "fit.pt")
    monkeypatch.setattr(fitting, "_save", saved)
    resumed = fit(maps, range(6), config, recipe, 1, torch.device("cpu"), checkpoint=tmp_path / "fit.pt")
    for name, tensor in through.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], tensor, msg=name)


def test_a_fit_never_touches_other_peoples_maps():
    maps = small_set()
    spoiled = MapSet(maps.values.copy(), maps.mask, maps.person, maps.quality, maps.people)
    spoiled.values[np.isin(maps.person, (4, 5))] = np.nan
    config = NetworkConfig(cells=5)
    clean, other = (fit(m, [0, 1, 2, 3], config, TINY, 1, torch.device("cpu")) for m in (maps, spoiled))
    for name, tensor in clean.state_dict().items():
        torch.testing.assert_close(other.state_dict()[name], tensor, msg=name)


def test_a_fit_learns_what_is_there_to_learn():
    maps, config = small_set(), NetworkConfig(cells=5, dropout=0.0)
    recipe = dataclasses.replace(TINY, epochs=30, batch=12, average_decay=0.9)
    network = fit(maps, range(6), config, recipe, 0, torch.device("cpu"))
    predicted = fitting.predict(network, maps, np.arange(len(maps.person)), torch.device("cpu"))
    truth = maps.pressures[maps.person]
    for k in (0, 1):
        assert np.corrcoef(truth[:, k], predicted[:, k])[0, 1] > 0.8
        assert np.abs(predicted - truth)[:, k].mean() < 0.6 * np.abs(truth[:, k] - truth[:, k].mean()).mean()


def test_augmentation_only_hides_cuts_and_adds_noise():
    values, mask = torch.randn(8, 4, 6, 450), torch.ones(8, 6, 450, dtype=torch.bool)
    lengths = set()
    for seed in range(12):
        new, new_mask = augment(values.clone(), mask.clone(), np.random.default_rng(seed))
        length = new.shape[-1]
        lengths.add(length)
        assert MIN_COLUMNS <= length <= 450
        assert new_mask.shape == (8, 6, length)
        fits = [
            torch.corrcoef(torch.stack((new[0, 3, 0], part)))[0, 1] for part in values[0, 3, 0].unfold(0, length, 1)
        ]
        assert max(fits) > 0.9  # the same stretch of time, unstretched and not turned over
    assert len(lengths) > 3
    assert 450 in lengths


def test_renderings_depend_on_nobody_else(ppg_bp):
    people, left_out = keep_usable(load_people({"ppg_bp": ppg_bp}))
    assert left_out == 0
    both = render_set(people[:2], ("strong", "poor"), 0, "training")
    alone = render_set(people[1:2], ("strong", "poor"), 0, "training")
    other = render_set(people[1:2], ("strong", "poor"), 0, "evaluation")
    np.testing.assert_array_equal(both.values[both.of_people([1])], alone.values)
    assert not np.array_equal(alone.values, other.values)
    assert both.quality.tolist() == ["strong", "poor"] * 2
    assert np.isfinite(both.values).all()
