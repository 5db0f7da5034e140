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

SCRIPT = """
import json, sys
from pathlib import Path
import numpy as np
import torch
from bpdemo.models.config import BeatsConfig
from bpdemo.training import fit as fitting
from bpdemo.models import pressure_model
from bpdemo.training.recipe import Recipe
from tests.support.small_dataset import make_dataset

folder, frozen, seed = Path(sys.argv[1]), sys.argv[2] == "frozen", int(sys.argv[3])
steps = []
loss_of = pressure_model.blood_pressure_loss

def note_loss(prediction, pressures, *given, **named):
    loss = loss_of(prediction, pressures, *given, **named)
    steps.append((loss.item(), len(pressures)))
    return loss

pressure_model.blood_pressure_loss = note_loss
if frozen:  # what depends on which windows are beside each other
    torch.nn.BatchNorm1d.train = lambda self, mode=True: torch.nn.Module.train(self, False)
config = BeatsConfig(members=1, width=4, hidden=4, shape=2, features=4, dropout=0.0 if frozen else 0.2)
recipe = Recipe(epochs=4, batch=9, set_aside=4, learning_rate=0.01)
dataset = make_dataset(np.linspace(95, 165, 16), each=6)
answers = fitting.fit(dataset, range(16), config, recipe, seed, torch.device("cpu"), title=None).set_aside
aside = np.abs(answers.value - answers.truth).mean(axis=0).tolist()
number = fitting.distributed_state(torch.device("cpu")).process_index
(folder / f"{number}.json").write_text(json.dumps({"steps": steps, "aside": aside}))
"""

TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
# With --cpu it starts one process, whatever their number (accelerate 1.x); this way it is torchrun underneath.
ACCELERATE = (sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2")


def launch(command, cwd):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    ran = subprocess.run(list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    return ran


def fit(folder, launcher, how, seed=3):
    """What each process has noted of one fit."""
    folder.mkdir()
    (folder / "script.py").write_text(SCRIPT)
    launch((*launcher, folder / "script.py", folder, how, seed), folder)
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]


def test_two_processes_see_the_losses_of_one(tmp_path):
    """The same batches, in unequal shares of nine windows."""
    (one,) = fit(tmp_path / "one", (sys.executable,), "frozen")
    both = fit(tmp_path / "two", ACCELERATE, "frozen")
    assert len(both) == 2
    loss, count = np.array([process["steps"] for process in both]).transpose(2, 0, 1)
    assert count.sum(axis=0).tolist() == [9] * len(one["steps"])
    assert sorted(count[:, 0].tolist()) == [4, 5]
    together = (loss * count).sum(axis=0) / 9
    assert together == pytest.approx([step[0] for step in one["steps"]], abs=1e-5)
    for process in both:
        assert process["aside"] == pytest.approx(one["aside"], rel=1e-5)


@pytest.mark.exhaustive
def test_with_norms_and_dropout_two_processes_differ_from_one_by_no_more_than_seeds_do(tmp_path):
    seeds = [fit(tmp_path / f"seed{seed}", (sys.executable,), "free", seed)[0]["aside"][0] for seed in range(3, 6)]
    both = fit(tmp_path / "two", TORCHRUN, "free")
    assert abs(both[0]["aside"][0] - seeds[0]) < np.ptp(seeds)


@pytest.mark.exhaustive
def test_weights_are_trained_by_accelerate_launch(tmp_path):
    maps = write_maps(tmp_path / "maps", make_rows(people=10))
    command = ("-m", "bpdemo", "train", "--maps", maps, "--output", "weights", "--device", "cpu")
    launch((*ACCELERATE, *command), tmp_path)
    config = load_weights(tmp_path / "weights", device="cpu").config
    assert config.training.people == 10
    assert config.provenance.command == "bpdemo train --maps MAPS --seed 0 --output weights"


PULSE_SCRIPT = """
import json, sys
from pathlib import Path
import numpy as np
import torch
from bpdemo.models.config import NetworkConfig
from bpdemo.training.loop import distributed_state
from bpdemo.training.pulse_fit import fit_pulse
from tests.support.small_pulse import Network, make_windows

seen, loss_of = [], Network.loss

def note(self, crops, contact, rng):
    seen.append(crops.mean().item())
    return loss_of(self, crops, contact, rng)

Network.loss = note
torch.manual_seed(0)
network, windows, cpu = Network(NetworkConfig()), make_windows(), torch.device("cpu")
fit_pulse(network, windows, np.ones(len(windows.crop), bool), 1, 0, cpu, None, None, lambda _: None)
index = distributed_state(cpu).process_index
said = {"weights": network.weigh.weight.tolist(), "seen": seen}
(Path(sys.argv[1]) / f"{index}.json").write_text(json.dumps(said))
"""


def test_two_processes_fit_one_pulse_network_on_clips_of_their_own(tmp_path):
    (tmp_path / "script.py").write_text(PULSE_SCRIPT)
    launch((*TORCHRUN, tmp_path / "script.py", tmp_path), tmp_path)
    one, other = (json.loads((tmp_path / f"{index}.json").read_text()) for index in (0, 1))
    assert one["weights"] == other["weights"]
    assert len(one["seen"]) == len(other["seen"]) > 0
    assert not set(one["seen"]) & set(other["seen"])
