"""config.json: whatever an estimate relies on is looked at, and what is wrong is a typed error."""

import json

import pytest

from bpdemo import beats
from bpdemo.errors import WeightsError
from bpdemo.models.config import PaperConfig
from bpdemo.regions import CELLS
from bpdemo.weights.config import Figures, WeightsConfig, parse_config
from tests.support.made_up_people import made_up_told
from tests.support.small_weights import code_of, small_config

LINES = ("name", *(f"provenance.{key}" for key in ("data", "citation", "commit", "command", "date", "statement")))


def entries():
    return json.loads(small_config().to_json())


def changed(dotted, value):
    """The text of a config with one entry set; value `...` removes it."""
    config = entries()
    *parents, last = dotted.split(".")
    at = config
    for key in parents:
        at = at[key]
    if value is ...:
        del at[last]
    else:
        at[last] = value
    return json.dumps(config)


def code_with(dotted, value):
    return code_of(parse_config, changed(dotted, value), "config.json")


def leaves(config, prefix=""):
    """Dotted names of all entries an estimate relies on, but those of the specifications."""
    for key, value in config.items():
        if f"{prefix}{key}" not in ("bpdemo", "model", "stmap", "beats"):
            yield prefix + key
            if isinstance(value, dict) and key not in ("validation", "recipe"):
                yield from leaves(value, f"{prefix}{key}.")


def test_text_and_config_are_the_same():
    config = small_config()
    assert parse_config(config.to_json(), "config.json") == config
    assert WeightsConfig.model_validate(config.model_dump()) == config
    assert parse_config(config.to_json(), "x").to_json() == config.to_json()


def test_entries_of_others_are_kept():
    training = {**entries()["training"], "lamp": "warm", "names": ["somebody"]}
    config = parse_config(changed("training", training), "config.json")
    assert config.training.names == ["somebody"]
    assert json.loads(config.to_json())["training"]["lamp"] == "warm"


def test_what_traits_say_is_kept_to_the_last_digit():
    told = made_up_told()
    config = small_config().model_copy(update={"told": told})
    assert parse_config(config.to_json(), "config.json").told == told
    assert parse_config(changed("told", ...), "config.json").told is None


@pytest.mark.parametrize(
    "wrong", ["a mean", "twins", "one way", "no variance", "no people", "a factor", "one less", "of a clip"]
)
def test_traits_that_can_say_nothing_sound_are_refused(wrong):
    told = json.loads(made_up_told().model_dump_json())
    covariance = told["covariance"]
    match wrong:
        case "a mean":
            told["mean"][0] = None
        case "twins":  # two traits that are one
            covariance[5] = covariance[4]
            for row in covariance:
                row[5] = row[4]
        case "one way":
            covariance[0][4] += 1
        case "no variance":
            covariance[3][3] = 0
        case "no people":
            told["people"] = 0
        case "a factor":
            told["factors"][1] = 0
        case "one less":
            covariance.pop()
        case "of a clip":  # one number less than the network gives
            told["mean"].pop(2)
            told["covariance"] = [row[:2] + row[3:] for row in covariance[:2] + covariance[3:]]
    assert code_with("told", told) == "config_invalid"


@pytest.mark.parametrize(
    "wrong", [..., None, [], True, "", "nan", -1e9, 1e300, 10**400], ids=lambda value: repr(value)[:8]
)
def test_every_entry_is_looked_at(wrong):
    optional = ("left_out", "maps", "clips", "recipe", "names", "start")
    may_be_left_out = ("scatter", "told", *(f"training.{key}" for key in optional))
    for name in leaves(entries()):
        fits = (
            (wrong is ... and name in may_be_left_out)
            or (wrong is None and name in ("scatter", "told", "training.clips", "training.start"))
            or (wrong == "nan" and name in LINES)
            or (wrong in ([], 10**400) and name in ("training.names", "training.left_out", "training.maps"))
        )
        if not fits:
            assert code_with(name, wrong) == "config_invalid", name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((f"network.{size}", 1025) for size in ("width", "hidden", "shape", "features")),
        *(("network.members", members) for members in (0, 17, 2.0, "3")),
        *(("network.dropout", dropout) for dropout in (1.0, -0.1)),
        *(
            ("network.systolic_edges", edges)
            for edges in ([80, 100, 90], [80], list(range(500)), [[80, 100], [100, 120]], "40 60", [-1, 3], [80, 2000])
        ),
        ("network.cells", 30),
        ("beats", []),
        ("stmap", 1),
        ("name", "x" * 4001),
        ("training.systolic.mean", 8),
        ("training.people", 0),
        ("intervals.coverage", 1.5),
        ("scatter", {"systolic": -1.0, "diastolic": 5.0}),
        ("scatter", {"systolic": 5.0}),
        ("provenance.seed", 0.5),
        *(
            (name, text)
            for name in ("name", "provenance.statement")
            for text in ("two\nlines", "\x1b]0;title\x07", "\x00")
        ),
        *(("provenance.command", text) for text in ("a\u202eb", "tab\t", "  ")),
    ],
)
def test_impossible_or_absurd_values(name, value):
    assert code_with(name, value) == "config_invalid"


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe\x00", b'{"a": NaN}', b'{"a": Infinity}', b'{"a": 1e999}'),
        *(b"[" * 100_000, b'{"a":' * 100_000, b'{"a": ' + b"9" * 5000 + b"}"),
    ],
    ids=range(12),
)
def test_text_that_is_not_json_of_ours(content):
    assert code_of(parse_config, content, "config.json") == "config_invalid"


@pytest.mark.parametrize("foreign", ["NaN", "-Infinity", "1e999", '"\\ud800"', "9" * 5000])
def test_what_json_should_not_hold_is_refused_in_entries_nobody_reads_too(foreign):
    for entry in (f'"other": [{foreign}]', f"{foreign}: 1"):
        text = small_config().to_json().replace('"people": 20', f'"people": 20, {entry}')
        assert foreign in text
        assert code_of(parse_config, text, "config.json") == "config_invalid"


@pytest.mark.parametrize("name", ["network", "members", "bpdemo", "hidden"])
def test_a_name_that_is_there_twice(name):
    text = small_config().to_json()
    doubled = text.replace(f'"{name}":', f'"{name}": 1, "{name}":', 1)
    assert doubled != text
    assert code_of(parse_config, doubled, "config.json") == "config_invalid"


@pytest.mark.parametrize("schema", [..., "weights/2", "weights/5", 3, ["weights/4"], "x" * 5000])
def test_another_schema(schema):
    assert code_with("bpdemo", schema) == "config_schema"


def test_another_model():
    assert code_with("model", "transformer\x1b[2J") == "model_unknown"
    for value in (..., 1, None):
        assert code_with("model", value) == "config_invalid"


@pytest.mark.parametrize("version", [2, 0, "1", [1]])
def test_another_stmap_version(version):
    assert code_with("stmap.version", version) == "stmap_version"
    assert code_with("stmap.version", ...) == "config_invalid"


def test_other_cells_and_other_maps():
    names = [cell.name for cell in CELLS]
    for cells in (names[:-1], [*names, "ear"], names[::-1], [], 30):
        assert code_with("stmap.cells", cells) == "cells_differ"
    for name, value in (("rate_hz", 25.0), ("channels", ["Y", "U", "T", "V"]), ("band_hz", ...), ("unknown", 1)):
        assert code_with(f"stmap.{name}", value) == "stmap_differs"


@pytest.mark.parametrize("name", beats.specification())
def test_beats_averaged_otherwise(name):
    for value in (99, ..., "x", None):
        assert code_with(f"beats.{name}", value) == "slices_differ"
    assert code_with("beats.unknown", 1) == "slices_differ"


@pytest.mark.parametrize("part", ["stmap", "beats", "network"])
def test_messages_show_no_foreign_control_characters(part):
    config = entries()
    config[part]["\x1b[2J\n" * 100] = 1
    codes = ("stmap_differs", "slices_differ", "config_invalid")
    assert code_of(parse_config, json.dumps(config), "config.json") in codes


def test_figures_of_another_form_are_left_out():
    sound = {"mae": 14.4, "baseline_mae": 16.3, "within": {"5": 0.2}, "median": 12.0}
    qualities = {"standard": {"systolic": sound, "diastolic": {"mae": 8.7, "baseline_mae": 8.8, "r": 0.2}}}
    config = parse_config(changed("validation", {"people": 175, "qualities": qualities}), "config.json")
    assert config.validation.qualities["standard"].systolic.mae == 14.4
    assert config.validation.qualities["standard"].systolic.r is None
    assert isinstance(config.validation.qualities["standard"].diastolic, Figures)
    for other in ({"good": {"systolic": {"mae": "low"}}}, [], "none", {"standard": {"systolic": sound}}):
        config = parse_config(changed("validation", {"people": 175, "qualities": other}), "config.json")
        assert config.validation.qualities == {}
        assert config.validation.people == 175
    assert parse_config(changed("validation", {}), "config.json").validation.people == 0


def test_the_sentence_names_the_entry():
    with pytest.raises(WeightsError, match=r"config\.json cannot be used: training\.systolic\.mean"):
        parse_config(changed("training.systolic.mean", 8), "config.json")
    with pytest.raises(WeightsError, match=r"weights/2.* reads 'weights/4'"):
        parse_config(changed("bpdemo", "weights/2"), "config.json")


def test_sizes_are_those_of_the_model():
    config = small_config()
    paper = PaperConfig(blocks=(1,), widths=(4,), hidden=4)
    there = config.model_copy(update={"model": "paper", "network": paper})
    assert parse_config(there.to_json(), "config.json") == there
    for model, network in (("beats", paper), ("paper", config.network)):
        wrong = config.model_copy(update={"model": model, "network": network})
        assert code_of(parse_config, wrong.to_json(), "config.json") == "config_invalid"
    some = json.loads(there.to_json())
    del some["network"]["hidden"]
    with pytest.raises(WeightsError, match=r"network\.hidden is missing"):
        parse_config(json.dumps(some), "config.json")
    some["network"] |= {"hidden": 4, "blocks": [1, 1]}
    with pytest.raises(WeightsError, match="as many stages"):
        parse_config(json.dumps(some), "config.json")
