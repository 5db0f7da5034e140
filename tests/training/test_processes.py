"""Several processes at one cross-validation, as `torchrun` starts them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.serve_app import ROOT

pytestmark = pytest.mark.exhaustive

SCRIPT = """
import json, sys, time
from pathlib import Path
import torch
from bpdemo.training import train
from bpdemo.training.loop import distributed_state

state = distributed_state(torch.device("cpu"))

def run_experiment(material, network, recipe, seed, run, device, model):
    (run / f"of_{state.process_index}").touch()
    state.wait_for_everyone()
    time.sleep(state.process_index)  # the main process is done first, and must not clear away what others need
    found.update(folder=str(run), there=sorted(path.name for path in run.glob("of_*")))

found = {}
train.prepare_material = lambda *_: None
train.open_run = lambda *_: None
train.run_experiment = run_experiment
train.cross_validate({}, device="cpu")
Path(sys.argv[1], f"{state.process_index}.json").write_text(json.dumps(found))
"""


def test_processes_without_a_folder_of_their_own_share_one(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "temporary").mkdir()
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path / "temporary"), "OMP_NUM_THREADS": "1"}
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    ran = subprocess.run(
        [*launch, tmp_path / "script.py", tmp_path], env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    first, second = (json.loads((tmp_path / f"{number}.json").read_text()) for number in (0, 1))
    assert first == second
    assert first["there"] == ["of_0", "of_1"]
    assert not Path(first["folder"]).exists()
