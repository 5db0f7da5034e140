"""The commands that train and score, in this process."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from bpdemo.cli import app
from bpdemo.errors import BpdemoError
from bpdemo.models import find_model
from bpdemo.models.config import BeatsConfig
from bpdemo.training import evaluate as evaluation
from bpdemo.training import evaluate_protocol, loop
from bpdemo.training import train as training
from tests.support.made_up import results, results_elsewhere
from tests.support.made_up_maps import make_rows, write_maps
from tests.support.small_weights import write_small

pytestmark = pytest.mark.slow


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


BEATS = {"model": "beats", "network": BeatsConfig()}
DEFAULTS = BEATS | {"maps": [], "seed": 0, "run": None, "device": "auto", "unseen": {}, "start": None}


class Recorder:
    def __init__(self, answer=None):
        self.answer, self.given = answer, None

    def __call__(self, *positional, **named):
        self.given = positional, named
        return self.answer


@pytest.fixture
def trained(monkeypatch):
    recorder = Recorder()
    monkeypatch.setattr(training, "train", recorder)
    return recorder


def test_train_passes_its_options_on(trained):
    data = ("--data", "ppg_bp=a", "--data", "ours=b/c=d")
    ran = run("train", *data, "--unseen", "mw_ppg=e", "--seed", 4, "--run", "r", "--output", "w")
    assert ran.exit_code == 0, ran.output
    (sets, output), named = trained.given
    assert sets == {"ppg_bp": Path("a"), "ours": Path("b/c=d")}
    assert output == Path("w")
    unseen = {"mw_ppg": Path("e")}
    assert named == DEFAULTS | {"seed": 4, "run": Path("r"), "unseen": unseen}


def test_train_has_defaults(trained):
    assert run("train", "--data", "ppg_bp=a", "--output", "w").exit_code == 0
    assert trained.given[1] == DEFAULTS


def test_train_takes_maps_and_a_model(trained):
    assert run("train", "--maps", "a", "--maps", "b/c@main", "--model", "beats", "--output", "w").exit_code == 0
    assert trained.given == (({}, Path("w")), DEFAULTS | {"maps": ["a", "b/c@main"]})


@pytest.mark.parametrize(
    ("options", "size"), [((), "full"), (("--size", "full"), "full"), (("--size", "small"), "small")]
)
def test_train_takes_a_size(trained, options, size):
    assert run("train", "--data", "ppg_bp=a", "--model", "paper", *options, "--output", "w").exit_code == 0
    assert trained.given[1] == DEFAULTS | {"model": "paper", "network": find_model("paper").size(size)}


@pytest.mark.parametrize("options", [("--size", "small"), ("--model", "beats", "--size", "full")])
def test_a_model_of_one_size_takes_none(trained, options):
    assert run("train", "--data", "ppg_bp=a", *options, "--output", "w").exception.code == "size_unknown"
    assert trained.given is None


@pytest.mark.parametrize("entry", ["ppg_bp", "=a", "ppg_bp="])
@pytest.mark.parametrize("option", ["--data", "--unseen"])
def test_a_set_without_name_or_folder_is_refused(trained, option, entry):
    ran = run("train", "--data", "ppg_bp=a", option, entry, "--output", "w")
    assert isinstance(ran.exception, BpdemoError)
    assert ran.exception.code == "data_invalid"
    assert trained.given is None


def test_train_needs_data_and_output(trained):
    assert run("train", "--data", "ppg_bp=a").exit_code == 2
    assert run("train", "--output", "w").exception.code == "data_missing"
    assert run("evaluate", "--device", "cpu").exception.code == "data_missing"
    assert trained.given is None


@pytest.fixture(scope="module")
def scored(ppg_bp, tmp_path_factory):
    """What evaluate prints of small weights, as JSON, and the folder it writes."""
    folder = tmp_path_factory.mktemp("scored")
    write_small(folder / "weights")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "RENDERINGS", 1)
        where = ("--data", f"ppg_bp={ppg_bp}", "--weights", folder / "weights", "--output", folder / "report")
        ran = run("evaluate", *where, "--device", "cpu", "--json")
    assert ran.exit_code == 0, ran.output
    return ran, folder / "report"


def test_json_is_one_object_and_nothing_else(scored):
    ran, _ = scored
    printed = json.loads(ran.stdout)
    assert (printed["dataset"], printed["people"], printed["seen_in_training"]) == ("ppg_bp", 6, 0)
    assert list(printed["qualities"]) == ["strong", "standard", "poor"]
    assert "Traceback" not in ran.stderr


def test_output_holds_the_same_with_tables_and_pictures(scored):
    ran, folder = scored
    assert json.loads((folder / "evidence.json").read_text()) == json.loads(ran.stdout)
    assert "| systolic |" in (folder / "tables.md").read_text()
    assert all(path.stat().st_size for path in folder.glob("evidence/*.png"))


def test_without_json_tables_are_printed(monkeypatch, tmp_path):
    write_small(tmp_path)
    monkeypatch.setattr(evaluation, "evaluate", Recorder(results_elsewhere()))
    ran = run("evaluate", "--data", "mw_ppg=a", "--weights", tmp_path, "--device", "cpu")
    assert ran.exit_code == 0, ran.output
    assert re.search(r"^\| systolic \|", ran.stdout, re.MULTILINE)


def test_of_several_processes_one_prints(monkeypatch, tmp_path):
    monkeypatch.setattr(training, "cross_validate", Recorder(results(people=20)))
    monkeypatch.setattr(loop, "distributed_state", lambda _: SimpleNamespace(is_main_process=False))
    ran = run("evaluate", "--cross-validate", "--data", "ppg_bp=a", "--device", "cpu", "--output", tmp_path / "out")
    assert ran.exit_code == 0, ran.output
    assert ran.stdout == ""
    assert not (tmp_path / "out").exists()


def test_cross_validate_trains_and_loads_no_weights(monkeypatch, tmp_path):
    recorder = Recorder(results(people=20))
    monkeypatch.setattr(training, "cross_validate", recorder)
    options = ("--cross-validate", "--seed", 2, "--run", "r", "--output", tmp_path / "out", "--json")
    ran = run("evaluate", "--data", "ppg_bp=a", "--weights", "nowhere", *options)
    assert ran.exit_code == 0, ran.output
    given = BEATS | {"maps": [], "seed": 2, "run": Path("r"), "device": "auto", "start": None}
    assert recorder.given == (({"ppg_bp": Path("a")},), given)
    assert json.loads(ran.stdout) == results(people=20).to_json()
    assert "folds" in json.loads((tmp_path / "out" / "evidence.json").read_text())
    assert (tmp_path / "out" / "tables.md").stat().st_size > 1000


@pytest.fixture
def maps(tmp_path):
    return write_maps(tmp_path / "maps", make_rows(people=6))


def test_maps_are_scored_and_their_tables_printed(maps, small_weights):
    ran = run("evaluate", "--maps", maps, "--weights", small_weights, "--device", "cpu")
    assert ran.exit_code == 0, ran.output
    assert re.search(r"^\| systolic \| person \| 6 \|", ran.stdout, re.MULTILINE)
    assert re.search(r"^\| task \| T2 \| 6 \| 6 \| diastolic \|", ran.stdout, re.MULTILINE)


def test_a_protocol_is_run_with_the_weights_it_is_given(maps, small_weights):
    options = ("--protocol", "zhuang-mmse-hr", "--weights", small_weights, "--device", "cpu")
    ran = run("evaluate", "--maps", maps, *options, "--json")
    assert ran.exit_code == 0, ran.output
    found = json.loads(ran.stdout)["protocol"]
    assert (found["name"], found["lines"][0]["windows"], len(found["folds"][0])) == ("zhuang-mmse-hr", 24, 6)
    printed = run("evaluate", "--maps", maps, *options).stdout
    assert re.search(r"^\| Zhuang et al\..* \| 12\.35 \|", printed, re.MULTILINE)


def test_a_protocol_with_folds_trains_what_is_named(monkeypatch, tmp_path):
    recorder = Recorder(results(people=20))
    monkeypatch.setattr(evaluate_protocol, "evaluate_folds", recorder)
    options = ("--model", "beats", "--seed", 3, "--run", "r", "--device", "cpu")
    ran = run("evaluate", "--maps", "a", "--protocol", "mcd-rppg-5fold", *options)
    assert ran.exit_code == 0, ran.output
    (protocol, sets, sources), named = recorder.given
    assert (protocol.name, sets, sources) == ("mcd-rppg-5fold", {}, ["a"])
    assert named == BEATS | {"seed": 3, "run": Path("r"), "device": "cpu", "start": None}


@pytest.mark.parametrize(
    "options",
    [
        ("--protocol", "hwang-v4v", "--weights", "w"),
        ("--protocol", "hwang-v4v", "--cross-validate"),
        ("--protocol", "zhuang-mmse-hr", "--model", "beats"),
        ("--weights", "w", "--model", "beats"),
        ("--weights", "w", "--size", "small"),
    ],
)
def test_options_that_contradict_each_other_are_refused(options):
    assert run("evaluate", "--maps", "a", *options).exception.code == "options_conflict"


def test_an_unknown_protocol_or_model_is_refused(tmp_path):
    assert run("evaluate", "--maps", "a", "--protocol", "mine").exception.code == "protocol_unknown"
    ran = run("train", "--maps", "a", "--model", "mine", "--output", tmp_path / "w", "--device", "cpu")
    assert ran.exception.code == "model_unknown"
