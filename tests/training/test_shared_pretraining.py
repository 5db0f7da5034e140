"""Two processes that pretrain see the losses of one: waves are contrasted with those of the other process, too."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from tests.support.serve_app import ROOT

pytestmark = pytest.mark.slow

SCRIPT = """
import json, sys
from pathlib import Path
import torch
from bpdemo.models.config import PaperConfig
from bpdemo.training import pretrain
from bpdemo.training.loop import distributed_state
from bpdemo.training.map_waves import MapWaves
from bpdemo.weights.start import load_start
from tests.support.pulse_maps import make_pulse_maps

folder, method = Path(sys.argv[1]), sys.argv[2]
pretrain.read_windows = lambda *_, **__: make_pulse_maps(people=6)
torch.nn.BatchNorm2d.train = lambda self, mode=True: torch.nn.Module.train(self, False)  # knows who is beside whom
forward, losses = MapWaves.forward, []

def note(self, windows, rng):
    loss = forward(self, windows, rng)
    losses.append((loss.item(), len(windows.rate_hz)))
    return loss

MapWaves.forward = note
recipe = pretrain.PretrainRecipe(epochs=2, batch=4, learning_rate=0.02, set_aside=3)
network = PaperConfig(blocks=(1,), widths=(4,), hidden=4)
pretrain.pretrain(folder / "start", method=method, model="paper", network=network, device="cpu", recipe=recipe)
weight = load_start(folder / "start").tensors["stem.0.weight"].flatten().tolist()
number = distributed_state(torch.device("cpu")).process_index
(folder / f"{number}.json").write_text(json.dumps({"losses": losses, "weight": weight}))
"""

TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")


def teach(folder, launcher, method):
    """What each process has noted."""
    folder.mkdir()
    (folder / "script.py").write_text(SCRIPT)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [*launcher, str(folder / "script.py"), str(folder), method]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    return [json.loads(path.read_text()) for path in sorted(folder.glob("?.json"))]


@pytest.mark.parametrize("method", ["contrast-phys", "yue"])
def test_two_processes_see_the_losses_of_one_and_learn_the_same(tmp_path, method):
    (one,) = teach(tmp_path / "one", (sys.executable,), method)
    both = teach(tmp_path / "two", TORCHRUN, method)
    assert len(both) == 2
    expected, whole = np.array(one["losses"]).T
    assert (whole == 4).all()
    for process in both:
        losses, share = np.array(process["losses"]).T
        assert (share == 2).all()
        assert losses == pytest.approx(expected, abs=1e-4)
        assert process["weight"] == pytest.approx(one["weight"], abs=1e-3)
