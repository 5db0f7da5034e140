"""Weights that are damaged, hostile or replaced under the reader: a typed error, and what was there stays."""

import errno
import json
import os

import pytest

from bpdemo.errors import WeightsError
from bpdemo.weights import store as weights_module
from bpdemo.weights.config import parse_config
from bpdemo.weights.store import load_weights
from tests.support.small_weights import CARD, code_of, small_config, write_small


@pytest.fixture
def folder(tmp_path):
    write_small(tmp_path / "w")
    return tmp_path / "w"


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


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


def test_a_folder_replaced_while_it_is_loaded_gives_no_mixture(folder, monkeypatch):
    read_network = weights_module._read_network

    def replace_first(*args):
        write_small(folder, seed=1, name="newer")  # fits the config that has been read already
        return read_network(*args)

    with monkeypatch.context() as race:
        race.setattr(weights_module, "_read_network", replace_first)
        assert code_of(load_weights, folder) == "weights_changed"
    assert load_weights(folder).name == "newer"


def test_a_file_cut_short_after_it_was_read_harms_nobody(folder):
    """Tensors mapped from the file would end the process when they are looked at."""
    weights = load_weights(folder)
    with open(folder / "model.safetensors", "r+b") as file:
        file.truncate(10)
    assert all(tensor.isfinite().all() for tensor in weights.network.state_dict().values())
    assert code_of(load_weights, folder) == "tensors_damaged"


@pytest.mark.parametrize("name", ["network", "members", "bpdemo", "hidden"])
def test_a_config_that_says_a_thing_twice(name):
    text = json.dumps(small_config())
    doubled = text.replace(f'"{name}":', f'"{name}": 1, "{name}":', 1)
    assert doubled != text
    parse_config(text, "config.json")
    assert code_of(parse_config, doubled, "config.json") == "config_invalid"


@pytest.mark.parametrize("text", ["two\nlines", "\x1b]0;title\x07", "\x00", "a\u202eb", "tab\t"])
def test_texts_that_would_write_to_a_terminal(folder, text):
    for name in ("name", "statement", "command"):
        config = small_config()
        (config if name == "name" else config["provenance"])[name] = text
        (folder / "config.json").write_text(json.dumps(config))
        assert code_of(load_weights, folder) == "config_invalid"


@pytest.mark.parametrize("part", ["stmap", "slices"])
def test_messages_show_no_foreign_control_characters(part):
    config = small_config()
    config[part]["\x1b[2J\n" * 100] = 1
    with pytest.raises(WeightsError) as caught:
        parse_config(json.dumps(config), "config.json")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 600


def test_names_of_tensors_lead_nowhere(folder):
    from safetensors.torch import load_file, save_file

    path = folder / "model.safetensors"
    tensors = load_file(path)
    tensors["../../\x1b[31mescaped"] = tensors[next(iter(tensors))].clone()
    save_file(tensors, path)
    with pytest.raises(WeightsError) as caught:
        load_weights(folder)
    assert caught.value.code == "tensors_differ"
    assert str(caught.value).isprintable()
    assert sorted(contents(folder)) == ["README.md", "config.json", "model.safetensors"]
    assert (folder / "README.md").read_text() == CARD
