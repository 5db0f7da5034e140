"""Publish the demo as a Hugging Face Space, with its weights in a repo of their own.

A Space is a repo that Hugging Face runs: it reads the front matter of README.md, installs packages.txt and
requirements.txt and starts app.py. This repository is one as it is. What is uploaded is named here and nothing else is:
a checkout may hold tokens, notes, checkpoints and clips of people, and a Space is public.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from bpdemo.errors import WeightsError
from bpdemo.weights.store import WEIGHTS_VARIABLE, embedded_folder, hub, push_weights

ROOT_FILES = ("README.md", "LICENSE", "app.py", "packages.txt", "pyproject.toml", "requirements.txt")
"""Files of the repository's root that a Space needs, or whose absence its visitors would notice."""

FACE_MODEL = ("face_landmarker.task", "face_landmarker.NOTICE.md")

_CODE = (".py", ".json", ".js", ".css", ".html", ".svg")
_FOLDERS = ("bpdemo", "docs", "examples", "weights")
_LARGEST = 10 << 20  # bytes; there is nothing of that size here


@dataclass(frozen=True)
class Plan:
    """What is to be published where.

    Attributes:
        space: `owner/name` of the Space.
        files: the Space's files: name in the repo -> file here.
        weights_repo: `owner/name` of the model repo the Space takes its weights from.
        weights: the weights folder.
    """

    space: str
    files: dict[str, Path]
    weights_repo: str
    weights: Path

    def __str__(self) -> str:
        """The files with their sizes in bytes, a line each."""
        lines = [f"Space {self.space}"]
        lines += [f"{file.stat().st_size:>10} {name}" for name, file in self.files.items()]
        lines.append(f"{sum(file.stat().st_size for file in self.files.values()):>10} in all")
        lines.append(f"model {self.weights_repo}, named in the Space's variable {WEIGHTS_VARIABLE}")
        names = (*hub.FILE_LIMITS, *hub.evidence(self.weights))
        return "\n".join(lines + [f"{(self.weights / name).stat().st_size:>10} {name}" for name in names])


def plan_space(
    space: str, weights: Path | None = None, weights_repo: str | None = None, root: Path | None = None
) -> Plan:
    """Choose what to publish; nothing is read but names and sizes, and nobody is asked.

    Args:
        space: `owner/name`.
        weights: the weights folder to publish; None takes the embedded ones.
        weights_repo: `owner/name`; None takes the Space's name with `-weights` behind it.
        root: the repository; None takes the one this module lies in.

    Raises:
        WeightsError: `weights_name_invalid`, `weights_file_missing`, or `space_incomplete` when this is no whole
            checkout.
    """
    root = embedded_folder().parent if root is None else root
    weights = root / "weights" if weights is None else weights
    weights_repo = f"{space}-weights" if weights_repo is None else weights_repo
    for name in (space, weights_repo):
        if "@" in name or "/" not in name:
            raise WeightsError(
                "weights_name_invalid", f"{name!r} is no name of a repo on the Hub.", "Give it as owner/name."
            )
        hub.parse_name(name)
    for name in hub.FILE_LIMITS:
        if not (weights / name).is_file():
            raise hub.file_missing(name, str(weights))
    return Plan(space, space_files(root), weights_repo, weights)


def space_files(root: Path) -> dict[str, Path]:
    """Return the files of a Space: name in its repo -> file in the repository at `root`.

    Raises:
        WeightsError: `space_incomplete`.
    """
    embedded, examples = root / "weights", root / "examples"
    needed = [root / name for name in ROOT_FILES]
    needed += [embedded / name for name in (*hub.FILE_LIMITS, *FACE_MODEL)]
    needed += [examples / name for name in ("README.md", "examples.json")]
    missing = [file for file in needed if not file.is_file()]
    if missing:
        raise WeightsError(
            "space_incomplete",
            f"There is no {missing[0].relative_to(root).as_posix()} here, which a Space needs.",
            "Publish from a clone of the repository.",
        )
    # An example is one that is written down: somebody may have put a clip of themselves beside them.
    told = json.loads((examples / "examples.json").read_text(encoding="utf-8"))["clips"]
    chosen = needed + [examples / clip["file"] for clip in told]
    chosen += [embedded / name for name in hub.evidence(embedded)]
    chosen += [file for file in (root / "bpdemo").rglob("*") if file.suffix in _CODE]
    pages = [root / "README.md", *(root / "docs").glob("*.md")]
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    chosen += pages + [file for file in (root / "docs").glob("*.png") if file.name in text]
    names = {file.relative_to(root): file for file in chosen if file.is_file() and not file.is_symlink()}
    return {
        name.as_posix(): file
        for name, file in sorted(names.items())
        if not any(part.startswith((".", "__pycache__")) for part in name.parts) and file.stat().st_size <= _LARGEST
    }


def publish_space(plan: Plan, *, private: bool = False, token: str | None = None) -> str:
    """Publish weights and Space; a Space of this project that is there already becomes what is here now.

    The weights come first, so that the Space is never told of weights that are not there. It is told their commit, not
    their branch: what it runs on changes when it is published again and at no other time.

    Args:
        plan: of `plan_space`.
        private: make new repos private; what is there and public is refused then. A private Space reads private weights
            only with a secret HF_TOKEN of its own, which is for its owner to set.
        token: access token; None takes the one huggingface_hub is logged in with.

    Returns:
        URL of the Space.

    Raises:
        WeightsError: a code of `push_weights`, or `space_is_another`.
    """
    url = push_weights(plan.weights, plan.weights_repo, private=private, token=token)
    weights = f"{plan.weights_repo}@{url.rpartition('/')[2]}"
    with hub.writing(plan.space, token) as (huggingface_hub, api):
        there = {"repo_id": plan.space, "repo_type": "space"}
        api.create_repo(**there, space_sdk="gradio", private=private, exist_ok=True)
        seen = api.repo_info(**there, timeout=hub.PUSH_TIMEOUT_S)
        old = {file.rfilename for file in seen.siblings or ()}
        if private and not seen.private:
            raise hub.repo_is_public(plan.space)
        if "app.py" in old and "bpdemo/__init__.py" not in old:
            raise WeightsError(
                "space_is_another",
                f"The Space {plan.space} exists and is not one of bpdemo, so nothing was changed in it.",
                "Choose another name.",
            )
        api.add_space_variable(plan.space, WEIGHTS_VARIABLE, weights)
        additions = [huggingface_hub.CommitOperationAdd(name, str(file)) for name, file in plan.files.items()]
        # A module or an example that is no more must not be run or shown.
        gone = [name for name in old - plan.files.keys() if name.partition("/")[0] in _FOLDERS]
        deletions = [huggingface_hub.CommitOperationDelete(name) for name in sorted(gone)]
        message = f"bpdemo with weights {weights}"
        api.create_commit(**there, operations=additions + deletions, commit_message=message)
    return f"{api.endpoint}/spaces/{plan.space}"
