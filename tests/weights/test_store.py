"""Weights in folders: loaded, saved, and refused when damaged, hostile or replaced under the reader."""

import copy
import errno
import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from bpdemo.beats import POINTS
from bpdemo.regions import REGIONS
from bpdemo.weights import store
from bpdemo.weights.folder import pick_device
from bpdemo.weights.push import push_weights
from bpdemo.weights.store import embedded_folder, load_weights, save_weights
from tests.support.small_weights import CARD, code_of, small_config, small_network, write_small

FILES = ["README.md", "config.json", "model.safetensors"]
LARGEST = {"members": 16, "hidden": 1024}


@pytest.fixture
def folder(tmp_path):
    write_small(tmp_path / "w")
    return tmp_path / "w"


def change(folder, part, key, value):
    """Set one entry of a folder's config.json."""
    config = json.loads((folder / "config.json").read_text())
    config[part][key] = value
    (folder / "config.json").write_text(json.dumps(config))


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_was_saved_is_loaded(tmp_path):
    network = write_small(tmp_path / "new" / "folder", seed=3).eval()
    weights = load_weights(tmp_path / "new" / "folder")
    batch = torch.randn(2, 4, 4, len(REGIONS), POINTS), torch.rand(2, 4, 6), torch.ones(2)
    with torch.no_grad():
        expected, found = network(*batch), weights.network(*batch)
    assert torch.equal(expected.systolic.value, found.systolic.value)
    assert torch.equal(expected.diastolic.probability, found.diastolic.probability)
    assert not weights.network.training
    assert weights.config == small_config()
    summary = weights.summary
    assert (summary.name, summary.revision, summary.model, summary.stmap_version) == ("small", None, "beats", 1)
    assert summary.provenance == small_config().provenance
    assert sorted(path.name for path in weights.folder.iterdir()) == FILES
    assert (weights.folder / "README.md").read_text() == CARD


def test_saving_again_gives_the_same_bytes_and_leaves_other_files(folder):
    before = contents(folder)
    (folder / "face_landmarker.task").write_bytes(b"another's")
    write_small(folder)
    assert contents(folder) == {**before, "face_landmarker.task": b"another's"}


def test_weights_are_named_by_argument_then_environment_then_embedded(folder, tmp_path, monkeypatch):
    write_small(tmp_path / "other", name="other")
    monkeypatch.setenv("BPDEMO_WEIGHTS", str(tmp_path / "other"))
    assert load_weights(str(folder)).name == "small"
    assert load_weights().name == "other"
    monkeypatch.setenv("BPDEMO_WEIGHTS", str(tmp_path / "nowhere"))
    assert code_of(load_weights) == "weights_folder_missing"
    monkeypatch.setenv("BPDEMO_WEIGHTS", " ")
    monkeypatch.setattr(store, "embedded_folder", lambda model: folder)
    assert load_weights().name == "small"
    assert embedded_folder().name == "weights"


def test_a_relative_folder_is_taken_before_a_repo_of_that_name(folder, monkeypatch):
    (folder.parent / "owner").mkdir()
    folder.rename(folder.parent / "owner" / "name")
    monkeypatch.chdir(folder.parent)
    weights = load_weights("owner/name")
    assert (weights.name, weights.revision) == ("small", None)


@pytest.mark.parametrize("name", ["/no/such/folder", "./here", "../there", "~/nowhere/at/all", "~nobody_here/x"])
def test_a_folder_that_is_not_there(name):
    assert code_of(load_weights, name) == "weights_folder_missing"


def test_a_name_that_is_neither_folder_nor_repo():
    revisions = ("a b", "v1@v2", "../../main", "a/../b", "a..b", "/etc/passwd", "-x", "a//b", "a.lock", "")
    for name in (
        *("", "small", "a/b/c", "owner/", "owner/na me", "owner\\name", "owner/na\nme", "owner/na\0me"),
        *("owner/../name", "owner/..", "ow..ner/name", *(f"owner/name@{revision}" for revision in revisions)),
        *("owner/name.git", "owner/na--me", "https://example.org/owner/name", "öwner/name", ".owner/name"),
        *("owner/" + "n" * 97, "x" * 5000),
    ):
        assert code_of(load_weights, name) == "weights_name_invalid", name


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_missing_or_a_folder_or_too_large(folder, name):
    (folder / name).rename(folder / "aside")
    assert code_of(load_weights, folder) == "weights_file_missing"
    (folder / name).mkdir()
    assert code_of(load_weights, folder) == "weights_file_missing"
    (folder / name).rmdir()
    with open(folder / name, "wb") as file:
        file.truncate(300 << 20)  # sparse: nothing is written
    assert code_of(load_weights, folder) == "weights_file_too_large"


@pytest.mark.slow
@pytest.mark.parametrize(("sizes", "code"), [({"hidden": 10**6}, "config_invalid"), (LARGEST, "tensors_differ")])
def test_absurd_sizes_allocate_nothing(folder, sizes, code):
    # They would be gigabytes and more; a child with little address space must give the plain error.
    for name, size in sizes.items():
        change(folder, "network", name, size)
    script = (
        "import resource, sys, torch; from bpdemo.weights.store import load_weights\n"
        "from bpdemo.models.beats import Network; from bpdemo.errors import WeightsError\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + (512 << 20),) * 2)\n"
        "try: load_weights(sys.argv[1])\n"
        "except WeightsError as error: print(error.code)\n"
    )
    assert run(script, folder) == code


def test_tensors_cut_short_or_damaged(folder):
    path = folder / "model.safetensors"
    whole = path.read_bytes()
    header = int.from_bytes(whole[:8], "little")
    for content in (
        *(b"", whole[:4], whole[: 8 + header // 2], whole[: 8 + header], whole[:-1], whole + b"\0"),
        (1 << 62).to_bytes(8, "little") + whole[8:],
        pickle.dumps({"weight": 1}),
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12696\n",
    ):
        path.write_bytes(content)
        assert code_of(load_weights, folder) == "tensors_damaged"


def test_a_pickle_is_never_opened(folder, tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    torch.save(Trap(), folder / "model.safetensors")
    assert code_of(load_weights, folder) == "tensors_damaged"
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    assert code_of(load_weights, folder) == "weights_file_missing"
    assert not (tmp_path / "sprung").exists()


def test_tensors_that_do_not_fit_the_config(folder):
    path = folder / "model.safetensors"
    tensors = load_file(path)
    first = next(name for name in tensors if tensors[name].ndim > 1)
    for changed in (
        {name: tensor for name, tensor in tensors.items() if name != first},
        {**tensors, "../../\x1b[31mescaped": torch.zeros(1)},
        {**tensors, first: tensors[first].flatten()},
        {**tensors, first: tensors[first].double()},
    ):
        save_file(changed, path)
        assert code_of(load_weights, folder) == "tensors_differ"
        assert sorted(contents(folder)) == FILES
    save_file(tensors, path)
    load_weights(folder)
    change(folder, "network", "hidden", 5)
    assert code_of(load_weights, folder) == "tensors_differ"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_tensors_that_hold_no_numbers(folder, value):
    tensors = load_file(folder / "model.safetensors")
    tensors[sorted(tensors)[-1]].view(-1)[-1] = value
    save_file(tensors, folder / "model.safetensors")
    assert code_of(load_weights, folder) == "tensors_not_finite"


def test_a_config_that_cannot_be_used(folder):
    change(folder, "stmap", "version", 2)
    assert code_of(load_weights, folder) == "stmap_version"


def test_a_folder_replaced_while_it_is_loaded_gives_no_mixture(folder, monkeypatch):
    read_network = store.read_tensors

    def replace_first(*args):
        write_small(folder, seed=1, name="newer")  # fits the config that has been read already
        return read_network(*args)

    with monkeypatch.context() as race:
        race.setattr(store, "read_tensors", replace_first)
        assert code_of(load_weights, folder) == "weights_changed"
    assert load_weights(folder).name == "newer"


def test_a_file_cut_short_after_it_was_read_harms_nobody(folder):
    """Tensors mapped from the file would end the process when they are looked at."""
    weights = load_weights(folder)
    with open(folder / "model.safetensors", "r+b") as file:
        file.truncate(10)
    assert all(tensor.isfinite().all() for tensor in weights.network.state_dict().values())
    assert code_of(load_weights, folder) == "tensors_damaged"


def test_what_would_be_refused_is_not_saved(tmp_path):
    network, folder, config = small_network(), tmp_path / "w", small_config()
    broken = copy.deepcopy(network)
    with torch.no_grad():
        next(broken.parameters()).fill_(float("nan"))
    assert code_of(save_weights, folder, broken, config, CARD) == "tensors_not_finite"
    infinite = config.intervals.model_copy(update={"systolic": float("inf")})
    changed = config.model_copy(update={"intervals": infinite})
    assert code_of(save_weights, folder, network, changed, CARD) == "config_invalid"
    changed = config.model_copy(update={"network": replace(config.network, hidden=6)})
    assert code_of(save_weights, folder, network, changed, CARD) == "tensors_differ"
    assert not folder.exists()


@pytest.mark.parametrize("full_at", [1, 2, 3])
def test_a_disk_that_fills_up_at_any_file_leaves_all_three_as_they_were(folder, monkeypatch, full_at):
    before, written = contents(folder), []

    def write_until_full(path, content):
        written.append(path)
        with open(path, "wb") as file:
            file.write(content[: 10 if len(written) == full_at else None])
        if len(written) == full_at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk:
        disk.setattr("pathlib.Path.write_bytes", write_until_full)
        assert code_of(write_small, folder, seed=1, name="newer") == "disk_full"
    assert contents(folder) == before
    assert load_weights(folder).name == "small"


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert code_of(write_small, tmp_path / "file") == "weights_unwritable"


def test_devices(folder):
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device("auto").type in ("cpu", "cuda")
    for device in ("tpu9000", "cuda:99", "meta", ""):
        assert code_of(load_weights, folder, device=device) == "device_unavailable"


def test_only_a_sound_folder_is_pushed(folder):
    # No server is running: each of these must be refused before the Hub is asked.
    assert code_of(push_weights, folder, "owner/name@v1", token="t") == "weights_name_invalid"
    assert code_of(push_weights, folder, "name", token="t") == "weights_name_invalid"
    assert code_of(push_weights, folder / "nowhere", "owner/name", token="t") == "weights_folder_missing"
    change(folder, "stmap", "version", 2)
    assert code_of(push_weights, folder, "owner/name", token="t") == "stmap_version"


def run(script, *args, **environment):
    """Run Python code in a process of its own and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, args)],
        env={**os.environ, "PYTHONPATH": str(embedded_folder().parent), **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_weights_imports_neither_torch_nor_huggingface_hub():
    script = "import sys, bpdemo.weights.store; print({'torch', 'huggingface_hub', 'gradio'} & {*sys.modules})"
    assert run(script) == "set()"
