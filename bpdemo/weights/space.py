"""Publish the demo as a Hugging Face Space, with its weights in a repo of their own.

A Space is a repo that Hugging Face runs: it reads the front matter of README.md, installs packages.txt and
requirements.txt and starts app.py. This repository is one as it is. Only what is named here is uploaded: a checkout may
hold tokens, notes, checkpoints and clips of people, and a Space is public.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from bpdemo.errors import WeightsError
from bpdemo.weights import hub
from bpdemo.weights.hub_errors import FILE_LIMITS, weights_error
from bpdemo.weights.push import push_weights
from bpdemo.weights.store import WEIGHTS_VARIABLE, embedded_folder

_NEEDED = (
    *("README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "CITATION.cff"),
    *("app.py", "packages.txt", "pyproject.toml", "requirements.txt"),
    *(f"weights/{name}" for name in (*FILE_LIMITS, "face_landmarker.task", "face_landmarker.NOTICE.md")),
    *("examples/README.md", "examples/examples.json"),
)
_CODE = (".py", ".html", ".jinja", ".css", ".js", ".json", ".svg", ".typed")
_PICTURES = (".png", ".jpg", ".svg", ".webp")
_FOLDERS = ("bpdemo", "docs", "examples", "weights")
_LARGEST = 10 << 20  # bytes; there is nothing of that size here


@dataclass(frozen=True)
class Plan:
    """What is to be published where.

    Attributes:
        space: `owner/name` of the Space.
        root: the repository.
        files: the Space's files, relative to the root.
        weights_repo: `owner/name` of the model repo the Space takes its weights from.
        weights: the weights folder.
    """

    space: str
    root: Path
    files: tuple[str, ...]
    weights_repo: str
    weights: Path

    def __str__(self) -> str:
        """The files with their sizes in bytes, a line each."""
        weights = (*FILE_LIMITS, *hub.evidence(self.weights))
        lines = [f"Space {self.space}", *(_size_line(self.root, name) for name in self.files)]
        lines += [f"{sum((self.root / name).stat().st_size for name in self.files):>10} in all"]
        lines += [f"model {self.weights_repo}, named in the Space's variable {WEIGHTS_VARIABLE}"]
        return "\n".join(lines + [_size_line(self.weights, name) for name in weights])


def plan_space(
    space: str, weights: Path | None = None, weights_repo: str | None = None, root: Path | None = None
) -> Plan:
    """Return what would be published, without a request.

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
    for name in FILE_LIMITS:
        if not (weights / name).is_file():
            raise weights_error("weights_file_missing", name=name, place=weights)
    return Plan(space, root, space_files(root), weights_repo, weights)


def space_files(root: Path) -> tuple[str, ...]:
    """Return the files of a Space, relative to the repository at `root`: no links, nothing hidden, nothing large.

    Raises:
        WeightsError: `space_incomplete`.
    """
    missing = [name for name in _NEEDED if not (root / name).is_file()]
    if missing:
        raise WeightsError(
            "space_incomplete", f"There is no {missing[0]} here, which a Space needs.", "Publish from a clone."
        )
    # Only listed examples: somebody may have put a clip of themselves beside them.
    clips = json.loads((root / "examples" / "examples.json").read_text(encoding="utf-8"))["clips"]
    pages = [root / "README.md", *(root / "docs").rglob("*.md")]
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    chosen = {root / name for name in _NEEDED} | {root / "examples" / clip["file"] for clip in clips} | {*pages}
    chosen |= {root / "weights" / name for name in hub.evidence(root / "weights")}
    chosen |= {file for file in (root / "bpdemo").rglob("*") if file.suffix in _CODE}
    chosen |= {file for file in (root / "docs").rglob("*") if file.suffix in _PICTURES and file.name in text}
    names = [file.relative_to(root) for file in chosen if file.is_file() and not file.is_symlink()]
    return tuple(
        name.as_posix()
        for name in sorted(names)
        if not any(part.startswith((".", "__pycache__")) for part in name.parts)
        and (root / name).stat().st_size <= _LARGEST
    )


def publish_space(plan: Plan, *, private: bool = False, token: str | None = None) -> str:
    """Return the URL of the Space, published after its weights; an older Space of this project is replaced.

    The Space names the weights' commit, not their branch: what it runs on changes only when it is published again.

    Args:
        plan: of `plan_space`.
        private: make new repos private; existing public ones are then refused. A private Space reads private weights
            only with a secret HF_TOKEN that its owner sets.
        token: access token; None takes the one huggingface_hub is logged in with.

    Raises:
        WeightsError: a code of `push_weights`, or `space_is_another`.
    """
    url = push_weights(plan.weights, plan.weights_repo, private=private, token=token)
    weights = f"{plan.weights_repo}@{url.rpartition('/')[2]}"
    with hub.writing(plan.space, token) as api:
        api.create_repo(plan.space, repo_type="space", space_sdk="gradio", private=private, exist_ok=True)
        info = api.space_info(plan.space, timeout=hub.PUSH_TIMEOUT_S)
        old = {file.rfilename for file in info.siblings or ()}
        if private and not info.private:
            raise weights_error("hub_repo_is_public", repo=plan.space)
        if "app.py" in old and "bpdemo/__init__.py" not in old:
            raise WeightsError(
                "space_is_another",
                f"The Space {plan.space} exists and is not one of bpdemo, so nothing was changed in it.",
                "Choose another name.",
            )
        api.add_space_variable(plan.space, WEIGHTS_VARIABLE, weights)
        api.upload_folder(
            repo_id=plan.space,
            repo_type="space",
            folder_path=plan.root,
            allow_patterns=list(plan.files),
            # Modules and examples that have been removed here must not be run or shown.
            delete_patterns=[f"{folder}/*" for folder in _FOLDERS],
            commit_message=f"bpdemo with weights {weights}",
        )
    return f"{api.endpoint}/spaces/{plan.space}"


def _size_line(folder: Path, name: str) -> str:
    return f"{(folder / name).stat().st_size:>10} {name}"
