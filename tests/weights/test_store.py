import copy
import errno
import json
import os
import pickle
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file

from bpdemo import beats as slices
from bpdemo.beats import POINTS, SLICES
from bpdemo.errors import WeightsError
from bpdemo.regions import CELLS, REGIONS
from bpdemo.weights.store import embedded_folder, load_weights, pick_device, push_weights, save_weights
from tests.support.small_weights import CARD, code_of, small_config, small_network, write_small


@pytest.fixture
def folder(tmp_path):
    write_small(tmp_path / "w")
    return tmp_path / "w"


def change(folder, dotted, value):
    """Set one entry of a folder's config.json; value `None` removes it."""
    config = json.loads((folder / "config.json").read_text())
    *parents, last = dotted.split(".")
    at = config
    for key in parents:
        at = at[key]
    if value is None:
        del at[last]
    else:
        at[last] = value
    (folder / "config.json").write_text(json.dumps(config))


def test_what_was_saved_is_loaded(tmp_path):
    network = write_small(tmp_path / "new" / "folder", seed=3).eval()
    weights = load_weights(tmp_path / "new" / "folder")
    values, weight, rate_hz = torch.randn(2, SLICES, 4, len(REGIONS), POINTS), torch.rand(2, SLICES, 6), torch.ones(2)
    with torch.no_grad():
        expected, found = network(values, weight, rate_hz), weights.network(values, weight, rate_hz)
    assert torch.equal(expected.systolic.value, found.systolic.value)
    assert torch.equal(expected.diastolic.probability, found.diastolic.probability)
    assert not weights.network.training
    assert weights.config == json.loads(json.dumps(small_config()))
    assert weights.to_dict() == {
        "name": "small",
        "revision": None,
        "stmap_version": 1,
        "provenance": small_config()["provenance"],
    }
    assert sorted(path.name for path in weights.folder.iterdir()) == ["README.md", "config.json", "model.safetensors"]
    assert (weights.folder / "README.md").read_text() == CARD


def test_saving_again_gives_the_same_bytes_and_leaves_other_files(folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "face_landmarker.task").write_bytes(b"another's")
    write_small(folder)
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert after == {**before, "face_landmarker.task": b"another's"}


def test_weights_are_named_by_argument_then_environment_then_embedded(folder, tmp_path, monkeypatch):
    write_small(tmp_path / "other", name="other")
    monkeypatch.setenv("BPDEMO_WEIGHTS", str(tmp_path / "other"))
    assert load_weights(str(folder)).name == "small"
    assert load_weights().name == "other"
    monkeypatch.setenv("BPDEMO_WEIGHTS", str(tmp_path / "nowhere"))
    assert code_of(load_weights) == "weights_folder_missing"
    monkeypatch.setenv("BPDEMO_WEIGHTS", " ")
    monkeypatch.setattr("bpdemo.weights.store.embedded_folder", lambda: folder)
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


@pytest.mark.parametrize(
    "name",
    [
        *("", "small", "a/b/c", "owner/", "/".join("ab") + "@", "owner/na me", "owner/name@a b", "owner/name@v1@v2"),
        *(
            "owner/../name",
            "owner/..",
            "owner/name@../../main",
            "owner/name@a/../b",
            "owner/name@a..b",
            "ow..ner/name",
            "owner/name@/etc/passwd",
        ),
        *("owner/name@-x", "owner/name@a//b", "owner/na\nme", "owner/na\0me", "owner/name.git", "owner/na--me"),
        *(
            "https://example.org/owner/name",
            "owner/" + "n" * 97,
            "x" * 5000,
            "öwner/name",
            "owner\\name",
            ".owner/name",
        ),
    ],
)
def test_a_name_that_is_neither_folder_nor_repo(name):
    assert code_of(load_weights, name) == "weights_name_invalid"


@pytest.mark.parametrize("name", ["config.json", "README.md", "model.safetensors"])
def test_a_file_that_is_missing_or_a_folder_or_too_large(folder, name):
    (folder / name).rename(folder / "aside")
    assert code_of(load_weights, folder) == "weights_file_missing"
    (folder / name).mkdir()
    assert code_of(load_weights, folder) == "weights_file_missing"
    (folder / name).rmdir()
    with open(folder / name, "wb") as file:
        file.truncate(300 << 20)  # sparse: nothing is written
    assert code_of(load_weights, folder) == "weights_file_too_large"


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe\x00", b'{"a": NaN}', b'{"a": Infinity}', b'{"a": 1e999}'),
        *(b"[" * 100_000, b'{"a":' * 100_000, b'{"a": ' + b"9" * 5000 + b"}", b'{"a": "\\ud800"}'),
    ],
)
def test_a_config_that_is_not_json_of_ours(folder, content):
    (folder / "config.json").write_bytes(content)
    assert code_of(load_weights, folder) == "config_invalid"


@pytest.mark.parametrize("schema", [None, "weights/1", "weights/3", 2, ["weights/2"], "x" * 5000])
def test_a_config_of_another_schema(folder, schema):
    change(folder, "bpdemo", schema)
    assert code_of(load_weights, folder) == "config_schema"


def test_weights_of_the_first_schema_are_told_from_damaged_ones(folder):
    change(folder, "bpdemo", "weights/1")
    with pytest.raises(WeightsError, match="is of the schema 'weights/1'; this version of bpdemo reads 'weights/2'"):
        load_weights(folder)


def leaves(config, prefix=""):
    """Dotted names of all entries but those of the specifications, which must be ours to the letter."""
    for key, value in config.items():
        if key not in ("stmap", "slices"):
            yield prefix + key
            if isinstance(value, dict) and key != "validation":
                yield from leaves(value, f"{prefix}{key}.")


@pytest.mark.parametrize(
    "wrong", [None, [], {}, True, "", "nan", -1e9, 1e300, 10**400], ids=lambda value: repr(value)[:8]
)
def test_every_entry_of_the_config_is_looked_at(folder, wrong):
    for name in leaves(small_config()):
        if name in ("bpdemo", "stmap") or (name == "validation" and wrong == {}):
            continue
        if name == "intervals.scaled" and wrong in (None, True):
            continue
        if isinstance(wrong, str) and wrong and name in ("name", *(f"provenance.{key}" for key in provenance_texts())):
            continue
        before = (folder / "config.json").read_text()
        change(folder, name, wrong)
        assert code_of(load_weights, folder) == "config_invalid", name
        (folder / "config.json").write_text(before)


def provenance_texts():
    return [key for key, value in small_config()["provenance"].items() if isinstance(value, str)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((f"network.{size}", 10**6) for size in ("members", "stem_width", "width", "hidden")),
        ("network.members", 17),
        ("network.members", 2.0),
        ("network.cells", 30),
        ("slices", []),
        ("intervals.scaled", 1),
        ("intervals.scaled", "yes"),
        ("network.systolic_edges", [80, 100, 90]),
        ("network.systolic_edges", list(range(500))),
        ("network.systolic_edges", [[80, 100], [100, 120]]),
        ("network.diastolic_edges", "40 60"),
        ("network.extra", 1),
        ("name", "x" * 5000),
        ("training.systolic.mean", 8),
        ("intervals.coverage", 1.5),
        ("provenance.seed", 0.5),
    ],
)
def test_impossible_or_absurd_values(folder, name, value):
    change(folder, name, value)
    assert code_of(load_weights, folder) == "config_invalid"


def test_absurd_sizes_allocate_nothing(folder):
    # 4 * hidden * hidden alone would be terabytes; a child with 3 GB of address space must give the plain error.
    change(folder, "network.hidden", 10**6)
    script = (
        "import resource, sys; from bpdemo.weights.store import load_weights; import torch\n"
        "from bpdemo.models.beats import NetworkConfig; from bpdemo.errors import WeightsError\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + (512 << 20),) * 2)\n"
        "try: load_weights(sys.argv[1])\n"
        "except WeightsError as error: print(error.code)\n"
    )
    assert run(script, folder) == "config_invalid"


@pytest.mark.parametrize("version", [2, 0, "1", None, [1]])
def test_another_stmap_version(folder, version):
    change(folder, "stmap.version", version)
    assert code_of(load_weights, folder) == ("config_invalid" if version is None else "stmap_version")


def test_other_cells_and_other_maps(folder):
    config = (folder / "config.json").read_text()
    names = [cell.name for cell in CELLS]
    for cells in (names[:-1], [*names, "ear"], names[::-1], [], 30):
        change(folder, "stmap.cells", cells)
        assert code_of(load_weights, folder) == "cells_differ"
    for name, value in (("rate_hz", 25.0), ("channels", ["Y", "U", "T", "V"]), ("band_hz", None), ("unknown", 1)):
        (folder / "config.json").write_text(config)
        change(folder, f"stmap.{name}", value)
        assert code_of(load_weights, folder) == "stmap_differs"


@pytest.mark.parametrize("name", [*slices.specification(), "unknown"])
def test_slices_cut_otherwise(folder, name):
    config = (folder / "config.json").read_text()
    for value in (99, None, "x") if name != "unknown" else (1,):
        (folder / "config.json").write_text(config)
        change(folder, f"slices.{name}", value)
        assert code_of(load_weights, folder) == "slices_differ"


def test_intervals_need_not_say_whether_they_are_scaled(folder):
    for scaled in (True, False, None):
        change(folder, "intervals.scaled", scaled)
        assert load_weights(folder).config["intervals"].get("scaled") is scaled


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
        {**tensors, "another": torch.zeros(1)},
        {**tensors, first: tensors[first].flatten()},
        {**tensors, first: tensors[first].double()},
    ):
        save_file(changed, path)
        assert code_of(load_weights, folder) == "tensors_differ"
    save_file(tensors, path)
    load_weights(folder)
    change(folder, "network.hidden", 5)
    assert code_of(load_weights, folder) == "tensors_differ"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_tensors_that_hold_no_numbers(folder, value):
    tensors = load_file(folder / "model.safetensors")
    name = sorted(tensors)[-1]
    tensors[name].view(-1)[-1] = value
    save_file(tensors, folder / "model.safetensors")
    assert code_of(load_weights, folder) == "tensors_not_finite"


def test_what_would_be_refused_is_not_saved(tmp_path):
    network, folder = small_network(), tmp_path / "w"
    broken = copy.deepcopy(network)
    with torch.no_grad():
        next(broken.parameters()).fill_(float("nan"))
    assert code_of(save_weights, folder, broken, small_config(), CARD) == "tensors_not_finite"
    config = small_config()
    config["intervals"]["systolic"] = float("nan")
    assert code_of(save_weights, folder, network, config, CARD) == "config_invalid"
    config = small_config()
    config["network"]["hidden"] = 6
    assert code_of(save_weights, folder, network, config, CARD) == "tensors_differ"
    assert not folder.exists()


def test_a_full_disk_leaves_what_was_there(folder, monkeypatch):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def no_room(path, content):
        with open(path, "wb") as file:
            file.write(content[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("pathlib.Path.write_bytes", no_room)
    assert code_of(write_small, folder, seed=1) == "disk_full"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


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
    change(folder, "stmap.version", 2)
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
    script = "import sys, bpdemo.weights.store; print([m for m in ('torch', 'huggingface_hub', 'gradio') if m in sys.modules])"
    assert run(script) == "[]"
