"""Several processes at one fit: together they learn what one would."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from bpdemo.weights.store import load_weights
from tests.support.made_up_maps import make_rows, write_maps
from tests.support.serve_app import ROOT

pytestmark = pytest.mark.slow

# Each process notes what it saw of each part that is asked for, as starting processes takes longer than the fits.
SCRIPT = """
import json, sys
from pathlib import Path
import numpy as np
import torch
from bpdemo.models import pressure_model
from bpdemo.models.config import BeatsConfig, NetworkConfig, PaperConfig
from bpdemo.training import fit as fitting
from bpdemo.training import pretrain
from bpdemo.training.loop import distributed_state
from bpdemo.training.map_waves import MapWaves
from bpdemo.training.pulse_fit import fit_pulse
from bpdemo.training.recipe import Recipe
from bpdemo.weights.start import load_start
from tests.support.pulse_maps import make_pulse_maps
from tests.support.small_dataset import make_dataset
from tests.support.small_pulse import Network, make_windows

folder, seed, parts = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
cpu = torch.device("cpu")

def noting(function, note):
    def noted(*given, **named):
        result = function(*given, **named)
        note(result, *given)
        return result
    return noted

def fit_pressures(frozen):
    steps = []
    loss_of = pressure_model.blood_pressure_loss
    note = lambda loss, prediction, pressures, *_: steps.append((loss.item(), len(pressures)))
    pressure_model.blood_pressure_loss = noting(loss_of, note)
    config = BeatsConfig(members=1, width=4, hidden=4, shape=2, features=4, dropout=0.0 if frozen else 0.2)
    recipe = Recipe(epochs=4, batch=9, set_aside=4, learning_rate=0.01)
    dataset = make_dataset(np.linspace(95, 165, 16), each=6)
    answers = fitting.fit(dataset, range(16), config, recipe, seed, cpu, title=None).set_aside
    return {"steps": steps, "aside": np.abs(answers.value - answers.truth).mean(axis=0).tolist()}

def fit_one_pulse():
    seen = []
    Network.loss = noting(Network.loss, lambda loss, network, crops, *_: seen.append(crops.mean().item()))
    torch.manual_seed(0)
    network, windows = Network(NetworkConfig()), make_windows()
    fit_pulse(network, windows, np.ones(len(windows.crop), bool), 1, 0, cpu, None, None, lambda _: None)
    return {"seen": seen, "weight": network.weigh.weight.tolist()}

def teach(method):
    steps, forward = [], MapWaves.forward
    MapWaves.forward = noting(forward, lambda loss, _, windows, *__: steps.append((loss.item(), len(windows.rate_hz))))
    pretrain.read_windows = lambda *_, **__: make_pulse_maps(people=6)
    recipe = pretrain.PretrainRecipe(epochs=2, batch=4, learning_rate=0.02, set_aside=3)
    network = PaperConfig(blocks=(1,), widths=(4,), hidden=4)
    pretrain.pretrain(folder / method, method=method, model="paper", network=network, device="cpu", recipe=recipe)
    MapWaves.forward = forward
    return {"steps": steps, "weight": load_start(folder / method).tensors["stem.0.weight"].flatten().tolist()}

if "free" not in parts:  # what depends on which windows are beside each other
    for norm in (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d):
        norm.train = lambda self, mode=True: torch.nn.Module.train(self, False)
found = {}
for part in parts:
    if part in ("frozen", "free"):
        found[part] = fit_pressures(part == "frozen")
    else:
        found[part] = fit_one_pulse() if part == "pulse" else teach(part)
(folder / f"{distributed_state(cpu).process_index}.json").write_text(json.dumps(found))
"""
PARTS = ("frozen", "pulse", "contrast-phys", "yue")

TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
# With --cpu it starts one process, whatever their number (accelerate 1.x); this way it is torchrun underneath.
ACCELERATE = (sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2")


def launch(command, cwd):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    ran = subprocess.run(list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    return ran


def fit(folder, launcher, *parts, seed=3):
    """What each process has noted of each part."""
    folder.mkdir()
    (folder / "script.py").write_text(SCRIPT)
    launch((*launcher, folder / "script.py", folder, seed, *parts), folder)
    return [json.loads(path.read_text()) for path in sorted(folder.glob("?.json"))]


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """What a process by itself has noted."""
    (noted,) = fit(tmp_path_factory.mktemp("shared") / "one", (sys.executable,), *PARTS)
    return noted


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """What each of two processes at the same fits has noted."""
    noted = fit(tmp_path_factory.mktemp("shared") / "two", ACCELERATE, *PARTS)
    assert len(noted) == 2
    return noted


def test_two_processes_see_the_losses_of_one(one, two):
    """The same batches, in unequal shares of nine windows."""
    loss, count = np.array([process["frozen"]["steps"] for process in two]).transpose(2, 0, 1)
    assert count.sum(axis=0).tolist() == [9] * len(one["frozen"]["steps"])
    assert sorted(count[:, 0].tolist()) == [4, 5]
    together = (loss * count).sum(axis=0) / 9
    assert together == pytest.approx([step[0] for step in one["frozen"]["steps"]], abs=1e-5)
    for process in two:
        assert process["frozen"]["aside"] == pytest.approx(one["frozen"]["aside"], rel=1e-5)


def test_two_processes_fit_one_pulse_network_on_clips_of_their_own(two):
    first, second = (process["pulse"] for process in two)
    assert first["weight"] == second["weight"]
    assert len(first["seen"]) == len(second["seen"]) > 0
    assert not set(first["seen"]) & set(second["seen"])


@pytest.mark.parametrize("method", ["contrast-phys", "yue"])
def test_two_that_pretrain_see_the_losses_of_one_and_learn_the_same(one, two, method):
    """Waves are contrasted with those of the other process, too."""
    expected, whole = np.array(one[method]["steps"]).T
    assert (whole == 4).all()
    for process in two:
        losses, share = np.array(process[method]["steps"]).T
        assert (share == 2).all()
        assert losses == pytest.approx(expected, abs=1e-4)
        assert process[method]["weight"] == pytest.approx(one[method]["weight"], abs=1e-3)


@pytest.mark.exhaustive
def test_with_norms_and_dropout_two_processes_differ_from_one_by_no_more_than_seeds_do(tmp_path):
    seeds = [
        fit(tmp_path / f"seed{seed}", (sys.executable,), "free", seed=seed)[0]["free"]["aside"][0]
        for seed in range(3, 6)
    ]
    both = fit(tmp_path / "two", TORCHRUN, "free")
    assert abs(both[0]["free"]["aside"][0] - seeds[0]) < np.ptp(seeds)


@pytest.mark.exhaustive
def test_weights_are_trained_by_accelerate_launch(tmp_path):
    maps = write_maps(tmp_path / "maps", make_rows(people=10))
    command = ("-m", "bpdemo", "train", "--maps", maps, "--output", "weights", "--device", "cpu")
    launch((*ACCELERATE, *command), tmp_path)
    config = load_weights(tmp_path / "weights", device="cpu").config
    assert config.training.people == 10
    assert config.provenance.command == "bpdemo train --maps MAPS --seed 0 --output weights"
