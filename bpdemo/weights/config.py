"""What config.json must hold before weights may be used.

Whoever uses a checked config needs to look at no type and no size again: all texts and numbers an estimate relies on
are there and plausible, the maps are laid out and the slices cut as here, and the network it describes can be built in
little memory.
"""

import json
import math
from typing import Any

from bpdemo import beats as slices
from bpdemo import stmap
from bpdemo.errors import WeightsError, shown

SCHEMA = "weights/2"

REMEDY = "Use weights saved by this version of bpdemo, or train them again."
_TEXTS = ("name", *(f"provenance.{key}" for key in ("data", "citation", "commit", "command", "date", "statement")))
# Smallest and largest plausible value of every number the estimate relies on; pressures in mmHg.
_NUMBERS = {
    "training.people": (1, 10**9),
    **{f"training.{pressure}.mean": (20, 300) for pressure in ("systolic", "diastolic")},
    **{f"training.{pressure}.mean_absolute_error": (0, 300) for pressure in ("systolic", "diastolic")},
    **{f"training.{pressure}.std": (0, 300) for pressure in ("systolic", "diastolic")},
    "intervals.coverage": (0.01, 0.999),
    "intervals.systolic": (0, 300),
    "intervals.diastolic": (0, 300),
    "provenance.seed": (-(2**63), 2**64),
}
_WHOLE = ("training.people", "provenance.seed")
# Bounds for what a network is built from, checked before it is built; the shipped one stays far below all of them.
_MAX_NETWORK_NUMBER = 1024
_MAX_MEMBERS = 16
_MAX_NETWORK_LIST = 64
_MAX_TEXT = 4000


def parse_config(content: bytes | str, place: str) -> dict[str, Any]:
    """Parse and check the content of config.json.

    Args:
        content: JSON text.
        place: what to call it in an error.

    Returns:
        The config as it stands.

    Raises:
        WeightsError: `config_invalid`, `config_schema`, `stmap_version`, `stmap_differs`, `cells_differ` or
            `slices_differ`.
    """
    try:
        config = json.loads(content, object_pairs_hook=_without_doubles)
        _require_plain(config)
    except (ValueError, RecursionError) as error:
        raise _invalid(
            place, "it is not JSON, or has a number, text or doubled name that JSON should not have"
        ) from error
    if not isinstance(config, dict):
        raise _invalid(place, "it is not a JSON object")
    if config.get("bpdemo") != SCHEMA:
        theirs = f"is of the schema {config['bpdemo']!r:.20}" if "bpdemo" in config else "names no schema"
        raise WeightsError("config_schema", f"{place} {theirs}; this version of bpdemo reads {SCHEMA!r}.", REMEDY)
    _check_stmap(config.get("stmap"), place)
    _check_slices(config.get("slices"), place)
    for key in _TEXTS:
        text = _look_up(config, key, place)
        if not isinstance(text, str) or not 0 < len(text.strip()) <= _MAX_TEXT or not text.isprintable():
            raise _invalid(place, f"{key} must be one line of 1 to {_MAX_TEXT} printable characters")
    for key, (low, high) in _NUMBERS.items():
        number = _look_up(config, key, place)
        kinds = int if key in _WHOLE else int | float
        if not isinstance(number, kinds) or isinstance(number, bool) or not low <= number <= high:
            raise _invalid(place, f"{key} must be a {'whole ' if key in _WHOLE else ''}number from {low} to {high}")
    if not isinstance(config["intervals"].get("scaled", False), bool):
        raise _invalid(place, "intervals.scaled must be true or false")
    if not isinstance(config.get("validation"), dict):
        raise _invalid(place, "validation must be an object")
    _check_network(config.get("network"), place)
    return config


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make a dict of a JSON object's entries; raise ValueError when a name is there twice, as readers differ on it."""
    entries = dict(pairs)
    if len(entries) != len(pairs):
        raise ValueError("a name is there twice")
    return entries


def _require_plain(value: Any) -> None:
    """Raise ValueError at NaN, an infinity or a text that UTF-8 cannot carry, anywhere in a parsed JSON value."""
    if isinstance(value, dict):
        for key, item in value.items():
            _require_plain(key)
            _require_plain(item)
    elif isinstance(value, list):
        for item in value:
            _require_plain(item)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("not finite")
    elif isinstance(value, str):
        value.encode()


def _look_up(config: dict[str, Any], dotted: str, place: str) -> Any:
    value: Any = config
    for key in dotted.split("."):
        if not isinstance(value, dict) or key not in value:
            raise _invalid(place, f"{dotted} is missing")
        value = value[key]
    return value


def _check_stmap(theirs: Any, place: str) -> None:
    """Refuse maps that are not laid out as ours: on others the network would answer, and mean nothing by it."""
    ours = _as_json(stmap.specification())
    if not isinstance(theirs, dict) or "version" not in theirs:
        raise _invalid(place, "stmap must be an object with a version")
    if theirs["version"] != ours["version"]:
        raise WeightsError(
            "stmap_version",
            f"The weights are for STMap version {theirs['version']!r:.20}; this bpdemo makes {ours['version']}.",
            "Use weights for this version of the map, or the version of bpdemo they were saved by.",
        )
    if theirs.get("cells") != ours["cells"]:
        raise WeightsError("cells_differ", f"The cells in {place} are not the cells of this version.", REMEDY)
    differing = _differing(theirs, ours)
    if differing:
        raise WeightsError("stmap_differs", f"The STMap in {place} is not this version's: {differing} differ.", REMEDY)


def _check_slices(theirs: Any, place: str) -> None:
    """Refuse slices that were not cut as ours."""
    if not isinstance(theirs, dict):
        raise _invalid(place, "slices must be an object")
    differing = _differing(theirs, _as_json(slices.specification()))
    if differing:
        raise WeightsError(
            "slices_differ", f"The slices in {place} are not this version's: {differing} differ.", REMEDY
        )


def _as_json(specification: dict[str, Any]) -> dict[str, Any]:
    """Return a specification as it is once it has been written and read."""
    return json.loads(json.dumps(specification))


def _differing(theirs: dict[str, Any], ours: dict[str, Any]) -> str:
    """Name the entries that are not the same; an empty text when all are."""
    keys = sorted(key for key in ours.keys() | theirs.keys() if key not in ours or theirs.get(key) != ours[key])
    return shown(", ".join(keys))


def _check_network(network: Any, place: str) -> None:
    """Bound every number the network is built from, then have it check itself."""
    from bpdemo.models.beats import NetworkConfig

    if not isinstance(network, dict):
        raise _invalid(place, "network must be an object")
    for key, value in network.items():
        items = value if isinstance(value, list) else [value]
        numbers = all(isinstance(item, int | float) and 0 <= item <= _MAX_NETWORK_NUMBER for item in items)
        if not numbers or len(items) > _MAX_NETWORK_LIST:
            raise _invalid(
                place, f"network {key[:40]!r} must be a number from 0 to {_MAX_NETWORK_NUMBER} or some of them"
            )
    if NetworkConfig.from_dict(network).members > _MAX_MEMBERS:
        raise _invalid(place, f"network.members must not be over {_MAX_MEMBERS}")


def _invalid(place: str, what: str) -> WeightsError:
    return WeightsError("config_invalid", f"{place} cannot be used: {what}.", REMEDY)
