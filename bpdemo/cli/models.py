"""The command that lists the models: models."""

import json
from typing import Any

from bpdemo.cli.options import JsonOption

_GIVES = {"ranges": "pressures with ranges", "value": "pressures, values alone", "pulse": "the pulse"}


def models(as_json: JsonOption = False) -> None:
    """List the models: what each reads and gives, its parameters, and whether weights of it come with bpdemo."""
    from bpdemo.models import MODELS
    from bpdemo.reporting.tables import table
    from bpdemo.weights.config import parse_config
    from bpdemo.weights.embedded import embedded_folder, embedded_models

    embedded = {}
    for name in embedded_models():
        place = embedded_folder(name) / "config.json"
        embedded[name] = parse_config(place.read_bytes(), str(place)).network
    listed: list[dict[str, Any]] = [
        {
            "name": model.name,
            "size": size or None,
            "default": config == model.config(),
            "title": model.title,
            "reads": model.reads,
            "gives": model.gives,
            "parameters": model.count_parameters(config),
            "weights": embedded.get(model.name) == config,
        }
        for model in MODELS.values()
        for size, config in (model.sizes or {"": model.config()}).items()
    ]
    if as_json:
        print(json.dumps(listed))
        return
    columns = ("model", "size", "reads", "gives", "parameters", "weights come with it")
    print(table(columns, [
        (
            each["name"], each["size"] or "", each["reads"], _GIVES[each["gives"]], f"{each['parameters']:,}",
            "yes" if each["weights"] else "no",
        )
        for each in listed
    ]))  # fmt: skip
