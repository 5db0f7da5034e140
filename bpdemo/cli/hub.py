"""Commands that publish on the Hugging Face Hub: push, publish, push-maps."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bpdemo.cli.options import needs_extra
from bpdemo.errors import DataError

if TYPE_CHECKING:
    from bpdemo.maps.push import Plan


def push(
    folder: Annotated[Path, typer.Argument(help="A weights folder: model.safetensors, config.json, README.md.")],
    repo: Annotated[str, typer.Argument(help="Hub repo, owner/name; made when it is not there.")],
    private: Annotated[bool, typer.Option("--private", help="Make a new repo private.")] = False,
) -> None:
    """Publish a weights folder with its model card on the Hugging Face Hub."""
    from bpdemo.weights.push import push_weights

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


@needs_extra("train")
def push_maps(
    maps: Annotated[Path, typer.Argument(help="Folder of maps that `bpdemo extract` wrote.")],
    repo: Annotated[str, typer.Argument(help="Dataset repo on the Hub, owner/name; made when it is not there.")],
    private: Annotated[bool, typer.Option("--private", help="Make a new repo private.")] = False,
    i_may_share: Annotated[
        bool, typer.Option("--i-may-share", help="You may publish these maps, whatever the licence says; do not ask.")
    ] = False,
) -> None:
    """Publish maps with a card on the Hugging Face Hub, as a dataset."""
    from bpdemo.maps import push

    plan = push.plan_maps(maps, repo)
    print(push.push_maps(plan, may_share=i_may_share or _confirmed(plan), private=private))


def _confirmed(plan: "Plan") -> bool:
    """Ask at a terminal whether maps with a restricted licence may be published; without one the answer is no."""
    if not plan.restricted or not sys.stdin.isatty():
        return False
    for name, licence in plan.restricted.items():
        print(f"{name}: {licence}", file=sys.stderr)
    print("These licences do not let everybody publish what was made from the clips.", file=sys.stderr)
    question = f"If you may, type the repo's name, {plan.repo}; anything else stops here: "
    print(question, end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != plan.repo:
        raise DataError(
            "maps_not_confirmed", "That is not the repo's name, so nothing was pushed.", "Ask the owner of the data."
        )
    return True
