"""What config.json must hold before weights may be used.

Whoever uses a checked config needs to look at no type and no size again: all texts and numbers an estimate relies on
are there and plausible, the maps are laid out as here, and the network it describes can be built in little memory.
"""

import json
import math
from typing import Any

from bpdemo import stmap
from bpdemo.errors import WeightsError

SCHEMA = "weights/1"

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
# Bounds for what a network is built from, checked before it is built; the full-size network stays far below both.
_MAX_NETWORK_NUMBER = 1024
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
        WeightsError: `config_invalid`, `config_schema`, `stmap_version`, `stmap_differs` or `cells_differ`.
    """
    try:
        config = json.loads(content)
        _require_plain(config)
    except (ValueError, RecursionError) as error:
        raise _invalid(place, "it is not JSON, or has a number or text that JSON does not allow") from error
    if not isinstance(config, dict):
        raise _invalid(place, "it is not a JSON object")
    if config.get("bpdemo") != SCHEMA:
        raise WeightsError(
            "config_schema", f"{place} is not a config of the schema {SCHEMA} that this version reads.", REMEDY
        )
    _check_stmap(config.get("stmap"), place)
    for key in _TEXTS:
        text = _look_up(config, key, place)
        if not isinstance(text, str) or not 0 < len(text.strip()) <= _MAX_TEXT:
            raise _invalid(place, f"{key} must be a text of 1 to {_MAX_TEXT} characters")
    for key, (low, high) in _NUMBERS.items():
        number = _look_up(config, key, place)
        kinds = int if key in _WHOLE else int | float
        if not isinstance(number, kinds) or isinstance(number, bool) or not low <= number <= high:
            raise _invalid(place, f"{key} must be a {'whole ' if key in _WHOLE else ''}number from {low} to {high}")
    if not isinstance(config.get("validation"), dict):
        raise _invalid(place, "validation must be an object")
    _check_network(config.get("network"), place)
    return config


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
    ours = json.loads(json.dumps(stmap.specification()))
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
    differing = sorted(key for key in ours.keys() | theirs.keys() if theirs.get(key) != ours.get(key))
    if differing:
        raise WeightsError(
            "stmap_differs", f"The STMap in {place} is not this version's: {', '.join(differing)[:200]} differ.", REMEDY
        )


def _check_network(network: Any, place: str) -> None:
    """Bound every number the network is built from, then have it check itself."""
    from bpdemo.network import NetworkConfig

    if not isinstance(network, dict):
        raise _invalid(place, "network must be an object")
    for key, value in network.items():
        items = value if isinstance(value, list) else [value]
        numbers = all(isinstance(item, int | float) and 0 <= item <= _MAX_NETWORK_NUMBER for item in items)
        if not numbers or len(items) > _MAX_NETWORK_LIST:
            raise _invalid(
                place, f"network {key[:40]!r} must be a number from 0 to {_MAX_NETWORK_NUMBER} or some of them"
            )
    sizes = NetworkConfig.from_dict(network)
    if sizes.cells != len(stmap.specification()["cells"]):
        raise WeightsError("cells_differ", f"The network in {place} was built for {sizes.cells} cells.", REMEDY)
    if sizes.slice_length > stmap.MIN_COLUMNS:
        raise _invalid(place, f"network.slice_length must not be over the shortest map's {stmap.MIN_COLUMNS} columns")


def _invalid(place: str, what: str) -> WeightsError:
    return WeightsError("config_invalid", f"{place} cannot be used: {what}.", REMEDY)
