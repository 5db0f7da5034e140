"""The registry: parameters are counted, and a model of the pulse alone is kept out where pressures are wanted."""

import json

import pytest
from typer.testing import CliRunner

from bpdemo.cli import app
from bpdemo.demo.estimators import Estimators
from bpdemo.models import MODELS, find_model
from bpdemo.reporting.others import RESULTS
from bpdemo.training.results import load_results
from bpdemo.weights import embedded
from bpdemo.weights.config import parse_config
from bpdemo.weights.embedded import embedded_folder, embedded_models
from bpdemo.weights.store import load_weights
from tests.support.small_weights import code_of, write_small
from tests.support.stand_in import StandIn

PULSE_ALONE = ("contrast-phys", "yue")


def listed(*options):
    ran = CliRunner().invoke(app, ["models", *options])
    assert ran.exit_code == 0, ran.output
    return ran.stdout


def test_all_models_are_listed_with_their_parameters():
    found = {(each["name"], each["size"]): each for each in json.loads(listed("--json"))}
    assert {name for name, _ in found} == set(MODELS)
    assert {each["name"] for each in found.values() if each["weights"]} == set(embedded_models())
    for each in found.values():
        if each["weights"]:
            assert each["parameters"] == load_results(embedded_folder(each["name"]) / RESULTS).parameters
    assert (found["contrast-phys", "full"]["parameters"], found["yue", "full"]["weights"]) == (858_497, False)
    assert [found["paper", size]["default"] for size in ("full", "small")] == [True, False]
    rows = listed().splitlines()
    assert len(rows) == 2 + len(found)
    assert any(row.startswith("| bbp |  | map | pressures, values alone |") for row in rows)
    assert "| contrast-phys | full | frames | the pulse | 858,497 | no |" in rows


@pytest.mark.parametrize("name", MODELS)
def test_what_is_counted_is_what_is_built(name):
    model = find_model(name)
    for config in (model.sizes or {"": model.config()}).values():
        network = model.network(config) if model.gives == "pulse" else model.build(config)
        assert model.count_parameters(config) == sum(each.numel() for each in network.parameters())


@pytest.mark.parametrize("pulse", PULSE_ALONE)
def test_a_model_of_the_pulse_alone_is_kept_out_where_pressures_are_wanted(pulse, tmp_path, monkeypatch):
    monkeypatch.delenv("BPDEMO_WEIGHTS", raising=False)
    monkeypatch.setattr(embedded, "asset_folder", lambda name: tmp_path / name)
    write_small(tmp_path / "weights")
    (tmp_path / "weights" / pulse).mkdir()
    text = json.dumps({"bpdemo": "pulse-weights/1", "model": pulse})
    (tmp_path / "weights" / pulse / "config.json").write_text(text)
    assert embedded_models() == Estimators(StandIn()).names == ["beats"]
    model = find_model(pulse)
    for call, *arguments in (
        (model.build, model.config()),
        (embedded_folder, pulse),
        (load_weights, None, "cpu", pulse),
        (Estimators(StandIn()).get, pulse),
        (parse_config, text, "config.json"),
    ):
        assert code_of(call, *arguments) == "model_gives_pulse"
