"""Commands that publish on the Hugging Face Hub: push, publish."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def push(
    folder: Annotated[Path, typer.Argument(help="A weights folder: model.safetensors, config.json, README.md.")],
    repo: Annotated[str, typer.Argument(help="Hub repo, owner/name; made when it is not there.")],
    private: Annotated[bool, typer.Option("--private", help="Make a new repo private.")] = False,
) -> None:
    """Publish a weights folder with its model card on the Hugging Face Hub."""
    from bpdemo.weights.store import push_weights

    print(push_weights(folder, repo, private=private))


def publish(
    space: Annotated[str, typer.Argument(help="Space on the Hub, owner/name; made when it is not there.")],
    weights: Annotated[
        Path | None, typer.Option(help="Weights folder to publish; the embedded ones by default.")
    ] = None,
    weights_repo: Annotated[
        str | None, typer.Option(help="Model repo for the weights, owner/name; by default the Space's name + -weights.")
    ] = None,
    private: Annotated[bool, typer.Option("--private", help="Make new repos private.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be uploaded; no request.")] = False,
) -> None:
    """Publish this demo as a Hugging Face Space that reads its weights from a repo of their own."""
    from bpdemo.weights.space import plan_space, publish_space

    plan = plan_space(space, weights, weights_repo)
    print(plan, file=sys.stderr)
    if not dry_run:
        print(publish_space(plan, private=private))
        if private:
            print("In the Space's settings, set a secret HF_TOKEN that may read the weights.", file=sys.stderr)
